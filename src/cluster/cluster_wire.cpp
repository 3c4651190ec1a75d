#include "cluster/cluster_wire.hpp"

#include "base/coding.hpp"
#include "cluster/command_codec.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ouro::cluster {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::size_t members_max = StateLimits::members;

Message message_of(MessageKind kind, std::string meta) {
  Message message;
  message.kind = static_cast<std::uint16_t>(kind);
  message.meta = std::move(meta);
  return message;
}

bool is(const Message& message, MessageKind kind) {
  return message.kind == static_cast<std::uint16_t>(kind);
}

Error damaged() {
  return {ErrorCode::corruption, "a node's answer about the cluster cannot be read"};
}

// An answer begins with the format and the code of an error, 0 if there is none.
template <class T>
std::string answer_start(const Result<T>& answer) {
  std::string meta;
  put_fixed(meta, format);
  put_fixed(meta, answer ? std::uint8_t{0} : static_cast<std::uint8_t>(answer.error().code));
  if (!answer) put_sized(meta, answer.error().message);
  return meta;
}

Status read_start(Reader& reader) {
  if (reader.fixed<std::uint8_t>() != format)
    return reader.ok() ? Error{ErrorCode::unsupported, "a node answered in a newer format"}
                       : damaged();
  const auto code = reader.fixed<std::uint8_t>();
  if (!reader.ok()) return damaged();
  if (code == 0) return {};
  const std::string_view text = reader.sized();
  if (!reader.finished()) return damaged();
  const auto known = static_cast<ErrorCode>(code);
  return Error{name(known) == "unknown" ? ErrorCode::closed : known, std::string(text)};
}

}  // namespace

bool was_removed(const Welcome& roster, NodeId node) {
  return node < roster.next_node &&
         std::ranges::find(roster.members, node, &PeerAddress::node) == roster.members.end();
}

Message encode_request(MessageKind kind, const Command& command) {
  return message_of(kind, encode_command(command));
}

Message refused_message() { return message_of(MessageKind::refused, {}); }

Message encode_outcome(const Result<Applied>& outcome) {
  std::string meta = answer_start(outcome);
  if (outcome) {
    put_fixed(meta, outcome->epoch);
    put_fixed(meta, static_cast<std::uint8_t>(outcome->changed));
    put_fixed(meta, to_integer(outcome->node));
    put_fixed(meta, static_cast<std::uint8_t>(outcome->change_ended));
    put_sized(meta, outcome->what);
  }
  return message_of(MessageKind::outcome, std::move(meta));
}

Message encode_welcome(const Result<Welcome>& welcome) {
  std::string meta = answer_start(welcome);
  if (welcome) {
    put_fixed(meta, welcome->cluster);
    put_fixed(meta, welcome->hash_seed);
    put_fixed(meta, to_integer(welcome->node));
    put_varint(meta, welcome->members.size());
    for (const PeerAddress& member : welcome->members) {
      put_fixed(meta, to_integer(member.node));
      put_sized(meta, member.host);
      put_fixed(meta, member.port);
    }
    put_fixed(meta, to_integer(welcome->next_node));
    put_varint(meta, welcome->begun.size());
    for (const NodeId node : welcome->begun) put_fixed(meta, to_integer(node));
  }
  return message_of(MessageKind::welcome, std::move(meta));
}

Result<Command> decode_request(const Message& message) { return decode_command(message.meta); }

Result<Applied> decode_outcome(const Message& message) {
  if (!is(message, MessageKind::outcome)) return damaged();
  Reader reader(message.meta);
  if (const Status start = read_start(reader); !start) return start.error();
  Applied applied;
  applied.epoch = reader.fixed<Epoch>();
  applied.changed = reader.fixed<std::uint8_t>() != 0;
  applied.node = NodeId(reader.fixed<std::uint32_t>());
  applied.change_ended = reader.fixed<std::uint8_t>() != 0;
  applied.what = reader.sized();
  if (!reader.finished()) return damaged();
  return applied;
}

Result<Welcome> decode_welcome(const Message& message) {
  if (!is(message, MessageKind::welcome)) return damaged();
  Reader reader(message.meta);
  if (const Status start = read_start(reader); !start) return start.error();
  Welcome welcome;
  welcome.cluster = reader.fixed<std::uint64_t>();
  welcome.hash_seed = reader.fixed<std::uint64_t>();
  welcome.node = NodeId(reader.fixed<std::uint32_t>());
  const std::uint64_t count = reader.varint_up_to(members_max);
  for (std::uint64_t i = 0; reader.ok() && i < count; ++i) {
    PeerAddress member;
    member.node = NodeId(reader.fixed<std::uint32_t>());
    member.host = reader.sized();
    member.port = reader.fixed<std::uint16_t>();
    welcome.members.push_back(std::move(member));
  }
  welcome.next_node = NodeId(reader.fixed<std::uint32_t>());
  const std::uint64_t begun = reader.varint_up_to(members_max);
  for (std::uint64_t i = 0; reader.ok() && i < begun; ++i)
    welcome.begun.push_back(NodeId(reader.fixed<std::uint32_t>()));
  if (!reader.finished()) return damaged();
  return welcome;
}

Message encode_roster_request() { return message_of(MessageKind::roster, {}); }

Message encode_who() { return message_of(MessageKind::who, {}); }

Message encode_me(const ProcessName& process) {
  std::string meta;
  put_fixed(meta, format);
  put_fixed(meta, to_integer(process.node));
  put_fixed(meta, process.run);
  return message_of(MessageKind::me, std::move(meta));
}

Result<ProcessName> decode_me(const Message& message) {
  Reader reader(message.meta);
  const auto version = reader.fixed<std::uint8_t>();
  ProcessName process;
  process.node = NodeId(reader.fixed<std::uint32_t>());
  process.run = reader.fixed<std::uint64_t>();
  if (!is(message, MessageKind::me) || version != format || !reader.finished()) return damaged();
  return process;
}

Message encode_epoch(MessageKind kind, Epoch epoch) {
  std::string meta;
  put_fixed(meta, format);
  put_fixed(meta, epoch);
  return message_of(kind, std::move(meta));
}

Result<Epoch> decode_epoch(MessageKind kind, const Message& message) {
  Reader reader(message.meta);
  const auto version = reader.fixed<std::uint8_t>();
  const auto epoch = reader.fixed<Epoch>();
  if (!is(message, kind) || version != format || !reader.finished()) return damaged();
  return epoch;
}

}  // namespace ouro::cluster
