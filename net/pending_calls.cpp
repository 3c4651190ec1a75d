#include "net/pending_calls.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace ouro::net {
namespace {

constexpr unsigned place_bits = 16;
constexpr std::uint64_t place_mask = (std::uint64_t{1} << place_bits) - 1;

}  // namespace

std::uint64_t PendingCalls::add(Instant deadline, std::uint64_t position, Done done) {
  check(!full());
  if (free_.empty()) {
    check(calls_.size() <= place_mask);
    free_.push_back(calls_.size());
    calls_.emplace_back();
  }
  const std::size_t place = free_.back();
  free_.pop_back();
  Call& call = calls_[place];
  call.stream = ++uses_ << place_bits | place;
  call.deadline = deadline;
  call.position = position;
  call.done = std::move(done);
  ++size_;
  earliest_ = std::min(earliest_, deadline);
  return call.stream;
}

PendingCalls::Done PendingCalls::take(std::uint64_t stream) {
  const std::size_t place = stream & place_mask;
  if (place >= calls_.size() || !calls_[place].done || calls_[place].stream != stream) return {};
  return release(place);
}

std::vector<PendingCalls::Done> PendingCalls::take_expired(Instant now) {
  std::vector<Done> expired;
  if (now < earliest_) return expired;
  earliest_ = Instant::max();
  for (std::size_t place = 0; place < calls_.size(); ++place) {
    if (!calls_[place].done) continue;
    if (calls_[place].deadline <= now)
      expired.push_back(release(place));
    else
      earliest_ = std::min(earliest_, calls_[place].deadline);
  }
  return expired;
}

std::vector<PendingCalls::Lost> PendingCalls::take_all(std::uint64_t written_end) {
  std::vector<Lost> lost;
  for (std::size_t place = 0; place < calls_.size(); ++place) {
    if (!calls_[place].done) continue;
    const bool perhaps_written = calls_[place].position < written_end;
    lost.push_back(Lost{release(place), perhaps_written});
  }
  earliest_ = Instant::max();
  return lost;
}

PendingCalls::Done PendingCalls::release(std::size_t place) {
  --size_;
  free_.push_back(place);
  return std::exchange(calls_[place].done, Done());
}

}  // namespace ouro::net
