#include "kv/passed.hpp"

#include "base/check.hpp"
#include "kv/strict_reader.hpp"

#include <algorithm>
#include <utility>

namespace ouro::kv {
namespace {

constexpr char stream_version = 1;
constexpr std::size_t bound_size_max = 64 * 1024;

Error malformed() {
  return {ErrorCode::corruption,
          "table clocks: a stream record is malformed; run ouro verify on this node"};
}

void put_stretches(std::string& out, const std::vector<Stretch>& stretches) {
  put_varint(out, stretches.size());
  for (const Stretch& stretch : stretches) {
    put_sized(out, stretch.start);
    put_sized(out, stretch.end);
    stretch.clock.encode(out);
  }
}

bool read_stretches(Reader& reader, StrictReader& strict, std::vector<Stretch>& stretches) {
  const std::uint64_t count = strict.number(Passed::stretches_max + 1);
  for (std::uint64_t i = 0; i < count && strict.ok(); ++i) {
    Stretch stretch;
    stretch.start = strict.text(bound_size_max);
    stretch.end = strict.text(bound_size_max);
    if (!strict.ok()) return false;
    Result<DotSet> clock = DotSet::decode(reader);
    if (!clock) return false;
    if (!stretch.end.empty() && stretch.end <= stretch.start) return false;
    stretch.clock = std::move(*clock);
    stretches.push_back(std::move(stretch));
  }
  return strict.ok();
}

bool end_to_end(const std::vector<Stretch>& stretches) {
  std::string at;
  for (std::size_t i = 0; i < stretches.size(); ++i) {
    if (stretches[i].start != at || (i > 0 && at.empty())) return false;
    at = stretches[i].end;
  }
  return true;
}

/// Do the keys of `inner` all lie in `outer`?
bool within(const Stretch& inner, const Stretch& outer) {
  if (inner.start < outer.start) return false;
  return outer.end.empty() || (!inner.end.empty() && inner.end <= outer.end);
}

}  // namespace

void Passed::add(Stretch stretch) {
  check(!complete() && stretch.start == next());
  check(stretch.end.empty() || stretch.end > stretch.start);
  if (!stream_.empty() && stream_.back().clock == stretch.clock) {
    stream_.back().end = std::move(stretch.end);
  } else {
    stream_.push_back(std::move(stretch));
  }
  const Stretch& newest = stream_.back();
  std::erase_if(older_, [&](const Stretch& old) {
    return within(old, newest) && newest.clock.covers(old.clock);
  });
}

void Passed::restart() {
  for (Stretch& stretch : stream_) older_.push_back(std::move(stretch));
  stream_.clear();
}

DotSet Passed::adopt() {
  check(complete());
  DotSet shared = stream_.front().clock;
  for (const Stretch& stretch : stream_) shared = shared.intersection(stretch.clock);
  restart();
  return shared;
}

DotSet Passed::dead_for(std::string_view key) const {
  DotSet dead;
  for (const auto* stretches : {&stream_, &older_})
    for (const Stretch& stretch : *stretches)
      if (stretch.contains(key)) dead.add(stretch.clock);
  return dead;
}

bool Passed::forget(const DotSet& seen) {
  return std::erase_if(older_, [&](const Stretch& old) { return seen.covers(old.clock); }) > 0;
}

bool Passed::covered_by(const DotSet& seen) const {
  const auto covered = [&](const Stretch& stretch) { return seen.covers(stretch.clock); };
  return std::ranges::all_of(stream_, covered) && std::ranges::all_of(older_, covered);
}

std::string Passed::encode() const {
  std::string bytes(1, stream_version);
  put_stretches(bytes, stream_);
  put_stretches(bytes, older_);
  return bytes;
}

Result<Passed> Passed::decode(std::string_view bytes) {
  Reader reader(bytes);
  const auto version = reader.fixed<char>();
  if (reader.ok() && version != stream_version)
    return Error{ErrorCode::unsupported, "a stream record has version " +
                                             std::to_string(int{version}) +
                                             ", this build knows 1 only; start a later one"};
  StrictReader strict(reader);
  Passed passed;
  if (!read_stretches(reader, strict, passed.stream_)) return malformed();
  if (!read_stretches(reader, strict, passed.older_)) return malformed();
  if (!reader.finished() || !end_to_end(passed.stream_)) return malformed();
  return passed;
}

}  // namespace ouro::kv
