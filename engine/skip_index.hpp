// How a place in a long chain of keys is found in logarithmic time.
#pragma once

#include "engine/arena.hpp"
#include "engine/key_node.hpp"

#include <atomic>
#include <cstdint>
#include <string_view>

namespace ouro::engine {

/// A skip list (Pugh 1990) over a chain of KeyNodes in key order: the chain is its lowest level,
/// and a quarter of the nodes have a tower beside it that reaches the levels above. So a chain that
/// readers walk already can be given an index. One writer; readers need no locks; in an arena.
class SkipIndex {
 public:
  class Tower;

  /// Over the `count` nodes that begin with `first`.
  static SkipIndex* make(Arena& arena, KeyNode* first, std::size_t count);

  KeyNode* first() const { return first_.load(std::memory_order_acquire); }
  /// The first node of the chain that is not before (prefix, key); null past the end.
  KeyNode* seek(std::uint64_t prefix, std::string_view key) const;
  /// The writer adds `change`, as a version of its key or as a new key.
  void add(Arena& arena, const KeyNode::Change& change);

 private:
  static constexpr unsigned height_max = 14;

  explicit SkipIndex(Arena& arena);
  const Tower* last_before(std::uint64_t prefix, std::string_view key, Tower** path) const;
  void add_tower(Arena& arena, KeyNode* node, Tower* const* path);
  unsigned random_height();

  std::atomic<KeyNode*> first_{nullptr};
  Tower* const head_;
  std::atomic<unsigned> height_{1};
  std::uint64_t random_ = 0x6f75726f;  // Heights need no secret, only spread.
};

}  // namespace ouro::engine
