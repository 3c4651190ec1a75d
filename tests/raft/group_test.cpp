// What a group promises to those who use it, on simulated machines.
#include "base/coding.hpp"
#include "raft/recovery.hpp"
#include "raft/wire.hpp"
#include "tests/raft/sim_groups.hpp"
#include "tests/support/catch.hpp"

namespace ouro::raft {
namespace {

using namespace std::chrono_literals;

const NodeId n1{1}, n2{2}, n3{3}, n4{4};

bool all_equal(SimGroups& groups) {
  for (const NodeId id : groups.nodes())
    if (groups.history(id).commands() != groups.history(groups.nodes().front()).commands())
      return false;
  return true;
}

NodeId other_than(const SimGroups& groups, NodeId not_this) {
  for (const NodeId id : groups.nodes())
    if (id != not_this) return id;
  return no_node;
}

TEST_CASE("a proposal is answered when it is applied, and reaches everybody") {
  SimGroups groups(1, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  REQUIRE(leader != no_node);
  const auto done = groups.propose(leader, "one", 5s);
  REQUIRE(done);
  REQUIRE(*done);
  CHECK(groups.group(leader).status().applied >= **done);
  CHECK(groups.history(leader).knows("one"));
  groups.scheduler().run_for(1s);
  CHECK(all_equal(groups));
}

TEST_CASE("who does not lead refuses a proposal and names the leader") {
  SimGroups groups(2, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  groups.scheduler().run_for(1s);
  const NodeId follower = other_than(groups, leader);
  const auto refused = groups.propose(follower, "one", 5s);
  REQUIRE(refused);
  REQUIRE(!*refused);
  CHECK(refused->error().code == ErrorCode::not_leader);
  CHECK(groups.group(follower).status().leader == leader);
}

TEST_CASE("without a majority a proposal times out, and its outcome is not known") {
  SimGroups groups(3, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  groups.network().isolate(leader);
  const auto outcome = groups.propose(leader, "one", 5s);
  REQUIRE(outcome);
  REQUIRE(!*outcome);
  CHECK(outcome->error().code == ErrorCode::timeout);
  CHECK(!groups.history(leader).knows("one"));
  CHECK(groups.group(leader).status().role != Role::leader);
}

TEST_CASE("a follower's read barrier waits until what was acknowledged is applied there") {
  SimGroups groups(4, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  const auto done = groups.propose(leader, "one", 5s);
  REQUIRE(done);
  REQUIRE(*done);
  const NodeId follower = other_than(groups, leader);
  const auto read =
      groups.answer(follower, groups.group(follower).read_barrier(groups.deadline(follower, 5s)));
  REQUIRE(read);
  REQUIRE(*read);
  CHECK(**read >= **done);
  CHECK(groups.history(follower).knows("one"));
}

TEST_CASE("a leader that was cut off confirms no read") {
  SimGroups groups(5, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  groups.scheduler().run_for(1s);
  groups.network().isolate(leader);
  const auto read =
      groups.answer(leader, groups.group(leader).read_barrier(groups.deadline(leader, 500ms)));
  REQUIRE(read);
  REQUIRE(!*read);
  CHECK(read->error().code == ErrorCode::timeout);
}

TEST_CASE("an answer to a read of an earlier run confirms nothing") {
  SimGroups groups(15, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  groups.scheduler().run_for(1s);
  const NodeId node = other_than(groups, leader);
  groups.network().isolate(node);
  const auto read = groups.ask(node, groups.group(node).read_barrier(groups.deadline(node, 500ms)));
  groups.scheduler().run_for(10ms);
  for (std::uint64_t id = 0; id < 10; ++id) {
    Packet late;
    late.kind = PacketKind::read_answer;
    late.group = 99;
    late.term = groups.group(node).status().term;
    late.index = 1;
    late.round = id;
    late.granted = true;
    REQUIRE(groups.answer(node, groups.group(node).answer(leader, encode_packet(late), {})));
  }
  groups.scheduler().run_for(1s);
  REQUIRE(read->has_value());
  CHECK(!**read);
}

TEST_CASE("members join as learners, become voters, and the first leader may go") {
  SimGroups groups(6, 1, 4);
  const auto change = [&groups](NodeId at, Members members) {
    const auto done = groups.answer(
        at, groups.group(at).change_members(std::move(members), groups.deadline(at, 20s)));
    REQUIRE(done);
    CHECK(*done);
  };
  REQUIRE(groups.wait_for_leader() == n1);
  REQUIRE(*groups.propose(n1, "one", 5s));
  change(n1, {{n1}, {n2, n3, n4}});
  change(n1, {{n1, n2, n3}, {n4}});
  change(n1, {{n2, n3}, {n4}});
  groups.scheduler().run_for(5s);
  CHECK(groups.group(n1).status().role != Role::leader);
  const NodeId leader = groups.wait_for_leader();
  CHECK((leader == n2 || leader == n3));
  REQUIRE(*groups.propose(leader, "two", 5s));
  groups.scheduler().run_for(2s);
  CHECK(groups.history(n4).commands() == std::vector<std::string>{"one", "two"});
}

TEST_CASE("leadership goes where it is asked to go") {
  SimGroups groups(7, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  REQUIRE(*groups.propose(leader, "one", 5s));
  const NodeId next = other_than(groups, leader);
  const auto moved = groups.answer(
      leader, groups.group(leader).transfer_leadership(next, groups.deadline(leader, 10s)));
  REQUIRE(moved);
  CHECK(*moved);
  groups.scheduler().run_for(2s);
  CHECK(groups.group(next).status().role == Role::leader);
}

TEST_CASE("who was away long gets a snapshot in place of the log") {
  GroupOptions options;
  options.log_bytes_kept = 2000;
  SimGroups groups(8, 3, 3, options);
  groups.kill(n3);
  for (int i = 0; i < 60; ++i) {
    const NodeId leader = groups.wait_for_leader();
    REQUIRE(*groups.propose(leader, std::string(100, static_cast<char>('a' + i % 26)), 5s));
  }
  const GroupStatus status = groups.group(groups.wait_for_leader()).status();
  CHECK(status.first > 20);
  CHECK(status.problem.empty());
  groups.start(n3);
  groups.scheduler().run_for(5s);
  CHECK(groups.history(n3).restored() == 2);  // the founders' and the leader's
  CHECK(all_equal(groups));
}

TEST_CASE("a group that is shut down ends those who wait, and comes back with its state") {
  SimGroups groups(9, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  REQUIRE(*groups.propose(leader, "one", 5s));
  groups.network().isolate(leader);
  const auto waiting =
      groups.ask(leader, groups.group(leader).propose("two", groups.deadline(leader, 60s)));
  groups.scheduler().run_for(100ms);
  groups.shut_down(leader);
  REQUIRE(waiting->has_value());
  REQUIRE(!**waiting);
  CHECK((*waiting)->error().code == ErrorCode::connection_lost);
  groups.network().heal();
  groups.start(leader);
  CHECK(groups.history(leader).knows("one"));
}

TEST_CASE("a disk that fails stops the group on that node, and says so") {
  SimGroups groups(10, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  groups.machine(leader).disk().stop_after(0);
  const auto outcome = groups.propose(leader, "one", 5s);
  REQUIRE(outcome);
  REQUIRE(!*outcome);
  CHECK(outcome->error().code == ErrorCode::connection_lost);
  CHECK(groups.group(leader).status().stopped);
  CHECK(!groups.group(leader).status().problem.empty());
  groups.scheduler().run_for(10s);
  const NodeId next = groups.wait_for_leader();
  CHECK(next != leader);
  CHECK(*groups.propose(next, "two", 5s));
}

TEST_CASE("a leader whose disk is full lets others lead, and follows when there is room again") {
  SimGroups groups(12, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  REQUIRE(*groups.propose(leader, "one", 5s));
  groups.machine(leader).disk().set_capacity(60'000);
  NodeId next = leader;
  SeededRandom random(1);
  for (int i = 0; i < 300 && next == leader; ++i) {
    std::string noise;  // does not get smaller on disk
    for (int word = 0; word < 50; ++word) put_fixed(noise, random.next());
    static_cast<void>(groups.propose(leader, std::move(noise), 5s));
    next = groups.wait_for_leader();
  }
  REQUIRE(next != leader);
  CHECK(*groups.propose(next, "two", 5s));
  CHECK(!groups.group(leader).status().stopped);
  groups.machine(leader).disk().set_capacity(std::uint64_t{1} << 40);
  groups.scheduler().run_for(10s);
  CHECK(all_equal(groups));
}

TEST_CASE("a healthy group keeps its leader, and one voter alone leads at once") {
  SimGroups groups(13, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  const Term term = groups.group(leader).status().term;
  groups.scheduler().run_for(600s);
  CHECK(groups.group(leader).status().role == Role::leader);
  CHECK(groups.group(leader).status().term == term);

  SimGroups one(14, 1, 1);
  one.scheduler().run_for(200ms);
  CHECK(one.group(n1).status().role == Role::leader);
}

TEST_CASE(
    "after the loss of a majority a survivor goes on with what it has, the lost may not return") {
  SimGroups groups(11, 3, 3);
  const NodeId leader = groups.wait_for_leader();
  REQUIRE(*groups.propose(leader, "one", 5s));
  groups.scheduler().run_for(1s);
  for (const NodeId id : groups.nodes()) groups.kill(id);
  {
    sim::SimWorld& world = groups.machine(n2).boot();
    const auto db = groups.open_db(n2, world);
    const auto found = survey(*db, 1);
    REQUIRE(found);
    CHECK(found->configuration.voters == std::vector<NodeId>{n1, n2, n3});
    ForcedMembers forced{n2, {}, 123, true};
    const auto planned = force_members(*db, 1, forced);
    REQUIRE(planned);
    CHECK(planned->configuration.voters == std::vector<NodeId>{n2});
    CHECK(survey(*db, 1)->group == found->group);
    forced.dry_run = false;
    REQUIRE(force_members(*db, 1, forced));
    CHECK(survey(*db, 1)->last == planned->last);
  }
  groups.machine(n2).kill();
  for (const NodeId id : groups.nodes()) groups.start(id);
  groups.scheduler().run_for(10s);
  CHECK(groups.group(n2).status().role == Role::leader);
  CHECK(groups.group(n2).status().group == 123);
  CHECK(groups.history(n2).knows("one"));
  REQUIRE(*groups.propose(n2, "two", 5s));
  groups.scheduler().run_for(2s);
  CHECK(!groups.history(n1).knows("two"));
  CHECK(!groups.history(n3).knows("two"));
}

}  // namespace
}  // namespace ouro::raft
