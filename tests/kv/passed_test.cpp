// What streams prove about an arc's keys.
#include "kv/passed.hpp"
#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

#include <string>

namespace ouro::kv {
namespace {

const DotSet one{dot(n0, 1)}, two{dot(n0, 1), dot(n0, 2)}, other{dot(n1, 1), dot(n0, 1)};

TEST_CASE("a stream is complete when it has reached the end", "[passed]") {
  Passed passed;
  CHECK_FALSE(passed.begun());
  passed.add({"", "c", one});
  CHECK(passed.begun());
  CHECK(passed.next() == "c");
  passed.add({"c", "", one});
  CHECK(passed.complete());
  CHECK(passed.adopt() == one);
  CHECK_FALSE(passed.begun());
  CHECK(passed.next().empty());
}

TEST_CASE("a stream in several pieces proves what all their clocks share", "[passed]") {
  Passed passed;
  passed.add({"", "c", two});
  passed.add({"c", "f", other});
  passed.add({"f", "", two});
  CHECK(passed.adopt() == one);
}

TEST_CASE("a dot is dead for the keys of its clock's stretch only", "[passed]") {
  Passed passed;
  passed.add({"", "c", one});
  passed.add({"c", "", other});
  CHECK(passed.dead_for("b") == one);
  CHECK(passed.dead_for("c") == other);
  CHECK(passed.dead_for("z") == other);
}

TEST_CASE("what a stream passed over is known until the clock covers it", "[passed]") {
  Passed passed;
  passed.add({"", "c", two});
  passed.add({"c", "", one});
  passed.adopt();
  CHECK(passed.forget(one));
  CHECK(passed.dead_for("b") == two);
  CHECK(passed.dead_for("d").empty());
  CHECK_FALSE(passed.forget(one));
  CHECK(passed.forget(two));
  CHECK(passed.empty());
}

TEST_CASE("a new stream replaces what it says as well", "[passed]") {
  Passed passed;
  passed.add({"", "c", one});
  passed.restart();
  passed.add({"", "b", two});
  CHECK(passed.dead_for("bb") == one);
  passed.add({"b", "d", two});
  CHECK(passed.forget({}) == false);
  CHECK(passed.dead_for("bb") == two);
  Passed same;
  same.add({"", "d", two});
  CHECK(passed == same);
}

TEST_CASE("stretches with one clock become one", "[passed]") {
  Passed passed, whole;
  for (const char* end : {"a", "b", "c"}) passed.add({passed.next(), end, one});
  whole.add({"", "c", one});
  CHECK(passed == whole);
}

TEST_CASE("a stream record reads as it was written, and nothing else reads", "[passed]") {
  Passed passed;
  passed.add({"", "c", two});
  passed.restart();
  passed.add({"", std::string("b\0", 2), one});
  passed.add({passed.next(), "x", other});
  const std::string bytes = passed.encode();
  const Result<Passed> back = Passed::decode(bytes);
  REQUIRE(back);
  CHECK(*back == passed);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(Passed::decode(bytes.substr(0, size)));
  CHECK_FALSE(Passed::decode(bytes + '\0'));
  std::string later = bytes;
  later[0] = 2;
  REQUIRE_FALSE(Passed::decode(later));
  CHECK(Passed::decode(later).error().code == ErrorCode::unsupported);
}

TEST_CASE("a stream record with a gap is refused", "[passed]") {
  Passed passed;
  passed.add({"", "c", two});
  passed.add({"c", "e", one});
  std::string bytes = passed.encode();
  bytes[bytes.find("c", bytes.find("c") + 1)] = 'd';
  CHECK_FALSE(Passed::decode(bytes));
}

}  // namespace
}  // namespace ouro::kv
