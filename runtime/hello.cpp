#include "runtime/hello.hpp"

#include <string>
#include <utility>

namespace ouro {
namespace {

std::string number(NodeId id) { return std::to_string(to_integer(id)); }

}  // namespace

Hello hello_of(const PeerIdentity& own, PeerLane lane) {
  Hello hello;
  hello.cluster = own.cluster;
  hello.node = own.node;
  hello.boot = own.boot;
  hello.lane = lane;
  return hello;
}

bool is_stranger(const Hello& hello) { return hello.cluster == 0 && hello.node == NodeId{0}; }

Hello refusal(const PeerIdentity& own, PeerLane lane) {
  Hello hello = hello_of(own, lane);
  hello.node = NodeId{0};
  return hello;
}

Status check_caller(const PeerIdentity& own, const Hello& caller) {
  if (is_stranger(caller)) return {};
  if (caller.cluster != own.cluster)
    return Error{ErrorCode::denied, "node " + number(caller.node) + " belongs to cluster " +
                                        std::to_string(caller.cluster) + ", this node to cluster " +
                                        std::to_string(own.cluster)};
  if (caller.node == own.node || caller.node == NodeId{0})
    return Error{ErrorCode::denied, "a peer calls itself node " + number(caller.node) +
                                        ", which is this node's name or nobody's"};
  return {};
}

Status check_answer(const PeerIdentity& own, const Hello& answer, NodeId expected, PeerLane lane) {
  const bool stranger = own.cluster == 0 && own.node == NodeId{0};
  if (!stranger && answer.cluster != own.cluster)
    return Error{ErrorCode::denied, "node " + number(answer.node) + " belongs to cluster " +
                                        std::to_string(answer.cluster) + ", this node to cluster " +
                                        std::to_string(own.cluster)};
  if (answer.node == NodeId{0} && stranger)
    return Error{ErrorCode::busy, "the node has too many strangers to listen to: try again later"};
  if (answer.node == NodeId{0})
    return Error{ErrorCode::denied,
                 "the peer does not let this node in: it does not know it as a member"};
  if (!stranger && answer.node != expected)
    return Error{ErrorCode::denied, "node " + number(answer.node) + " answers where node " +
                                        number(expected) +
                                        " was expected: correct the address of either"};
  if (answer.lane != lane)
    return Error{ErrorCode::corruption, "the peer answered for another lane"};
  return {};
}

bool Admission::welcome(NodeId node) const {
  return !members_ || node == NodeId{0} || members_->contains(node);
}

Status Admission::check(const Hello& caller, std::size_t strangers) const {
  if (!welcome(caller.node))
    return Error{ErrorCode::denied, "node " + number(caller.node) + " is not a member"};
  if (!is_stranger(caller)) return {};
  if (caller.lane != PeerLane::control)
    return Error{ErrorCode::denied, "a stranger may ask on the control lane only"};
  if (strangers >= stranger_connections_max)
    return Error{ErrorCode::busy, "too many strangers are connected"};
  return {};
}

bool stranger_may_ask(const Message& request) {
  return request.meta.size() <= stranger_meta_max && request.attachment_size() == 0;
}

}  // namespace ouro
