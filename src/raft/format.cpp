#include "raft/format.hpp"

#include "base/coding.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace ouro::raft {
namespace {

constexpr std::uint8_t format_version = 1;
constexpr std::uint64_t node_max = 0xffffffffu;

Error damaged(const std::string& what) {
  return Error{ErrorCode::corruption,
               what + " in the Raft table is damaged: replace this node, the others have the log"};
}

Error too_new(const std::string& what, unsigned version) {
  return Error{ErrorCode::unsupported, what + " in the Raft table has version " +
                                           std::to_string(version) +
                                           ": start a build that knows it"};
}

Status check_version(Reader& reader, const std::string& what) {
  const auto version = reader.fixed<std::uint8_t>();
  if (!reader.ok() || version == 0) return damaged(what);
  if (version > format_version) return too_new(what, version);
  return {};
}

void put_nodes(std::string& out, const std::vector<NodeId>& nodes) {
  put_varint(out, nodes.size());
  for (const NodeId node : nodes) put_varint(out, to_integer(node));
}

bool read_nodes(Reader& reader, std::vector<NodeId>& nodes) {
  const std::uint64_t count = reader.varint_up_to(members_max);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    const NodeId node{static_cast<std::uint32_t>(reader.varint_up_to(node_max))};
    if (node == no_node || (!nodes.empty() && node <= nodes.back())) return false;
    nodes.push_back(node);
  }
  return reader.ok();
}

bool is_kind(std::uint8_t kind) {
  return kind >= static_cast<std::uint8_t>(EntryKind::command) &&
         kind <= static_cast<std::uint8_t>(EntryKind::configuration);
}

}  // namespace

std::string entry_key(Index index) {
  std::string key(entry_prefix);
  put_big64(key, index);
  return key;
}

std::optional<Index> entry_index(std::string_view key) {
  if (!key.starts_with(entry_prefix)) return std::nullopt;
  Reader reader(key.substr(entry_prefix.size()));
  const Index index = reader.big64();
  if (!reader.finished()) return std::nullopt;
  return index;
}

std::string encode_configuration(const Configuration& configuration) {
  std::string out(1, static_cast<char>(format_version));
  put_nodes(out, configuration.voters);
  put_nodes(out, configuration.outgoing);
  put_nodes(out, configuration.learners);
  return out;
}

std::optional<Configuration> decode_configuration(std::string_view bytes) {
  Reader reader(bytes);
  Configuration configuration;
  if (reader.fixed<std::uint8_t>() != format_version) return std::nullopt;
  const bool read = read_nodes(reader, configuration.voters) &&
                    read_nodes(reader, configuration.outgoing) &&
                    read_nodes(reader, configuration.learners);
  if (!read || !reader.finished()) return std::nullopt;
  return configuration;
}

std::string encode_hard_state(const HardState& state) {
  std::string out(1, static_cast<char>(format_version));
  put_fixed(out, state.group);
  put_varint(out, state.term);
  put_varint(out, to_integer(state.vote));
  put_varint(out, state.commit);
  return out;
}

Result<HardState> decode_hard_state(std::string_view bytes) {
  Reader reader(bytes);
  if (const Status known = check_version(reader, "the hard state"); !known) return known.error();
  HardState state;
  state.group = reader.fixed<std::uint64_t>();
  state.term = reader.varint_up_to(number_max);
  state.vote = NodeId{static_cast<std::uint32_t>(reader.varint_up_to(node_max))};
  state.commit = reader.varint_up_to(number_max);
  if (!reader.finished()) return damaged("the hard state");
  return state;
}

std::string encode_entry(const Entry& entry) {
  std::string out(1, static_cast<char>(format_version));
  put_varint(out, entry.term);
  out.push_back(static_cast<char>(entry.kind));
  out.append(entry.data.view());
  return out;
}

Result<Entry> decode_entry(Index index, SharedBytes bytes) {
  const std::string what = "entry " + std::to_string(index);
  Reader reader(bytes.view());
  if (const Status known = check_version(reader, what); !known) return known.error();
  Entry entry;
  entry.index = index;
  entry.term = reader.varint_up_to(number_max);
  const auto kind = reader.fixed<std::uint8_t>();
  if (!reader.ok() || !is_kind(kind) || entry.term == 0) return damaged(what);
  entry.kind = static_cast<EntryKind>(kind);
  entry.data = SharedBytes(std::string(reader.rest()));  // the value would pin a whole block
  if (entry.kind == EntryKind::configuration && !decode_configuration(entry.data))
    return damaged(what);
  return entry;
}

std::string encode_snapshot(const Snapshot& snapshot) {
  std::string out(1, static_cast<char>(format_version));
  put_varint(out, snapshot.index);
  put_varint(out, snapshot.term);
  put_sized(out, encode_configuration(snapshot.configuration));
  out.append(snapshot.state.view());
  return out;
}

Result<Snapshot> decode_snapshot(SharedBytes bytes) {
  Reader reader(bytes.view());
  if (const Status known = check_version(reader, "the snapshot"); !known) return known.error();
  Snapshot snapshot;
  snapshot.index = reader.varint_up_to(number_max);
  snapshot.term = reader.varint_up_to(number_max);
  const auto configuration = decode_configuration(reader.sized());
  if (!reader.ok() || !configuration || snapshot.index == 0 || snapshot.term == 0)
    return damaged("the snapshot");
  snapshot.configuration = *configuration;
  snapshot.state = SharedBytes(std::string(reader.rest()));
  return snapshot;
}

}  // namespace ouro::raft
