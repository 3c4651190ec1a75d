// An arc moves from one store to another while both are written to, and either may crash.
#include "kv/request.hpp"
#include "kv/tables.hpp"
#include "tests/kv/samples.hpp"
#include "tests/kv/transfer_steps.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ouro::kv {
namespace {

using namespace std::chrono_literals;

TEST_CASE("a joining node streams the whole arc and then has the source's clock", "[transfer]") {
  Transfer t;
  fill(t.a());
  t.a().remove(3);
  t.a().put(4, "newer");
  const Result<Pulled> pulled = t.j().pull(source_a);
  REQUIRE(pulled);
  CHECK(pulled->keys == few - 1);
  CHECK(pulled->chunks == 8);
  CHECK(pulled->rounds == 1);
  CHECK(pulled->clock == t.a().clock());
  CHECK(t.j().values(3).empty());
  CHECK(t.j().values(4) == Values{"newer"});
  check_equal(t.a(), t.j());
}

TEST_CASE("an arc of which nobody has written anything is pulled at once", "[transfer]") {
  Transfer t;
  const Result<Pulled> pulled = t.j().pull(source_a);
  REQUIRE(pulled);
  CHECK(pulled->keys == 0);
  CHECK(pulled->clock.empty());
}

TEST_CASE("an arc of deletes only hands over its clock", "[transfer]") {
  Transfer t;
  const SentFrame put = t.a().put(1, "v");
  t.a().remove(1);
  REQUIRE(t.j().pull(source_a));
  check_equal(t.a(), t.j());
  REQUIRE(t.j().deliver(put));
  CHECK(t.j().values(1).empty());
}

TEST_CASE("keys of buckets with another N stay where they are", "[transfer]") {
  Transfer t;
  fill(t.a(), 3);
  PullOrder order = t.j().order(source_a);
  order.arc = other_n;
  const Result<Pulled> pulled = t.j().run(t.j().receiver().pull(order));
  REQUIRE(pulled);
  CHECK(pulled->keys == 0);
  CHECK(t.j().rows(data_table) == 0);
}

TEST_CASE("a second source is asked for differences only", "[transfer]") {
  Transfer t;
  const std::vector<SentFrame> sent = fill(t.a());
  for (const SentFrame& frame : sent) REQUIRE(t.b().deliver(frame));
  const SentFrame only_b = t.b().put(2, "b");
  t.b().remove(7);
  REQUIRE(t.j().pull(source_a));
  const Result<Pulled> pulled = t.j().pull(source_b);
  REQUIRE(pulled);
  CHECK(pulled->keys == 2);
  CHECK(pulled->rounds == 1);
  CHECK(t.j().values(2) == Values{"b"});
  CHECK(t.j().values(7).empty());
  check_equal(t.b(), t.j());
  CHECK(t.j().read(2).object.rest.empty());
}

TEST_CASE("differences leave no marks of dots that belong to other keys", "[transfer]") {
  Transfer t(1, 1);
  const std::vector<SentFrame> sent = fill(t.a(), 5);
  REQUIRE(t.j().deliver(sent[0]));  // a clock that is not empty: no stream
  const Result<Pulled> pulled = t.j().pull(source_a);
  REQUIRE(pulled);
  CHECK(pulled->keys >= 4);
  check_equal(t.a(), t.j());
  for (unsigned key = 0; key < 5; ++key) CHECK(t.j().read(key).object.rest.empty());
}

TEST_CASE("where the dot log was cut the receiver streams instead", "[transfer]") {
  Transfer t;
  fill(t.a());
  REQUIRE(t.j().pull(source_a));
  t.a().put(1, "later");
  t.a().put(2, "later");
  const std::string cut = change_key(arc1, {{source_a, 1}, few + 1});
  engine::Batch batch;
  batch.remove(changes_table, cut);
  REQUIRE(t.a().db().commit_sync(std::move(batch), engine::Durability::disk));
  const Result<Pulled> pulled = t.j().pull(source_a);
  REQUIRE(pulled);
  CHECK(pulled->keys == few);
  check_equal(t.a(), t.j());
}

TEST_CASE("a key with a rest comes with it", "[transfer]") {
  Transfer t;
  const SentFrame old = t.a().put(1, "old");
  fill(t.a(), 3);
  const SentFrame newer = t.a().put(1, "newer");
  // b has the newest write and knows only by its rest that the older ones are dead.
  REQUIRE(t.b().deliver(newer));
  REQUIRE_FALSE(t.b().read(1).object.rest.empty());
  REQUIRE(t.j().pull(source_b));
  REQUIRE(t.j().deliver(old));
  CHECK(t.j().values(1) == Values{"newer"});
}

TEST_CASE("what was deleted during the stream does not come back", "[transfer]") {
  // T15: whatever the moment at which the delete falls, and whichever way it comes.
  for (unsigned moment = 0; moment < 12; ++moment) {
    CAPTURE(moment);
    Transfer t(moment + 1);
    const std::vector<SentFrame> puts = fill(t.a());
    const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
    run_until_chunk(t, source_a, 1 + moment / 2);
    for (const unsigned key : {0u, 10u, 11u, 20u, few - 1}) {
      const SentFrame removed = t.a().remove(key);
      if (moment % 2 == 0) REQUIRE(t.j().deliver(removed));
      REQUIRE(t.j().deliver(puts[key]));  // late
    }
    REQUIRE(finish(t, pulled));
    REQUIRE(t.j().pull(source_a));  // nothing to do where all frames came
    REQUIRE(t.j().run(t.j().receiver().content(arc1)));
    Result<Pulled> rest = t.j().pull(source_a);
    REQUIRE(rest);
    const DotSet theirs = t.a().clock();
    if (moment % 2 == 0) {
      check_equal(t.a(), t.j());
      for (const unsigned key : {0u, 10u, 11u, 20u, few - 1}) CHECK(t.j().values(key).empty());
    }
  }
}

TEST_CASE("a frame that the snapshot covers and that comes late is refused", "[transfer]") {
  // The key was deleted before the stream: nothing in it names the key, in any chunk.
  for (unsigned moment = 1; moment <= 6; ++moment) {
    CAPTURE(moment);
    Transfer t(moment);
    std::vector<SentFrame> late;
    for (unsigned key = 0; key < few; key += 5) {
      late.push_back(t.a().put(key, "old"));
      t.a().remove(key);
    }
    for (unsigned key = 0; key < few; ++key)
      if (key % 5 != 0) t.a().put(key, "v");
    const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
    run_until_chunk(t, source_a, moment);
    for (const SentFrame& frame : late) REQUIRE(t.j().deliver(frame));
    REQUIRE(finish(t, pulled));
    for (unsigned key = 0; key < few; key += 5) CHECK(t.j().values(key).empty());
    check_equal(t.a(), t.j());
  }
}

TEST_CASE("what changes between the look at a stretch's keys and its merge is merged too",
          "[transfer]") {
  Transfer t;
  const SentFrame late = t.a().put(1, "old");
  t.a().remove(1);
  const HomeStore::Watch watch(t.j().home(), arc1, "", "");
  REQUIRE(t.j().deliver(late));  // after the keys were looked up: there were none
  StreamPart part;
  part.arc = arc1;
  part.passed = Stretch{"", "", t.a().clock()};
  REQUIRE(t.j().run(t.j().home().merge_part(std::move(part), &watch)));
  CHECK(t.j().values(1).empty());
  check_equal(t.a(), t.j());
}

TEST_CASE("a replica in the middle of a stream vouches for what the stream passed over",
          "[transfer]") {
  // Else a repair from it would hand on a value without the knowledge of what that replaced.
  Transfer t;
  const SentFrame old = t.a().put(1, "old");
  t.a().put(1, "newer");
  t.a().put(2, "v");
  StreamPart part;
  part.arc = arc1;
  part.frames.push_back({key_of(1), {t.a().read(1).object.live, {}, {}}});
  part.passed = Stretch{"", key_of(2), t.a().clock()};
  REQUIRE(t.j().run(t.j().home().merge_part(std::move(part), nullptr)));
  const auto check_read = [&] {
    const LocalObject local = t.j().read(1);
    CHECK(filled_context(local.object, local.seen).covers(t.a().clock()));
    CHECK_FALSE(local.seen.covers(t.a().clock()));
    const LocalObject beyond = t.j().read(2);
    CHECK_FALSE(filled_context(beyond.object, beyond.seen).covers(t.a().clock()));
  };
  check_read();
  t.j().power_loss();
  t.j().start();
  check_read();
  // What it coordinates says so as well.
  const SentFrame next = t.j().put(1, "next");
  CHECK(next.frame.context.covers(t.a().clock()));
  CHECK(t.j().rows(clocks_table) == 2);  // no mark of a rest: clock and stream
}

TEST_CASE("writes that come to the joining node during the stream stay", "[transfer]") {
  Transfer t;
  const std::vector<SentFrame> sent = fill(t.a());
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  for (unsigned chunk = 1; chunk <= 8; ++chunk) {
    run_until_chunk(t, source_a, chunk);
    REQUIRE(t.j().deliver(t.a().put(chunk * 3, "during")));
    REQUIRE(t.j().deliver(t.a().put(100 + chunk, "new")));
    const SentFrame own = t.j().put(few - chunk, "own");
    REQUIRE(t.a().deliver(own));
  }
  REQUIRE(finish(t, pulled));
  REQUIRE(t.j().pull(source_a));
  check_equal(t.a(), t.j());
  CHECK(t.j().values(24) == t.a().values(24));
  CHECK(t.j().values(101) == Values{"new"});
  for (unsigned key = 0; key < few; ++key) CHECK(t.j().values(key) == t.a().values(key));
}

TEST_CASE("a broken stream proves nothing about the keys that it did not reach", "[transfer]") {
  // T15 the other way: with the clock adopted too early the rest of the arc would never come.
  Transfer t;
  fill(t.a());
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  run_until_chunk(t, source_a, 4);
  CHECK_FALSE(t.j().clock().covers(t.a().clock()));
  t.j().kill();
  t.j().start();
  CHECK_FALSE(t.j().clock().covers(t.a().clock()));
  REQUIRE(t.j().pull(source_a));
  check_equal(t.a(), t.j());
}

TEST_CASE("a receiver that lost power goes on where it was", "[transfer]") {
  Transfer t;
  fill(t.a());
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  run_until_chunk(t, source_a, 6);
  t.j().power_loss();
  t.j().start();
  CHECK(t.j().home().passed(arc1).begun());
  const unsigned before = t.a().requests[kind(TransferKind::chunk)];
  REQUIRE(t.j().pull(source_a));
  CHECK(t.a().requests[kind(TransferKind::chunk)] - before <= 4);
  check_equal(t.a(), t.j());
}

TEST_CASE("a receiver may lose power between any two steps", "[transfer]") {
  constexpr unsigned keys = 10;
  for (unsigned steps = 0; steps < 400; steps += 3) {
    CAPTURE(steps);
    Transfer t(steps + 1, 3);
    fill(t.a(), keys);
    const SentFrame old = t.a().put(5, "old");
    t.a().remove(5);
    t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
    for (unsigned step = 0; step < steps; ++step) t.scheduler.step();
    t.j().power_loss(sim::crash_policies()[steps % sim::crash_policies().size()]);
    t.j().start();
    REQUIRE(t.j().deliver(old));
    REQUIRE(t.j().pull(source_a));
    check_equal(t.a(), t.j());
    CHECK(t.j().values(5).empty());
    CHECK_FALSE(t.j().home().passed(arc1).begun());
  }
}

TEST_CASE("a source may lose power between any two steps", "[transfer]") {
  constexpr unsigned keys = 10;
  for (unsigned steps = 0; steps < 400; steps += 7) {
    CAPTURE(steps);
    Transfer t(steps + 1, 3);
    std::vector<SentFrame> sent = fill(t.a(), keys);
    const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
    for (unsigned step = 0; step < steps; ++step) t.scheduler.step();
    t.a().power_loss();
    t.a().start();
    // The second snapshot knows more than the first: what it covers was streamed from the first.
    t.a().put(0, "after");
    const SentFrame covered = t.a().put(8, "covered");
    t.a().put(8, "after");
    REQUIRE(finish(t, pulled));
    REQUIRE(t.j().deliver(covered));
    REQUIRE(t.j().deliver(sent[0]));
    if (!t.j().clock().covers(t.a().clock())) REQUIRE(t.j().pull(source_a));
    // The pull before may have ended before the writes after the crash: fetch what is missing.
    CHECK(t.j().values(8) != Values{"covered", "after"});
    t.a().put(9, "last");
    REQUIRE(t.j().pull(source_a));
    check_equal(t.a(), t.j());
    CHECK(t.j().values(8) == Values{"after"});
  }
}

TEST_CASE("a source that answers nothing is given up, so that another may be asked", "[transfer]") {
  Transfer t;
  fill(t.a());
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  run_until_chunk(t, source_a, 3);
  t.a().kill();
  t.scheduler.run_for(10s);
  REQUIRE(pulled->has_value());
  REQUIRE_FALSE(**pulled);
  CHECK((**pulled).error().code == ErrorCode::timeout);
}

TEST_CASE("a node that ends does not wait for what it fetches", "[transfer]") {
  Transfer t;
  fill(t.a());
  t.a().kill();
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  t.scheduler.run_for(1s);
  CHECK_FALSE(pulled->has_value());
  REQUIRE(sim::run(t.scheduler, t.j().world().life(), t.j().receiver().end(), 1s));
  t.scheduler.run_for(1s);
  REQUIRE(pulled->has_value());
  REQUIRE_FALSE(**pulled);
  CHECK((**pulled).error().code == ErrorCode::closed);
}

TEST_CASE("a stream goes on from another replica", "[transfer]") {
  Transfer t;
  const std::vector<SentFrame> sent = fill(t.a());
  for (unsigned key = 0; key < few; key += 2) REQUIRE(t.b().deliver(sent[key]));
  const SentFrame only_b = t.b().put(1, "b");
  t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  run_until_chunk(t, source_a, 4);
  t.a().kill();
  t.j().kill();
  t.j().start();
  REQUIRE(t.j().pull(source_b));
  CHECK(t.j().clock().covers(t.b().clock()));
  t.a().start();
  t.scheduler.run_for(2s);
  REQUIRE(t.j().pull(source_a));
  CHECK(t.j().clock().covers(t.a().clock()));
  REQUIRE(t.a().pull(source_b));
  check_equal(t.a(), t.j());
  for (unsigned key = 0; key < few; ++key) CHECK(t.j().values(key) == t.a().values(key));
}

TEST_CASE("chunks that are lost, damaged or late are asked for again", "[transfer]") {
  Transfer t;
  fill(t.a());
  unsigned answers = 0;
  t.a().on_answer = [&](Message& message) {
    if (message.kind != kind(TransferKind::chunk_reply)) return;
    if (++answers % 3 == 1 && !message.attachment.empty()) {
      std::string bytes(message.attachment[0].view());
      bytes.back() ^= 1;
      message.attachment[0] = SharedBytes(std::move(bytes));
    }
  };
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  for (int i = 0; i < 3; ++i) {
    t.scheduler.run_for(30ms);
    t.network.break_connections(source_a, joiner);
  }
  const Result<Pulled>& result = finish(t, pulled);
  REQUIRE(result);
  check_equal(t.a(), t.j());
}

TEST_CASE("large values come one by one and small ones many at a time", "[transfer]") {
  Transfer t(1, 4096);
  t.a().put(0, std::string(kv::value_size_max, 'a'));
  t.a().put(1, "small");
  t.a().put(2, std::string(kv::value_size_max, 'b'));
  const Result<Pulled> pulled = t.j().pull(source_a);
  REQUIRE(pulled);
  CHECK(pulled->keys == 3);
  CHECK(pulled->chunks == 3);
  CHECK(t.j().values(2) == Values{std::string(kv::value_size_max, 'b')});
  check_equal(t.a(), t.j());
}

TEST_CASE("a stream keeps to its rate", "[transfer]") {
  Transfer t(1, 8);
  for (unsigned key = 0; key < 64; ++key) t.a().put(key, std::string(10'000, 'v'));
  t.j().kill();
  t.j().bytes_per_second = 100'000;
  t.j().start();
  t.scheduler.run_for(2s);
  const Instant begun = t.scheduler.now();
  REQUIRE(t.j().pull(source_a));
  const Duration took = t.scheduler.now() - begun;
  CHECK(took > 5s);
  CHECK(took < 10s);
}

TEST_CASE("a node that lost its clock gets the arc anew", "[transfer]") {
  // R17: some of the objects are gone, the others are still there.
  Transfer t;
  const std::vector<SentFrame> sent = fill(t.a());
  REQUIRE(t.j().pull(source_a));
  t.a().remove(2);
  engine::Batch batch;
  for (unsigned key = 10; key < 20; ++key) batch.remove(data_table, key_of(key));
  REQUIRE(t.j().db().commit_sync(std::move(batch), engine::Durability::disk));
  REQUIRE(t.j().run(t.j().home().forget_clock(arc1)));
  CHECK(t.j().clock().empty());
  REQUIRE(t.j().pull(source_a));
  check_equal(t.a(), t.j());
  CHECK(t.j().values(2).empty());
}

TEST_CASE("a clock that is given up in the middle of a stream makes it begin anew", "[transfer]") {
  Transfer t;
  fill(t.a());
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  run_until_chunk(t, source_a, 5);
  REQUIRE(t.j().run(t.j().home().forget_clock(arc1)));
  REQUIRE(finish(t, pulled));
  check_equal(t.a(), t.j());
}

}  // namespace
}  // namespace ouro::kv
