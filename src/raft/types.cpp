#include "raft/types.hpp"

#include <algorithm>

namespace ouro::raft {
namespace {

bool contains(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

bool Configuration::is_voter(NodeId node) const {
  return contains(voters, node) || contains(outgoing, node);
}

bool Configuration::is_member(NodeId node) const {
  return is_voter(node) || contains(learners, node);
}

std::vector<NodeId> Configuration::members() const {
  std::vector<NodeId> all = voters;
  all.insert(all.end(), outgoing.begin(), outgoing.end());
  all.insert(all.end(), learners.begin(), learners.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

Status check_members(const Members& members) {
  std::vector<NodeId> all = members.voters;
  all.insert(all.end(), members.learners.begin(), members.learners.end());
  if (members.voters.empty())
    return Error{ErrorCode::invalid_argument, "a Raft group needs at least one voter"};
  if (all.size() > members_max)
    return Error{ErrorCode::invalid_argument,
                 "a Raft group has at most " + std::to_string(members_max) + " members"};
  const auto ascends = [](const std::vector<NodeId>& nodes) {
    return std::is_sorted(nodes.begin(), nodes.end());
  };
  if (!ascends(members.voters) || !ascends(members.learners))
    return Error{ErrorCode::invalid_argument,
                 "list the members of a Raft group in ascending order"};
  std::sort(all.begin(), all.end());
  if (all.front() == no_node) return Error{ErrorCode::invalid_argument, "0 is no node's id"};
  if (std::adjacent_find(all.begin(), all.end()) != all.end())
    return Error{ErrorCode::invalid_argument, "a member of a Raft group is listed twice"};
  return {};
}

}  // namespace ouro::raft
