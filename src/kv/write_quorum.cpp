#include "kv/write_quorum.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace ouro::kv {

namespace {

bool has(const std::vector<NodeId>& nodes, NodeId node) {
  return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
}

}  // namespace

WriteQuorum::WriteQuorum(std::vector<NodeId> primaries, std::size_t required)
    : required_(required) {
  check(required >= 1 && required <= primaries.size());
  for (const NodeId primary : primaries) {
    check(find(primary) == nullptr);
    votes_.emplace_back();
    votes_.back().primary = primary;
  }
}

void WriteQuorum::acknowledge(NodeId primary) {
  if (Vote* const vote = find(primary)) vote->own = true;
}

void WriteQuorum::acknowledge_hint(NodeId primary, NodeId holder) {
  Vote* const vote = find(primary);
  if (vote == nullptr || find(holder) != nullptr || has(vote->hint_holders, holder)) return;
  vote->hint_holders.push_back(holder);
}

void WriteQuorum::refuse(NodeId primary) {
  if (Vote* const vote = find(primary)) vote->refused = true;
}

WriteState WriteQuorum::state() const {
  const std::vector<bool> has_vote = voted();
  std::size_t sure = 0;
  std::size_t possible = 0;
  for (std::size_t i = 0; i < votes_.size(); ++i) {
    sure += has_vote[i];
    possible += has_vote[i] || !votes_[i].refused;
  }
  if (sure >= required_) return WriteState::met;
  return possible >= required_ ? WriteState::waiting : WriteState::lost;
}

std::size_t WriteQuorum::acknowledged() const {
  const std::vector<bool> has_vote = voted();
  return static_cast<std::size_t>(std::count(has_vote.begin(), has_vote.end(), true));
}

std::size_t WriteQuorum::primaries_acknowledged() const {
  return static_cast<std::size_t>(
      std::count_if(votes_.begin(), votes_.end(), [](const Vote& vote) { return vote.own; }));
}

std::size_t WriteQuorum::refused() const {
  const std::vector<bool> has_vote = voted();
  std::size_t sum = 0;
  for (std::size_t i = 0; i < votes_.size(); ++i) sum += votes_[i].refused && !has_vote[i];
  return sum;
}

WriteQuorum::Vote* WriteQuorum::find(NodeId primary) {
  const auto at = std::find_if(votes_.begin(), votes_.end(),
                               [primary](const Vote& vote) { return vote.primary == primary; });
  return at == votes_.end() ? nullptr : &*at;
}

/// Gives each holder of hints to the first primary that needs one. Where hints overlap in unusual
/// ways that may count a vote too few, never one too many; and no answer ever lowers the count,
/// since one more hint displaces at most one other.
std::vector<bool> WriteQuorum::voted() const {
  std::vector<bool> result;
  std::vector<NodeId> used;
  for (const Vote& vote : votes_) {
    bool has_vote = vote.own;
    for (const NodeId holder : vote.hint_holders) {
      if (has_vote) break;
      if (has(used, holder)) continue;
      used.push_back(holder);
      has_vote = true;
    }
    result.push_back(has_vote);
  }
  return result;
}

void JointQuorum::acknowledge(NodeId node) {
  first_.acknowledge(node);
  if (second_) second_->acknowledge(node);
}

void JointQuorum::refuse(NodeId node) {
  first_.refuse(node);
  if (second_) second_->refuse(node);
}

WriteState JointQuorum::state() const {
  const WriteState first = first_.state();
  const WriteState second = second_ ? second_->state() : WriteState::met;
  if (first == WriteState::lost || second == WriteState::lost) return WriteState::lost;
  return first == WriteState::met ? second : first;
}

const WriteQuorum& JointQuorum::critical() const {
  const auto missing = [](const WriteQuorum& quorum) {
    return quorum.required() - std::min(quorum.required(), quorum.acknowledged());
  };
  return second_ && missing(*second_) > missing(first_) ? *second_ : first_;
}

}  // namespace ouro::kv
