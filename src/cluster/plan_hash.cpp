#include "cluster/plan_hash.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"

#include <charconv>

namespace ouro::cluster {
namespace {

constexpr std::uint64_t hash_seed = 0x6f75726f706c616e;  // "ouroplan"

void put_owners(std::string& out, const std::vector<NodeId>& owners) {
  put_varint(out, owners.size());
  for (const NodeId owner : owners) put_varint(out, to_integer(owner));
}

void put_seat(std::string& out, const Seat& seat) {
  put_sized(out, seat.zone);
  put_varint(out, seat.weight);
}

}  // namespace

std::uint64_t plan_hash(const State& state, const std::vector<NodeId>& target) {
  std::string bytes;
  put_fixed(bytes, state.cluster);
  put_owners(bytes, state.table.owners);
  put_varint(bytes, state.table.seats.size());
  for (const auto& [node, seat] : state.table.seats) {
    put_varint(bytes, to_integer(node));
    put_seat(bytes, seat);
  }
  put_varint(bytes, state.staged_at);
  put_varint(bytes, state.staged.size());
  for (const auto& [node, action] : state.staged) {
    put_varint(bytes, to_integer(node));
    put_varint(bytes, static_cast<std::uint64_t>(action.kind));
    put_varint(bytes, to_integer(action.replaces));
    put_seat(bytes, action.seat);
  }
  for (const auto& [node, member] : state.members)
    if (member.lost) put_varint(bytes, to_integer(node));
  put_varint(bytes, 0);  // no node has this id
  for (const unsigned n : replica_counts(state)) put_varint(bytes, n);
  put_varint(bytes, 0);
  put_owners(bytes, target);
  return hash64(bytes, hash_seed);
}

std::string plan_hash_text(std::uint64_t hash) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(16, '0');
  for (std::size_t i = 16; i-- > 0; hash >>= 4) text[i] = digits[hash & 15];
  return text;
}

std::optional<std::uint64_t> parse_plan_hash(std::string_view text) {
  std::uint64_t hash = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), hash, 16);
  if (text.size() != 16 || error != std::errc() || end != text.data() + text.size())
    return std::nullopt;
  return hash;
}

}  // namespace ouro::cluster
