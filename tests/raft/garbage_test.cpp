// Packets that no sound member sends must not break what a node holds.
#include "raft/format.hpp"
#include "tests/raft/cores.hpp"

namespace ouro::raft {
namespace {

Packet garbage(Random& random) {
  Packet made = packet(static_cast<PacketKind>(100 + random.below(12)),
                       2 + static_cast<unsigned>(random.below(3)), random.below(12));
  made.index = random.below(14);
  made.index_term = random.below(12);
  made.commit = random.below(14);
  made.hint = random.below(14);
  made.round = random.below(4);
  made.granted = random.one_in(2);
  made.transfer = random.one_in(4);
  for (std::uint64_t i = random.below(4); i > 0; --i) {
    Entry entry{made.index + made.entries.size() + 1, random.below(12), EntryKind::command,
                SharedBytes(std::string("x"))};
    if (random.one_in(5)) {
      entry.kind = EntryKind::configuration;
      entry.data = SharedBytes(encode_configuration({{id(1), id(2)}, {}, {id(3)}}));
    }
    made.entries.push_back(std::move(entry));
  }
  made.snapshot = {1 + random.below(14), 1 + random.below(12), {{id(1), id(2)}, {}, {}}, {}};
  return made;
}

TEST_CASE("no packet, however wrong, takes back a term, a vote or a commit") {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    CAPTURE(seed);
    SeededRandom random(seed);
    CoreOptions options;
    options.self = id(1);
    Core core(options, random, stored({{id(1), id(2), id(3)}, {}}, {1, 1, 2}, 2));
    HardState before = core.hard();
    for (int i = 0; i < 200 && core.problem().empty(); ++i) {
      if (random.one_in(4)) core.tick();
      if (random.one_in(6)) static_cast<void>(core.propose(SharedBytes(std::string("y"))));
      core.step(garbage(random));
      if (random.one_in(2)) settle(core);
      core.take_committed(SIZE_MAX);
      const HardState& now = core.hard();
      REQUIRE(now.term >= before.term);
      REQUIRE(now.commit >= before.commit);
      REQUIRE(now.commit <= core.log().last());
      if (now.term == before.term && before.vote != no_node) REQUIRE(now.vote == before.vote);
      before = now;
    }
  }
}

}  // namespace
}  // namespace ouro::raft
