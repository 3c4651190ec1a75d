#include "kv/merge.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace ouro::kv {

namespace {

/// rest = (rest + dots) - seen. True if that changed it. Both are nearly always empty.
bool update_rest(Object& local, const DotSet& dots, const DotSet& seen) {
  if (local.rest.empty() && dots.empty()) return false;
  DotSet rest = local.rest;
  rest.add(dots);
  rest.subtract(seen);
  if (rest == local.rest) return false;
  local.rest = std::move(rest);
  return true;
}

/// live = (L n F) + (L - F.context) + (F - cover), where cover = seen + rest.
void merge_live(Object& local, const DotSet& seen, const Frame& frame, Change& change) {
  std::vector<Sibling> merged;
  merged.reserve(local.live.size() + frame.live.size());
  auto mine = local.live.begin();
  auto theirs = frame.live.begin();
  while (mine != local.live.end() || theirs != frame.live.end()) {
    if (theirs == frame.live.end() || (mine != local.live.end() && mine->dot < theirs->dot)) {
      if (frame.context.contains(mine->dot))
        ++change.discarded;
      else
        merged.push_back(std::move(*mine));
      ++mine;
    } else if (mine == local.live.end() || theirs->dot < mine->dot) {
      // Seen and not live: dead here. So an old frame needs no special care.
      if (!seen.contains(theirs->dot) && !local.rest.contains(theirs->dot)) {
        merged.push_back(*theirs);
        change.object_changed = true;
      }
      ++theirs;
    } else {
      merged.push_back(std::move(*mine));
      ++mine;
      ++theirs;
    }
  }
  change.object_changed |= change.discarded > 0;
  local.live = std::move(merged);
}

/// The dots of which the frame carries the effect, as far as they are news. Never its context: that
/// names effects on other keys, and on this one, which the receiver has not got.
std::vector<Dot> news(const DotSet& seen, const Frame& frame) {
  std::vector<Dot> dots;
  for (const Sibling& sibling : frame.live)
    if (!seen.contains(sibling.dot)) dots.push_back(sibling.dot);
  for (const Dot& dot : frame.names)
    if (!seen.contains(dot)) dots.push_back(dot);
  std::sort(dots.begin(), dots.end());
  dots.erase(std::unique(dots.begin(), dots.end()), dots.end());
  return dots;
}

WriteEffect replace_covered(Object& local, DotSet& seen, Dot dot,
                            const std::optional<DotSet>& context) {
  check(well_formed(dot) && !seen.contains(dot));
  WriteEffect effect;
  effect.existed = !local.live.empty();
  if (context) {
    effect.discarded = std::erase_if(
        local.live, [&](const Sibling& sibling) { return context->contains(sibling.dot); });
  } else {
    effect.discarded = local.live.size();
    local.live.clear();
  }
  seen.add(dot);
  // Without a context only dots that are live here, and therefore seen, are covered.
  update_rest(local, context ? context->difference(seen) : DotSet(), seen);
  return effect;
}

}  // namespace

Change merge(Object& local, DotSet& seen, const Frame& frame) {
  Change change;
  merge_live(local, seen, frame, change);
  const DotSet unseen = frame.context.difference(seen);
  change.learned = news(seen, frame);
  for (const Dot& dot : change.learned) seen.add(dot);
  change.object_changed |= update_rest(local, unseen, seen);
  return change;
}

WriteEffect coordinate_put(Object& local, DotSet& seen, Sibling value,
                           const std::optional<DotSet>& context) {
  const WriteEffect effect = replace_covered(local, seen, value.dot, context);
  const auto at =
      std::partition_point(local.live.begin(), local.live.end(),
                           [&](const Sibling& sibling) { return sibling.dot < value.dot; });
  local.live.insert(at, std::move(value));
  return effect;
}

WriteEffect coordinate_remove(Object& local, DotSet& seen, Dot dot,
                              const std::optional<DotSet>& context) {
  return replace_covered(local, seen, dot, context);
}

bool settle(Object& local, const DotSet& seen) { return update_rest(local, DotSet(), seen); }

DotSet filled_context(const Object& object, const DotSet& durable_seen) {
  DotSet context = durable_seen;
  context.add(object.rest);
  return context;
}

Frame frame_of(const Object& object, const DotSet& durable_seen, std::vector<Dot> names) {
  Frame frame{object.live, filled_context(object, durable_seen), std::move(names)};
  for (const Dot& dot : frame.names) frame.context.add(dot);
  return frame;
}

}  // namespace ouro::kv
