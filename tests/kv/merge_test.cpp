#include "kv/merge.hpp"

#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

namespace ouro::kv {
namespace {

using Dots = std::vector<Dot>;

TEST_CASE("a put without context replaces what its coordinator holds") {
  Object local = object({dot(n0, 1), dot(n1, 1)});
  DotSet seen{dot(n0, 1), dot(n1, 1)};
  const WriteEffect effect = coordinate_put(local, seen, sibling(dot(n0, 2)), {});
  CHECK(effect.existed);
  CHECK(effect.discarded == 2);
  CHECK(dots_of(local.live) == Dots{dot(n0, 2)});
  CHECK(seen == DotSet{dot(n0, 1), dot(n0, 2), dot(n1, 1)});
  CHECK(local.rest.empty());
}

TEST_CASE("a put with a context replaces exactly what that covers") {
  Object local = object({dot(n0, 1), dot(n2, 1)});
  DotSet seen{dot(n0, 1), dot(n2, 1)};
  const WriteEffect effect =
      coordinate_put(local, seen, sibling(dot(n1, 1)), DotSet{dot(n0, 1), dot(n3, 4)});
  CHECK(effect.discarded == 1);
  CHECK(dots_of(local.live) == Dots{dot(n1, 1), dot(n2, 1)});
  CHECK(local.rest == DotSet{dot(n3, 4)});  // not received yet, and dead when it comes
  CHECK_FALSE(seen.contains(dot(n3, 4)));
}

TEST_CASE("the context of an absent key is not the same as none") {
  Object local = object({dot(n0, 1)});
  DotSet seen{dot(n0, 1)};
  coordinate_put(local, seen, sibling(dot(n0, 2)), DotSet());
  CHECK(dots_of(local.live) == Dots{dot(n0, 1), dot(n0, 2)});
}

TEST_CASE("a delete leaves nothing behind but its dot in the clock") {
  Object local = object({dot(n0, 1)});
  DotSet seen{dot(n0, 1)};
  const WriteEffect effect = coordinate_remove(local, seen, dot(n0, 2), {});
  CHECK(effect.discarded == 1);
  CHECK(local.empty());
  CHECK(seen.contains(dot(n0, 2)));
}

TEST_CASE("a delete with a context keeps values that the client did not see") {
  Object local = object({dot(n0, 1), dot(n1, 1)});
  DotSet seen{dot(n0, 1), dot(n1, 1)};
  coordinate_remove(local, seen, dot(n0, 2), DotSet{dot(n0, 1)});
  CHECK(dots_of(local.live) == Dots{dot(n1, 1)});
}

TEST_CASE("deleting what does not exist is a write too") {
  Object local;
  DotSet seen;
  const WriteEffect effect = coordinate_remove(local, seen, dot(n0, 1), {});
  CHECK_FALSE(effect.existed);
  CHECK(effect.discarded == 0);
  CHECK(seen.contains(dot(n0, 1)));
}

TEST_CASE("concurrent values become siblings in the order of their dots") {
  Object local = object({dot(n1, 1)});
  DotSet seen{dot(n1, 1)};
  const Frame frame{
      {sibling(dot(n0, 1)), sibling(dot(n2, 1))}, DotSet{dot(n0, 1), dot(n2, 1)}, {dot(n2, 1)}};
  const Change change = merge(local, seen, frame);
  CHECK(change.object_changed);
  CHECK(change.learned == Dots{dot(n0, 1), dot(n2, 1)});
  CHECK(change.discarded == 0);
  CHECK(dots_of(local.live) == Dots{dot(n0, 1), dot(n1, 1), dot(n2, 1)});
}

TEST_CASE("a frame discards what its context covers and does not hold") {
  Object local = object({dot(n0, 1), dot(n1, 1)});
  DotSet seen{dot(n0, 1), dot(n1, 1)};
  const Frame frame{{sibling(dot(n0, 2))}, DotSet{dot(n0, 1), dot(n0, 2)}, {dot(n0, 2)}};
  const Change change = merge(local, seen, frame);
  CHECK(change.discarded == 1);
  CHECK(dots_of(local.live) == Dots{dot(n0, 2), dot(n1, 1)});
}

TEST_CASE("the same frame again changes nothing") {
  Object local;
  DotSet seen;
  const Frame frame{{sibling(dot(n0, 2))}, DotSet{dot(n0, 1), dot(n0, 2)}, {dot(n0, 2)}};
  merge(local, seen, frame);
  const Change again = merge(local, seen, frame);
  CHECK_FALSE(again.object_changed);
  CHECK(again.learned.empty());
  CHECK(again.discarded == 0);
}

TEST_CASE("a frame that only teaches dead dots changes the clock and not the object") {
  Object local;
  DotSet seen;
  const Change change = merge(local, seen, {{}, DotSet{dot(n0, 1)}, {dot(n0, 1)}});
  CHECK_FALSE(change.object_changed);
  CHECK(change.learned == Dots{dot(n0, 1)});
}

TEST_CASE("dead dots that the clock lacks are kept with the key until it has them") {
  Object local;
  DotSet seen;
  const Change change = merge(local, seen, {{}, DotSet{dot(n0, 1), dot(n0, 2)}, {dot(n0, 2)}});
  CHECK(change.object_changed);
  CHECK(local.rest == DotSet{dot(n0, 1)});
  CHECK_FALSE(settle(local, seen));
  seen.add(dot(n0, 1));
  CHECK(settle(local, seen));
  CHECK(local.empty());
}

TEST_CASE("a frame carries everything its sender vouches for") {
  Object local = object({dot(n0, 3)});
  local.rest = DotSet{dot(n2, 9)};
  const Frame frame = frame_of(local, DotSet{dot(n0, 3), dot(n1, 1)}, {dot(n0, 4)});
  CHECK(dots_of(frame.live) == Dots{dot(n0, 3)});
  CHECK(frame.context == DotSet{dot(n0, 3), dot(n0, 4), dot(n1, 1), dot(n2, 9)});
  CHECK(frame.names == Dots{dot(n0, 4)});
  CHECK(filled_context(local, DotSet{dot(n0, 3), dot(n1, 1)}) ==
        DotSet{dot(n0, 3), dot(n1, 1), dot(n2, 9)});
}

}  // namespace
}  // namespace ouro::kv
