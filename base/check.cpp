#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace ouro {

void check_failed(const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: an invariant does not hold; the process stops\n", file, line);
  std::abort();
}

}  // namespace ouro
