#include "net/system_random.hpp"

#include "base/check.hpp"

#include <sys/random.h>

#include <cerrno>
#include <utility>

namespace ouro::net {
namespace {

void fill(char* at, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::getrandom(at, size, 0);
    check(got > 0 || errno == EINTR);
    if (got <= 0) continue;
    at += got;
    size -= static_cast<std::size_t>(got);
  }
}

}  // namespace

std::uint64_t SystemRandom::next() {
  if (used_ == drawn_.size()) {
    fill(reinterpret_cast<char*>(drawn_.data()), sizeof drawn_);
    used_ = 0;
  }
  return std::exchange(drawn_[used_++], 0);  // what was handed out stays nowhere
}

}  // namespace ouro::net
