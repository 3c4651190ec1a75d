// What is written comes back, and what is damaged is noticed: formats of disk and wire.
#include "raft/format.hpp"
#include "base/random.hpp"
#include "raft/wire.hpp"
#include "tests/support/catch.hpp"

#include <utility>

namespace ouro::raft {
namespace {

SharedBytes bytes(std::string text) { return SharedBytes(std::move(text)); }
NodeId id(unsigned number) { return NodeId{number}; }
const Configuration members{{id(1), id(300)}, {id(2)}, {id(5), id(70000)}};

TEST_CASE("the hard state comes back") {
  const HardState state{0x1122334455667788, 1000, id(4), 999};
  const auto back = decode_hard_state(encode_hard_state(state));
  REQUIRE(back);
  CHECK(*back == state);
}

TEST_CASE("entries and snapshots come back") {
  const Entry entry{12, 3, EntryKind::command, bytes("x")};
  const auto back = decode_entry(12, bytes(encode_entry(entry)));
  REQUIRE(back);
  CHECK(back->index == 12);
  CHECK(back->term == 3);
  CHECK(back->data.view() == "x");

  const Snapshot snapshot{7, 2, members, bytes("state")};
  const auto again = decode_snapshot(bytes(encode_snapshot(snapshot)));
  REQUIRE(again);
  CHECK(again->index == 7);
  CHECK(again->term == 2);
  CHECK(again->configuration == members);
  CHECK(again->state.view() == "state");
}

TEST_CASE("entries sort as their indexes do") {
  CHECK(entry_key(255) < entry_key(256));
  CHECK(entry_index(entry_key(77)) == Index{77});
  CHECK(!entry_index("e123"));
  CHECK(!entry_index("h"));
}

TEST_CASE("a newer version is told from damage") {
  std::string newer = encode_hard_state({1, 1, no_node, 1});
  newer[0] = 2;
  CHECK(decode_hard_state(newer).error().code == ErrorCode::unsupported);
  CHECK(decode_hard_state("").error().code == ErrorCode::corruption);
  CHECK(decode_entry(1, bytes(std::string("\1\0\1", 3))).error().code == ErrorCode::corruption);
  CHECK(decode_snapshot(bytes(std::string("\1\1"))).error().code == ErrorCode::corruption);
}

TEST_CASE("a configuration has one form: ascending, no node twice or zero") {
  CHECK(decode_configuration(encode_configuration(members)) == members);
  CHECK(!decode_configuration(encode_configuration({{id(2), id(1)}, {}, {}})));
  CHECK(!decode_configuration(encode_configuration({{id(1), id(1)}, {}, {}})));
  CHECK(!decode_configuration(encode_configuration({{no_node}, {}, {}})));
  CHECK(!decode_configuration(encode_configuration(members) + "x"));
}

Packet sample(PacketKind kind) {
  Packet packet;
  packet.kind = kind;
  packet.group = 0xfeedbeefcafe;
  packet.term = 300;
  packet.index = 70000;
  packet.index_term = 299;
  packet.commit = 69999;
  packet.hint = 1;
  packet.round = ~std::uint64_t{0};
  packet.granted = true;
  packet.transfer = true;
  if (kind == PacketKind::append) {
    packet.entries.push_back({70001, 299, EntryKind::empty, {}});
    packet.entries.push_back({70002, 300, EntryKind::command, bytes("abc")});
    packet.entries.push_back(
        {70003, 300, EntryKind::configuration, bytes(encode_configuration(members))});
  }
  if (kind == PacketKind::install_snapshot) packet.snapshot = {70000, 299, members, bytes("state")};
  return packet;
}

TEST_CASE("every kind of packet comes back") {
  for (int kind = 100; kind <= 111; ++kind) {
    CAPTURE(kind);
    const Packet packet = sample(static_cast<PacketKind>(kind));
    const Message message = encode_packet(packet);
    CHECK(message.kind == kind);
    const auto back = decode_packet(id(4), id(5), message);
    REQUIRE(back);
    CHECK(back->from == id(4));
    CHECK(back->to == id(5));
    CHECK(back->group == packet.group);
    CHECK(back->term == packet.term);
    CHECK(back->index == packet.index);
    CHECK(back->index_term == packet.index_term);
    CHECK(back->commit == packet.commit);
    CHECK(back->hint == packet.hint);
    CHECK(back->round == packet.round);
    CHECK(back->granted);
    CHECK(back->transfer);
    REQUIRE(back->entries.size() == packet.entries.size());
    for (std::size_t i = 0; i < packet.entries.size(); ++i) {
      CHECK(back->entries[i].index == packet.entries[i].index);
      CHECK(back->entries[i].term == packet.entries[i].term);
      CHECK(back->entries[i].kind == packet.entries[i].kind);
      CHECK(back->entries[i].data.view() == packet.entries[i].data.view());
    }
    CHECK(back->snapshot.state.view() == packet.snapshot.state.view());
    CHECK(back->snapshot.configuration == packet.snapshot.configuration);
  }
}

TEST_CASE("whatever bytes arrive, decoding ends and reads nothing beyond them") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    Message message =
        encode_packet(sample(random.one_in(2) ? PacketKind::append : PacketKind::install_snapshot));
    const std::size_t at = random.below(message.meta.size());
    if (random.one_in(2)) {
      message.meta.resize(at);
      CHECK(!decode_packet(id(1), id(2), message));
    } else {
      message.meta[at] = static_cast<char>(random.next());
      static_cast<void>(decode_packet(id(1), id(2), message));
    }
  }
  Message other;
  other.kind = 42;
  CHECK(!decode_packet(id(1), id(2), other));
}

}  // namespace
}  // namespace ouro::raft
