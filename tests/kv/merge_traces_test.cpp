// Histories in which a weaker rule loses a write or brings one back. The numbers are those of the
// counter-examples in docs/replication.md.
#include "kv/merge.hpp"
#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

namespace ouro::kv {
namespace {

using Dots = std::vector<Dot>;

/// What `to` lacks of `from`: every key's object, naming those of its dots that `to` has not seen.
void exchange(const Replica& from, Replica& to, const std::map<Dot, int>& keys) {
  const DotSet lacking = from.seen().difference(to.seen());
  std::map<int, Dots> names;
  for (const auto& [dot, key] : keys)
    if (lacking.contains(dot)) names[key].push_back(dot);
  for (const auto& [key, dots] : names) to.deliver(from.answer(key, dots));
}

// T1
TEST_CASE("a put that arrives long after its delete was forgotten stays deleted") {
  Replica home(n0), other(n1);
  const SentMessage put = home.put(0);
  const SentMessage removal = home.remove(0);
  SECTION("the delete came as its own frame") {
    other.deliver(removal);
    CHECK(other.object_count() == 1);  // it remembers the put that it has not seen
    other.deliver(put);
  }
  SECTION("the delete came by an exchange, after which no object is left") {
    exchange(home, other, {{put.frame.names[0], 0}, {removal.frame.names[0], 0}});
    CHECK(other.object_count() == 0);
    other.deliver(removal);
    other.deliver(put);
  }
  CHECK(other.live(0).empty());
  CHECK(other.object_count() == 0);
  CHECK(other.seen() == home.seen());
}

// T2
TEST_CASE("a key made again after its delete was forgotten never reuses a dot") {
  Replica home(n0), other(n1);
  const SentMessage first = home.put(0);
  const SentMessage removal = home.remove(0);
  other.deliver(first);
  other.deliver(removal);
  CHECK(home.object_count() == 0);
  const SentMessage again = home.put(0);
  CHECK(again.frame.names[0] > first.frame.names[0]);
  CHECK(again.frame.names[0] > removal.frame.names[0]);
  other.deliver(again);
  other.deliver(first);
  CHECK(other.live(0) == again.frame.names);
  CHECK(home.live(0) == again.frame.names);
}

// T6, first form
TEST_CASE("a frame's context does not claim writes of other keys for its receiver") {
  Replica home(n0), other(n1);
  const SentMessage a = home.put(0);
  const SentMessage b = home.put(1);
  other.deliver(b);
  CHECK_FALSE(other.seen().contains(a.frame.names[0]));
  exchange(home, other, {{a.frame.names[0], 0}, {b.frame.names[0], 1}});
  CHECK(other.live(0) == a.frame.names);
  CHECK(other.seen() == home.seen());
}

// T6, second form
TEST_CASE("an absent key's context does not claim the writes that come after it") {
  Replica home(n0), other(n1);
  const SentMessage a = home.put(1);
  other.deliver(home.answer(0, {}));
  other.deliver(home.answer(1, a.frame.names));
  CHECK(other.live(1) == a.frame.names);
}

// T7
TEST_CASE("a client's context does not claim writes for its coordinator") {
  Replica home(n0), other(n1);
  const SentMessage a = home.put(0);
  other.deliver(a);
  const SentMessage b = home.put(0);
  const SentMessage c = other.put(0, DotSet{b.frame.names[0]});
  CHECK_FALSE(other.seen().contains(b.frame.names[0]));
  CHECK(other.live(0) == Dots{a.frame.names[0], c.frame.names[0]});
  exchange(home, other, {{b.frame.names[0], 0}});  // the effect of b on a
  CHECK(other.live(0) == c.frame.names);
  exchange(other, home, {{c.frame.names[0], 0}});
  CHECK(home.live(0) == c.frame.names);
  CHECK(home.seen() == other.seen());
}

// T9
TEST_CASE("a fallback's second write does not cover its first, which nobody showed it") {
  Replica owner(n0);
  // The fallback keeps no object between its writes: each time it merges what it polled, nothing.
  const Dot a = dot(n3, 1), b = dot(n3, 2);
  Object first, second;
  DotSet first_seen, second_seen;
  coordinate_put(first, first_seen, sibling(a), {});
  coordinate_put(second, second_seen, sibling(b), {});
  const SentMessage put_a{0, frame_of(first, first_seen, {a})};
  const SentMessage put_b{0, frame_of(second, second_seen, {b})};
  SECTION("in order") {
    owner.deliver(put_a);
    owner.deliver(put_b);
  }
  SECTION("in reverse") {
    owner.deliver(put_b);
    owner.deliver(put_a);
  }
  CHECK(owner.live(0) == Dots{a, b});
}

// T10
TEST_CASE("a delete whose frame was lost is found by comparing clocks") {
  Replica home(n0), other(n1);
  const SentMessage put = home.put(0);
  other.deliver(put);
  const SentMessage removal = home.remove(0);
  const DotSet lacking = home.seen().difference(other.seen());
  CHECK(lacking == DotSet{removal.frame.names[0]});
  exchange(home, other, {{put.frame.names[0], 0}, {removal.frame.names[0], 0}});
  CHECK(other.live(0).empty());
  CHECK(other.object_count() == 0);
  CHECK(other.seen() == home.seen());
}

// T12
TEST_CASE("what a frame declared dead is dead when it comes later") {
  Replica home(n0), other(n1), third(n2);
  const SentMessage a = other.remove(0);
  const SentMessage b = home.put(0);
  third.deliver(b);
  const SentMessage c = home.put(0);  // covers b
  other.deliver(c);
  other.deliver(b);
  third.deliver(c);
  third.deliver(a);
  home.deliver(a);
  for (const Replica* replica : {&home, &other, &third}) {
    CHECK(replica->live(0) == c.frame.names);
    CHECK(replica->object(0).rest.empty());
  }
}

// T21
TEST_CASE("a client's context covers what its value replaced, also where only that is known") {
  Replica lost(n2), fallback(n3), owner(n0);
  const SentMessage a = lost.put(0);
  fallback.deliver(a);
  owner.deliver(a);
  lost.put(0);  // covers a, reaches nobody
  const DotSet context = lost.context(0);
  // The replica is gone for good; its client writes through one that knows only a.
  const SentMessage c = fallback.put(0, context);
  CHECK(fallback.live(0) == c.frame.names);
  owner.deliver(c);
  CHECK(owner.live(0) == c.frame.names);
}

}  // namespace
}  // namespace ouro::kv
