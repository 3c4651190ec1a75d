// Who may talk to whom: what the Hellos of two nodes decide.
//
// Pure; shared by the real transport and the simulated one. The bytes are those of
// runtime/frame.hpp.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "runtime/frame.hpp"
#include "runtime/peers.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <utility>

namespace ouro {

/// What a node says of itself. Without an identity (cluster and node 0) it is a stranger's.
Hello hello_of(const PeerIdentity& own, PeerLane lane);
bool is_stranger(const Hello& hello);

/// What a node answers to somebody who is well-behaved but whom it does not let in: its own Hello
/// without its node id, so that the other side takes it for a refusal and not for a lost
/// connection.
Hello refusal(const PeerIdentity& own, PeerLane lane);

/// On the accepting side, about the Hello of whoever connected. A stranger is fine.
Status check_caller(const PeerIdentity& own, const Hello& caller);

/// On the dialling side, about the answer. `own` without an identity asks as a stranger: then
/// `expected` is not looked at, any node's answer will do. Error busy or denied for a refusal.
Status check_answer(const PeerIdentity& own, const Hello& answer, NodeId expected, PeerLane lane);

/// Whom an accepting side lets in, of those whose Hello was right.
class Admission {
 public:
  /// From now on only these (and strangers); before the first call everybody.
  void set_members(std::set<NodeId> members) { members_ = std::move(members); }

  /// Whether what `node` opened before is still welcome. Strangers (NodeId{0}) always are.
  bool welcome(NodeId node) const;

  /// Whether to let in, with `strangers` of them there already. Errors: denied, busy.
  Status check(const Hello& caller, std::size_t strangers) const;

 private:
  std::optional<std::set<NodeId>> members_;
};

/// Whether a stranger may ask this.
bool stranger_may_ask(const Message& request);

}  // namespace ouro
