// The bytes of a dot set.
#include "kv/dot_set.hpp"

#include "kv/strict_reader.hpp"

#include <algorithm>
#include <limits>

namespace ouro::kv {

namespace {

constexpr char clock_version = 1;

Error damaged() {
  return {ErrorCode::corruption, "dot set: not in its canonical form, or cut short"};
}

/// Reads one actor's name; `previous` is the one before it, node 0 at the start.
Actor read_actor(StrictReader& strict, const Actor& previous) {
  const std::uint64_t node_max = std::numeric_limits<std::uint32_t>::max();
  const std::uint64_t nodes_on = strict.number(node_max - to_integer(previous.node));
  const bool same_node = nodes_on == 0;
  if (same_node && previous.boot == std::numeric_limits<Boot>::max()) {
    strict.refuse();
    return previous;
  }
  const std::uint64_t least_boot = same_node ? std::uint64_t{previous.boot} + 1 : 0;
  const std::uint64_t boot =
      least_boot + strict.number(std::numeric_limits<Boot>::max() - least_boot);
  return {NodeId(static_cast<std::uint32_t>(to_integer(previous.node) + nodes_on)),
          static_cast<Boot>(boot)};
}

}  // namespace

void DotSet::encode(std::string& out) const {
  std::size_t actors = 0;
  for (std::size_t i = 0; i < intervals_.size(); ++i)
    actors += i == 0 || intervals_[i].actor != intervals_[i - 1].actor;
  put_varint(out, actors);
  Actor previous;
  for (auto from = intervals_.begin(); from != intervals_.end();) {
    const Actor actor = from->actor;
    const auto to = std::find_if(from, intervals_.end(),
                                 [&](const Interval& next) { return next.actor != actor; });
    put_varint(out, to_integer(actor.node) - to_integer(previous.node));
    put_varint(out, actor.node == previous.node ? actor.boot - previous.boot - 1 : actor.boot);
    put_varint(out, static_cast<std::uint64_t>(to - from));
    // Neighbours are at least one missing counter apart, and the first counter is 1: what cannot be
    // is not written, so that no bytes can mean it.
    std::uint64_t least = 1;
    for (; from != to; ++from) {
      put_varint(out, from->first - least);
      put_varint(out, from->last - from->first);
      least = from->last + 2;
    }
    previous = actor;
  }
}

Result<DotSet> DotSet::decode(Reader& reader) {
  StrictReader strict(reader);
  DotSet set;
  Actor actor;
  const std::uint64_t actors = strict.number(interval_count_max);
  for (std::uint64_t a = 0; a < actors && strict.ok(); ++a) {
    actor = read_actor(strict, actor);
    const std::uint64_t count = strict.number(interval_count_max - set.intervals_.size());
    if (count == 0 || actor.node == NodeId{}) return damaged();
    std::uint64_t least = 1;
    for (std::uint64_t i = 0; i < count && strict.ok(); ++i) {
      if (least > counter_max) return damaged();
      const std::uint64_t first = least + strict.number(counter_max - least);
      const std::uint64_t last = first + strict.number(counter_max - first);
      set.intervals_.push_back({actor, first, last});
      least = last + 2;
    }
  }
  if (!strict.ok()) return damaged();
  return set;
}

std::string encode_clock(const DotSet& seen) {
  std::string bytes(1, clock_version);
  seen.encode(bytes);
  return bytes;
}

Result<DotSet> decode_clock(std::string_view bytes) {
  Reader reader(bytes);
  const auto version = reader.fixed<char>();
  if (!reader.ok()) return Error{ErrorCode::corruption, "clock: empty record"};
  if (version != clock_version)
    return Error{ErrorCode::unsupported, "clock: written by a later version (" +
                                             std::to_string(int{version}) +
                                             "); start that version again"};
  Result<DotSet> seen = DotSet::decode(reader);
  if (seen && !reader.finished())
    return Error{ErrorCode::corruption,
                 "clock: " + std::to_string(reader.rest().size()) + " bytes follow the dot set"};
  return seen;
}

}  // namespace ouro::kv
