#include "kv/dot_set.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace ouro::kv {

namespace {

/// All of `a` comes before `b` begins.
bool before(const Interval& a, const Interval& b) {
  return a.actor != b.actor ? a.actor < b.actor : a.last < b.first;
}

/// Appends an interval that does not begin before the last one does.
void append_joined(std::vector<Interval>& out, const Interval& next) {
  if (!out.empty() && out.back().actor == next.actor && next.first <= out.back().last + 1)
    out.back().last = std::max(out.back().last, next.last);
  else
    out.push_back(next);
}

/// The first interval that ends at or after `dot`.
std::vector<Interval>::const_iterator find(const std::vector<Interval>& intervals, const Dot& dot) {
  return std::partition_point(intervals.begin(), intervals.end(), [&](const Interval& interval) {
    return before(interval, {dot.actor, dot.counter, dot.counter});
  });
}

}  // namespace

DotSet::DotSet(std::initializer_list<Dot> dots) {
  for (const Dot& dot : dots) add(dot);
}

void DotSet::add(Dot dot) { add(Interval{dot.actor, dot.counter, dot.counter}); }

void DotSet::add(const Interval& interval) {
  check(well_formed({interval.actor, interval.first}));
  check(interval.first <= interval.last && interval.last <= counter_max);
  // One counter earlier, so that an interval that ends just before is joined.
  const auto from = intervals_.begin() +
                    (find(intervals_, {interval.actor, interval.first - 1}) - intervals_.begin());
  auto to = from;
  Interval joined = interval;
  while (to != intervals_.end() && to->actor == interval.actor && to->first <= interval.last + 1) {
    joined.first = std::min(joined.first, to->first);
    joined.last = std::max(joined.last, to->last);
    ++to;
  }
  if (from == to) {
    intervals_.insert(from, joined);
  } else {
    *from = joined;
    intervals_.erase(from + 1, to);
  }
}

void DotSet::add(const DotSet& other) {
  if (other.empty() || covers(other)) return;
  std::vector<Interval> joined;
  joined.reserve(intervals_.size() + other.intervals_.size());
  auto left = intervals_.begin();
  auto right = other.intervals_.begin();
  while (left != intervals_.end() || right != other.intervals_.end()) {
    const bool take_left =
        right == other.intervals_.end() || (left != intervals_.end() && *left < *right);
    append_joined(joined, take_left ? *left++ : *right++);
  }
  intervals_ = std::move(joined);
}

void DotSet::subtract(const DotSet& other) {
  if (intersects(other)) *this = difference(other);
}

DotSet DotSet::difference(const DotSet& other) const {
  DotSet result;
  auto hole = other.intervals_.begin();
  for (Interval left : intervals_) {
    while (hole != other.intervals_.end() && before(*hole, left)) ++hole;
    // The last hole may reach into the next interval: it is looked at again.
    for (; hole != other.intervals_.end() && !before(left, *hole); ++hole) {
      if (left.first < hole->first)
        result.intervals_.push_back({left.actor, left.first, hole->first - 1});
      left.first = hole->last + 1;
      if (left.first > left.last) break;
    }
    if (left.first <= left.last) result.intervals_.push_back(left);
  }
  return result;
}

DotSet DotSet::intersection(const DotSet& other) const {
  DotSet result;
  auto left = intervals_.begin();
  auto right = other.intervals_.begin();
  while (left != intervals_.end() && right != other.intervals_.end()) {
    if (before(*left, *right)) {
      ++left;
    } else if (before(*right, *left)) {
      ++right;
    } else {
      result.intervals_.push_back(
          {left->actor, std::max(left->first, right->first), std::min(left->last, right->last)});
      left->last < right->last ? ++left : ++right;
    }
  }
  return result;
}

bool DotSet::contains(const Dot& dot) const {
  const auto at = find(intervals_, dot);
  return at != intervals_.end() && at->actor == dot.actor && at->first <= dot.counter;
}

bool DotSet::covers(const DotSet& other) const {
  auto mine = intervals_.begin();
  for (const Interval& theirs : other.intervals_) {
    while (mine != intervals_.end() && before(*mine, theirs)) ++mine;
    if (mine == intervals_.end() || mine->actor != theirs.actor || mine->first > theirs.first ||
        mine->last < theirs.last)
      return false;
  }
  return true;
}

bool DotSet::intersects(const DotSet& other) const {
  auto left = intervals_.begin();
  auto right = other.intervals_.begin();
  while (left != intervals_.end() && right != other.intervals_.end()) {
    if (before(*left, *right))
      ++left;
    else if (before(*right, *left))
      ++right;
    else
      return true;
  }
  return false;
}

std::uint64_t DotSet::dot_count() const noexcept {
  std::uint64_t sum = 0;
  for (const Interval& interval : intervals_) {
    const std::uint64_t count = interval.last - interval.first + 1;
    if (count > std::numeric_limits<std::uint64_t>::max() - sum)
      return std::numeric_limits<std::uint64_t>::max();
    sum += count;
  }
  return sum;
}

std::uint64_t DotSet::last_counter(const Actor& actor) const {
  const auto after =
      std::partition_point(intervals_.begin(), intervals_.end(),
                           [&](const Interval& interval) { return interval.actor <= actor; });
  if (after == intervals_.begin() || (after - 1)->actor != actor) return 0;
  return (after - 1)->last;
}

std::uint64_t DotSet::hash() const {
  std::string bytes;
  encode(bytes);
  return hash64(bytes);
}

}  // namespace ouro::kv
