// Small pieces that the tests of kv/ are made of.
#pragma once

#include "base/random.hpp"
#include "kv/dot_set.hpp"
#include "kv/merge.hpp"
#include "kv/object.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ouro::kv {

constexpr NodeId n0{10}, n1{11}, n2{12}, n3{13};

inline Dot dot(NodeId node, std::uint64_t counter, Boot boot = 1) {
  return {{node, boot}, counter};
}

inline Sibling sibling(Dot dot, std::string value = "value") {
  Sibling sibling;
  sibling.dot = dot;
  sibling.value = SharedBytes(std::move(value));
  return sibling;
}

inline Object object(const std::vector<Dot>& dots) {
  Object object;
  for (const Dot& dot : dots) object.live.push_back(sibling(dot));
  return object;
}

inline std::vector<Dot> dots_of(const std::vector<Sibling>& live) {
  std::vector<Dot> dots;
  for (const Sibling& sibling : live) dots.push_back(sibling.dot);
  return dots;
}

/// Up to `most` dots of a few actors, near each other so that intervals form.
inline std::vector<Dot> random_dots(Random& random, std::uint64_t most) {
  std::vector<Dot> dots;
  for (std::uint64_t count = random.below(most + 1); count > 0; --count)
    dots.push_back(dot(NodeId(static_cast<std::uint32_t>(1 + random.below(3))),
                       1 + random.below(12), static_cast<Boot>(random.below(2))));
  return dots;
}

inline DotSet dot_set(const std::vector<Dot>& dots) {
  DotSet set;
  for (const Dot& dot : dots) set.add(dot);
  return set;
}

/// A write on its way: the frame and whose key it is.
struct SentMessage {
  int key = 0;
  Frame frame;
};

/// One owner of an arc with everything in memory: each change is durable at once.
class Replica {
 public:
  explicit Replica(NodeId node) : actor_{node, 1} {}

  SentMessage put(int key, const std::optional<DotSet>& context = {}) {
    const Dot dot = mint();
    coordinate_put(objects_[key], seen_, sibling(dot, to_string(dot)), context);
    return answer(key, {dot});
  }
  SentMessage remove(int key, const std::optional<DotSet>& context = {}) {
    const Dot dot = mint();
    coordinate_remove(objects_[key], seen_, dot, context);
    drop_if_empty(key);
    return answer(key, {dot});
  }
  Change deliver(const SentMessage& message) {
    Change change = merge(objects_[message.key], seen_, message.frame);
    drop_if_empty(message.key);
    return change;
  }
  /// The present state of a key, as sent to whoever lacks the effects of `names`.
  SentMessage answer(int key, std::vector<Dot> names) const {
    return {key, frame_of(object(key), seen_, std::move(names))};
  }
  DotSet context(int key) const { return filled_context(object(key), seen_); }
  void settle_all() {
    for (auto& [key, object] : objects_) settle(object, seen_);
    std::erase_if(objects_, [](const auto& entry) { return entry.second.empty(); });
  }

  Object object(int key) const {
    const auto at = objects_.find(key);
    return at == objects_.end() ? Object() : at->second;
  }
  std::vector<Dot> live(int key) const { return dots_of(object(key).live); }
  const DotSet& seen() const { return seen_; }
  std::size_t object_count() const { return objects_.size(); }

 private:
  void drop_if_empty(int key) {
    if (objects_[key].empty()) objects_.erase(key);
  }
  Dot mint() const { return {actor_, seen_.last_counter(actor_) + 1}; }

  Actor actor_;
  std::map<int, Object> objects_;
  DotSet seen_;
};

}  // namespace ouro::kv
