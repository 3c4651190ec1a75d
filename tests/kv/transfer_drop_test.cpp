// An arc that a node no longer owns is removed from it, whole, and may come back.
#include "kv/tables.hpp"
#include "tests/kv/samples.hpp"
#include "tests/kv/transfer_fixture.hpp"
#include "tests/support/catch.hpp"

#include <string>
#include <vector>

namespace ouro::kv {
namespace {

using namespace std::chrono_literals;

void fill(TransferHost& host, unsigned keys) {
  for (unsigned key = 0; key < keys; ++key) host.put(key, "v" + std::to_string(key));
}

std::size_t all_rows(TransferHost& host) {
  return host.rows(data_table) + host.rows(clocks_table) + host.rows(changes_table);
}

TEST_CASE("an arc is removed with its clock, marks and dot log", "[transfer]") {
  for (const std::size_t at_once : {4u, 4096u}) {  // by range, and row by row
    CAPTURE(at_once);
    Transfer t(1, at_once);
    fill(t.a(), 30);
    t.b().deliver(t.a().put(1, "newer"));
    t.b().fence.writes = t.a().fence.writes = false;
    for (TransferHost* host : {&t.a(), &t.b()}) {
      REQUIRE(host->run(host->receiver().drop(arc1)));
      CHECK(all_rows(*host) == 0);
      CHECK(host->clock().empty());
      CHECK(host->home().arcs().empty());
    }
  }
}

TEST_CASE("an arc that may still be written to is not removed", "[transfer]") {
  Transfer t;
  fill(t.a(), 3);
  const Status dropped = t.a().run(t.a().receiver().drop(arc1));
  REQUIRE_FALSE(dropped);
  CHECK(dropped.error().code == ErrorCode::invalid_argument);
  CHECK(t.a().values(1).size() == 1);
  CHECK_FALSE(t.a().home().dropping(arc1));
}

TEST_CASE("nothing is let in while an arc is being removed", "[transfer]") {
  Transfer t;
  fill(t.a(), 30);
  const SentFrame frame = t.b().put(3, "late");
  t.a().fence.writes = false;
  REQUIRE(t.a().run(t.a().home().begin_drop(arc1)));
  t.a().fence.writes = true;  // the node is to own the arc again, too soon
  const Status applied = t.a().deliver(frame);
  REQUIRE_FALSE(applied);
  CHECK(applied.error().code == ErrorCode::busy);
  REQUIRE(t.a().run(t.a().receiver().drop(arc1)));
  REQUIRE(t.a().deliver(frame));
  CHECK(t.a().values(3) == std::vector<std::string>{"late"});
}

TEST_CASE("a removal that was cut off is taken up again after a restart", "[transfer]") {
  for (unsigned steps = 0; steps < 120; steps += 2) {
    CAPTURE(steps);
    Transfer t(steps + 1, steps % 4 == 0 ? 4 : 4096);
    fill(t.a(), 20);
    t.a().fence.writes = false;
    t.a().begin(t.a().receiver().drop(arc1));
    for (unsigned step = 0; step < steps; ++step) t.scheduler.step();
    t.a().power_loss();
    t.a().start();
    if (t.a().home().arcs().empty()) {
      CHECK(all_rows(t.a()) == 0);
      continue;
    }
    // Whole, or marked and without a clock.
    if (t.a().home().drops().empty()) CHECK(t.a().rows(data_table) == 20);
    REQUIRE(t.a().run(t.a().receiver().drop(arc1)));
    CHECK(all_rows(t.a()) == 0);
  }
}

TEST_CASE("dots are not minted twice when an arc goes and comes back in one run", "[transfer]") {
  Transfer t;
  fill(t.a(), 5);
  REQUIRE(t.b().pull(source_a));
  t.a().fence.writes = false;
  REQUIRE(t.a().run(t.a().receiver().drop(arc1)));
  t.a().fence.writes = true;
  const SentFrame frame = t.a().put(1, "again");
  CHECK(frame.frame.names == std::vector<Dot>{{{source_a, 1}, 6}});
  REQUIRE(t.a().pull(source_b));
  REQUIRE(t.b().deliver(frame));
  CHECK(t.a().clock() == t.b().clock());
  CHECK(t.a().content() == t.b().content());
}

TEST_CASE("a removal ends the transfers that read from the arc", "[transfer]") {
  // A snapshot of a dropped range is empty: that must not pass for absence.
  Transfer t;
  fill(t.a(), 30);
  const auto pulled = t.j().begin(t.j().receiver().pull(t.j().order(source_a)));
  const auto streaming = [&] {
    return t.a().requests[static_cast<std::uint16_t>(TransferKind::chunk)] >= 3;
  };
  REQUIRE(t.scheduler.run_until(streaming, 1min));
  t.a().fence.writes = false;
  REQUIRE(t.a().run(t.a().receiver().drop(arc1)));
  REQUIRE(t.scheduler.run_until([&] { return pulled->has_value(); }, 5min));
  REQUIRE_FALSE(**pulled);
  CHECK((*pulled)->error().code == ErrorCode::stale_epoch);
  CHECK_FALSE(t.j().clock().contains({{source_a, 1}, 30}));
}

TEST_CASE("a run that is not registered mints nothing", "[transfer]") {
  Transfer t;
  t.a().fence.mints = false;
  const Result<Coordinated> refused = t.a().run(t.a().home().coordinate(t.a().write_of(1, "v")));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ErrorCode::unreachable);
  REQUIRE(t.a().deliver(t.b().put(1, "v")));
  t.a().fence.mints = true;
  t.a().put(1, "v");
}

}  // namespace
}  // namespace ouro::kv
