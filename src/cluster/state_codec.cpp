#include "cluster/state_codec.hpp"

#include "base/hash.hpp"
#include "cluster/shared_fields.hpp"
#include "cluster/state_check.hpp"

#include <limits>
#include <utility>

namespace ouro::cluster {
namespace {

constexpr std::uint8_t format = 1;
constexpr std::uint64_t hash_seed = 0x6f75726f6d657461;  // "ourometa"
constexpr std::size_t unbounded = std::numeric_limits<std::size_t>::max();

template <class Io, class Value>
void member_fields(Io& io, Value& member) {
  io.fixed64(member.instance);
  io.fixed64(member.run);
  io.number(member.boot);
  io.text(member.name, StateLimits::name_bytes);
  io.text(member.host, StateLimits::host_bytes);
  io.number(member.http_port);
  io.number(member.peer_port);
  features_fields(io, member.features);
  io.number(member.registered);
  io.number(member.lost, 1);
}

template <class Io, class Value>
void removed_fields(Io& io, Value& removed) {
  io.text(removed.name, StateLimits::name_bytes);
  io.fixed64(removed.instance);
  io.number(removed.removed);
}

template <class Io, class Value>
void table_fields(Io& io, Value& table) {
  owners_fields(io, table.owners);
  io.map(
      table.seats, unbounded, [&io](auto& node) { io.number(node); },
      [&io](auto& seat) { seat_fields(io, seat); });
}

template <class Io, class Value>
void actions_fields(Io& io, Value& actions) {
  const auto fields = [&io](auto& action) {
    io.number(action.kind, static_cast<std::uint64_t>(ActionKind::adjust));
    io.number(action.replaces);
    seat_fields(io, action.seat);
    origin_fields(io, action.origin);
  };
  io.map(
      actions, unbounded, [&io](auto& node) { io.number(node); }, fields);
}

template <class Io, class Value>
void move_fields(Io& io, Value& move) {
  io.number(move.phase, static_cast<std::uint64_t>(ArcPhase::after));
  io.number(move.session);
  io.map(
      move.covered, unbounded, [&io](auto& node) { io.number(node); },
      [&io](auto& hash) { io.fixed64(hash); });
}

template <class Io, class Value>
void change_fields(Io& io, Value& change) {
  io.number(change.id);
  io.number(change.began);
  io.fixed64(change.plan);
  io.number(change.aborting, 1);
  table_fields(io, change.target);
  actions_fields(io, change.actions);
  io.sequence(change.arcs, ring::arc_count_max, [&io](auto& move) { move_fields(io, move); });
  origin_fields(io, change.origin);
}

template <class Io, class Value>
void bucket_fields(Io& io, Value& bucket) {
  properties_fields(io, bucket.properties);
  io.number(bucket.dropped, 1);
}

template <class Io, class Value>
void audit_fields(Io& io, Value& entry) {
  io.number(entry.epoch);
  io.text(entry.what, StateLimits::what_bytes);
  origin_fields(io, entry.origin);
}

template <class Io, class Value>
void state_fields(Io& io, Value& state) {
  const auto node = [&io](auto& id) { io.number(id); };
  io.fixed64(state.cluster);
  io.fixed64(state.hash_seed);
  io.number(state.epoch);
  io.number(state.next_node);
  io.map(state.members, unbounded, node, [&io](auto& member) { member_fields(io, member); });
  io.map(state.removed, unbounded, node, [&io](auto& removed) { removed_fields(io, removed); });
  table_fields(io, state.table);
  io.sequence(state.changed_at, ring::arc_count_max, [&io](auto& epoch) { io.number(epoch); });
  actions_fields(io, state.staged);
  io.number(state.staged_at);
  io.optional(state.change, [&io](auto& change) { change_fields(io, change); });
  properties_fields(io, state.defaults);
  io.map(
      state.buckets, StateLimits::bucket_names,
      [&io](auto& name) { io.text(name, StateLimits::bucket_name_bytes); },
      [&io](auto& bucket) { bucket_fields(io, bucket); });
  io.number(state.next_generation);
  io.number(state.feature_level);
  io.sequence(state.audit, StateLimits::audit, [&io](auto& entry) { audit_fields(io, entry); });
}

Error damaged(const std::string& why) {
  return {ErrorCode::corruption,
          "the snapshot of the metadata is damaged (" + why + "): fetch it from another node"};
}

}  // namespace

std::string encode_state(const State& state) {
  std::string bytes;
  put_fixed(bytes, format);
  FieldWriter writer(bytes);
  state_fields(writer, state);
  put_fixed(bytes, hash64(bytes, hash_seed));
  return bytes;
}

Result<State> decode_state(std::string_view bytes) {
  constexpr std::size_t sum = sizeof(std::uint64_t);
  if (bytes.size() < 1 + sum) return damaged("it is too short");
  const std::string_view body = bytes.substr(0, bytes.size() - sum);
  if (hash64(body, hash_seed) != load_fixed<std::uint64_t>(bytes.data() + body.size()))
    return damaged("its checksum does not fit");
  const auto version = load_fixed<std::uint8_t>(body.data());
  if (version != format)
    return Error{ErrorCode::unsupported, "the snapshot of the metadata has format " +
                                             std::to_string(version) + ": start a newer ouro"};
  State state;
  FieldReader reader(body.substr(1));
  state_fields(reader, state);
  if (!reader.finished()) return damaged("its fields do not fit");
  if (const std::vector<std::string> found = problems(state); !found.empty())
    return damaged(found.front());
  if (encode_state(state) != bytes) return damaged("it is not in the one form");
  return state;
}

}  // namespace ouro::cluster
