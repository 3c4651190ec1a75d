// Properties of buckets.
#include "cluster/apply_parts.hpp"
#include "cluster/rules.hpp"

namespace ouro::cluster::apply_parts {
namespace {

bool same_place(const BucketProperties& a, const BucketProperties& b) {
  return a.n == b.n && a.placement == b.placement;
}

bool same(const BucketProperties& a, const BucketProperties& b) {
  return same_place(a, b) && a.r == b.r && a.w == b.w;
}

// A write begun before a bucket got another generation would be acknowledged and never seen: it is
// begun anew instead.
void fence_all(State& state) { state.changed_at.assign(state.changed_at.size(), state.epoch); }

std::string text(const BucketProperties& properties) {
  return "n=" + std::to_string(properties.n) + " r=" + std::to_string(properties.r) +
         " w=" + std::to_string(properties.w) + " placement=\"" + properties.placement + "\"";
}

}  // namespace

Result<Applied> carry_out(State& state, const SetBucket& set, const Origin& origin) {
  if (const Status checked = check_bucket_name(set.name); !checked) return checked.error();
  if (const Status checked = check_properties(set.properties); !checked) return checked.error();
  const auto at = state.buckets.find(set.name);
  const bool configured = at != state.buckets.end() && !at->second.dropped;
  BucketProperties properties = set.properties;
  const BucketProperties present = bucket(state, set.name);
  properties.generation = present.generation;
  const std::string what = "bucket " + set.name + ": " + text(properties);
  if (configured && !same_place(properties, present))
    return refuse(ErrorCode::invalid_argument,
                  "n and placement of bucket " + set.name +
                      " say where its data lies and cannot change: copy it into another bucket");
  if (configured && same(properties, present)) return already(state, what);
  if (at == state.buckets.end() && state.buckets.size() >= StateLimits::bucket_names)
    return refuse(ErrorCode::busy, "the cluster knows " + std::to_string(state.buckets.size()) +
                                       " names of buckets, which is the most there may be");

  begin(state);
  if (!configured && !same_place(properties, present)) {
    properties.generation = state.next_generation++;
    fence_all(state);
  }
  state.buckets[set.name] = Bucket{properties, false};
  return told(state, origin, what);
}

Result<Applied> carry_out(State& state, const DropBucket& drop, const Origin& origin) {
  const auto at = state.buckets.find(drop.name);
  if (at == state.buckets.end())
    return refuse(ErrorCode::not_found, "no bucket " + drop.name + " is configured");
  const std::string what = "bucket " + drop.name + " was dropped";
  if (at->second.dropped) return already(state, what);

  begin(state);
  BucketProperties left;
  left.generation = state.next_generation++;
  at->second = Bucket{left, true};
  fence_all(state);
  Applied applied = told(state, origin, what);
  applied.change_ended = settle(state);  // arcs may have waited for its replicas alone
  return applied;
}

Result<Applied> carry_out(State& state, const SetDefaults& set, const Origin& origin) {
  if (const Status checked = check_properties(set.properties); !checked) return checked.error();
  const std::string what = "defaults: " + text(set.properties);
  if (!same_place(set.properties, state.defaults))
    return refuse(
        ErrorCode::invalid_argument,
        "n and placement of the defaults say where the data of all other buckets lies and "
        "cannot change: configure the bucket that shall differ by name");
  if (same(set.properties, state.defaults)) return already(state, what);

  begin(state);
  state.defaults.r = set.properties.r;
  state.defaults.w = set.properties.w;
  return told(state, origin, what);
}

}  // namespace ouro::cluster::apply_parts
