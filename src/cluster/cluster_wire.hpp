// What nodes ask each other about the cluster's metadata, as bytes.
//
// Formats: docs/formats.md, "Cluster messages".
#pragma once

#include "cluster/apply.hpp"
#include "cluster/commands.hpp"
#include "runtime/message.hpp"
#include "runtime/peers.hpp"

#include <cstdint>
#include <vector>

namespace ouro::cluster {

/// Message::kind. For ever.
enum class MessageKind : std::uint16_t {
  join = 140,  ///< Of a stranger: a Join command. Answered by a welcome.
  welcome = 141,
  propose = 142,  ///< To the leader: a command to carry through. Answered by an outcome.
  outcome = 143,
  refused = 144,  ///< The request was not understood; meta is empty.
  reach = 145,    ///< "Answer once you have applied this epoch." Answered by what is applied then.
  reached = 146,
  roster = 147,  ///< "Who are the members, and where?" Also of strangers. Answered by a welcome.
  who = 149,     ///< "Which run of which node are you?" Also of strangers.
  me = 150,
  relay = 151,  ///< As propose, to any member: the asker does not hear the leader.
};
constexpr std::uint16_t message_kind_min = 140;
constexpr std::uint16_t message_kind_max = 179;

/// What a new node needs to know.
struct Welcome {
  std::uint64_t cluster = 0;
  std::uint64_t hash_seed = 0;
  NodeId node{};                     ///< Its own id from now on; of a roster 0.
  std::vector<PeerAddress> members;  ///< Whom it may talk to.
  NodeId next_node{};                ///< Ids below it were given to somebody.
  std::vector<NodeId> begun;         ///< Those of them that have run before, ascending.
};

/// What a process says it is.
struct ProcessName {
  NodeId node{};
  std::uint64_t run = 0;
  bool operator==(const ProcessName&) const = default;
};

/// Is `node` known to have been a member and to be none any more?
bool was_removed(const Welcome& roster, NodeId node);

Message encode_request(MessageKind kind, const Command& command);
Message encode_outcome(const Result<Applied>& outcome);
Message encode_welcome(const Result<Welcome>& welcome);
Message refused_message();
Message encode_roster_request();
Message encode_who();
Message encode_me(const ProcessName& name);
Message encode_epoch(MessageKind kind, Epoch epoch);

/// Errors: corruption, unsupported; of answers also the error that the other node answered.
Result<Command> decode_request(const Message& message);
Result<Applied> decode_outcome(const Message& message);
Result<Welcome> decode_welcome(const Message& message);
Result<ProcessName> decode_me(const Message& message);
Result<Epoch> decode_epoch(MessageKind kind, const Message& message);

}  // namespace ouro::cluster
