#include "base/pages.hpp"

#include "tests/support/catch.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace ouro {
namespace {

bool all_zero(const Pages& pages) {
  return std::all_of(pages.data(), pages.data() + pages.size(), [](char c) { return c == 0; });
}

TEST_CASE("pages are zeroed, whole and writable to their end") {
  for (const Pages::Kind kind : {Pages::Kind::normal, Pages::Kind::huge}) {
    for (const std::size_t size :
         {std::size_t{1}, Pages::page_bytes, Pages::huge_page_bytes, Pages::huge_page_bytes + 1}) {
      CAPTURE(size);
      const Pages pages(size, kind);
      CHECK(pages.size() >= size);
      CHECK(pages.size() < size + Pages::page_bytes);
      CHECK(all_zero(pages));
      std::memset(pages.data(), 1, pages.size());
    }
  }
}

TEST_CASE("huge pages begin where the processor can map them") {
  const Pages pages(3 * Pages::huge_page_bytes, Pages::Kind::huge);
  CHECK(reinterpret_cast<std::uintptr_t>(pages.data()) % Pages::huge_page_bytes == 0);
}

TEST_CASE("pages move with what was written to them") {
  Pages first(1, Pages::Kind::normal);
  first.data()[0] = 'x';
  Pages second(std::move(first));
  CHECK(first.data() == nullptr);
  Pages third;
  third = std::move(second);
  CHECK(third.data()[0] == 'x');
}

TEST_CASE("more pages than there are addresses are refused") {
  for (const std::size_t size : {std::numeric_limits<std::size_t>::max(), std::size_t{1} << 62}) {
    bool refused = false;
    try {
      const Pages pages(size, Pages::Kind::huge);
    } catch (const std::bad_alloc&) {
      refused = true;
    }
    CHECK(refused);
  }
}

}  // namespace
}  // namespace ouro
