#include "net/pending_calls.hpp"

#include "tests/support/catch.hpp"

namespace ouro::net {
namespace {

using namespace std::chrono_literals;

const Instant start{};

PendingCalls::Done mark(bool& ended) {
  return [&ended](Result<Message>) { ended = true; };
}

TEST_CASE("an answer finds its call once") {
  PendingCalls calls(8);
  bool ended = false;
  const std::uint64_t stream = calls.add(start + 1s, 0, mark(ended));
  PendingCalls::Done done = calls.take(stream);
  REQUIRE(done);
  done(Message());
  CHECK(ended);
  CHECK_FALSE(calls.take(stream));
  CHECK(calls.size() == 0);
}

TEST_CASE("a late answer does not find the call that took the place") {
  PendingCalls calls(1);
  bool first = false;
  bool second = false;
  const std::uint64_t old = calls.add(start + 1s, 0, mark(first));
  calls.take_expired(start + 1s);
  const std::uint64_t next = calls.add(start + 2s, 0, mark(second));
  CHECK(old != next);
  CHECK_FALSE(calls.take(old));
  CHECK(calls.take(next));
}

TEST_CASE("stream numbers of nobody find nothing") {
  PendingCalls calls(8);
  CHECK_FALSE(calls.take(0));
  CHECK_FALSE(calls.take(~std::uint64_t{0}));
}

TEST_CASE("a call ends at its deadline and not before") {
  PendingCalls calls(8);
  bool early = false;
  bool late = false;
  calls.add(start + 5s, 0, mark(late));
  calls.add(start + 1s, 0, mark(early));
  CHECK(calls.earliest_deadline() == start + 1s);
  CHECK(calls.take_expired(start + 999ms).empty());
  CHECK(calls.take_expired(start + 1s).size() == 1);
  CHECK(calls.earliest_deadline() == start + 5s);
  CHECK(calls.size() == 1);
}

TEST_CASE("the table is full at its limit") {
  PendingCalls calls(2);
  bool ended = false;
  calls.add(start + 1s, 0, mark(ended));
  CHECK_FALSE(calls.full());
  calls.add(start + 1s, 0, mark(ended));
  CHECK(calls.full());
}

TEST_CASE("of lost calls it is known which were never written") {
  PendingCalls calls(8);
  bool ended = false;
  calls.add(start + 1s, 0, mark(ended));
  calls.add(start + 1s, 100, mark(ended));
  calls.add(start + 1s, 200, mark(ended));
  const auto lost = calls.take_all(150);
  REQUIRE(lost.size() == 3);
  CHECK(lost[0].perhaps_written);
  CHECK(lost[1].perhaps_written);
  CHECK_FALSE(lost[2].perhaps_written);
  CHECK(calls.size() == 0);
  CHECK(calls.earliest_deadline() == Instant::max());
}

}  // namespace
}  // namespace ouro::net
