#include "base/random.hpp"

#include "tests/support/catch.hpp"

#include <array>

namespace ouro {
namespace {

TEST_CASE("one seed, one history") {
  SeededRandom a(7), b(7), c(8);
  bool all_equal = true, any_differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = a.next();
    all_equal = all_equal && value == b.next();
    any_differs = any_differs || value != c.next();
  }
  CHECK(all_equal);
  CHECK(any_differs);
}

TEST_CASE("bounded draws stay in bounds and reach all of them") {
  SeededRandom random(1);
  std::array<int, 5> seen{};
  for (int i = 0; i < 1000; ++i) ++seen.at(random.below(5));
  for (const int count : seen) CHECK(count > 100);
}

}  // namespace
}  // namespace ouro
