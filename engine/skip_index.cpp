#include "engine/skip_index.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <new>

namespace ouro::engine {

// In memory: this object, then its links to the next tower of each level.
class SkipIndex::Tower {
 public:
  std::uint64_t prefix;  // of the node, so that most steps need not look at it
  KeyNode* node;         // null in the head

  static Tower* make(Arena& arena, KeyNode* node, unsigned height) {
    char* const memory = arena.allocate(sizeof(Tower) + height * sizeof(std::atomic<Tower*>));
    auto* const tower = new (memory) Tower{node == nullptr ? 0 : node->prefix(), node};
    for (unsigned level = 0; level < height; ++level)
      new (tower->links() + level) std::atomic<Tower*>(nullptr);
    return tower;
  }
  std::atomic<Tower*>& link(unsigned level) { return links()[level]; }
  Tower* after(unsigned level) { return links()[level].load(std::memory_order_acquire); }
  bool before(std::uint64_t other_prefix, std::string_view other_key) const {
    return prefix != other_prefix ? prefix < other_prefix : node->key() < other_key;
  }

 private:
  std::atomic<Tower*>* links() { return reinterpret_cast<std::atomic<Tower*>*>(this + 1); }
};

SkipIndex::SkipIndex(Arena& arena) : head_(Tower::make(arena, nullptr, height_max)) {}

SkipIndex* SkipIndex::make(Arena& arena, KeyNode* first, std::size_t count) {
  auto* const index = new (arena.allocate(sizeof(SkipIndex))) SkipIndex(arena);
  index->first_.store(first, std::memory_order_relaxed);
  Tower* path[height_max];
  KeyNode* node = first;
  for (std::size_t i = 0; i < count; ++i, node = node->next()) {
    index->last_before(node->prefix(), node->key(), path);
    index->add_tower(arena, node, path);
  }
  return index;
}

KeyNode* SkipIndex::seek(std::uint64_t prefix, std::string_view key) const {
  const Tower* const tower = last_before(prefix, key, nullptr);
  return skip_before(tower == head_ ? first() : tower->node->next(), prefix, key);
}

// `path`, if wanted, receives the last tower before the key on each level.
const SkipIndex::Tower* SkipIndex::last_before(std::uint64_t prefix, std::string_view key,
                                               Tower** path) const {
  const unsigned height = height_.load(std::memory_order_relaxed);
  if (path != nullptr) std::fill(path + height, path + height_max, head_);
  Tower* at = head_;
  const Tower* found = nullptr;  // not before the key: need not be compared again further down
  for (unsigned level = height; level-- > 0;) {
    Tower* next = at->after(level);
    while (next != nullptr && next != found && next->before(prefix, key)) {
      at = next;
      next = at->after(level);
    }
    found = next;
    if (path != nullptr) path[level] = at;
  }
  return at;
}

void SkipIndex::add(Arena& arena, const KeyNode::Change& change) {
  Tower* path[height_max];
  const Tower* const tower = last_before(change.prefix, change.key, path);
  KeyNode* before = tower->node;
  KeyNode* at = before == nullptr ? first() : before->next();
  for (; at != nullptr && at->before(change.prefix, change.key); at = at->next()) before = at;
  if (at != nullptr && at->is(change.prefix, change.key)) return at->push(arena, change);

  KeyNode* const node = KeyNode::make(arena, change);
  node->set_next(at);
  if (before == nullptr)
    first_.store(node, std::memory_order_release);
  else
    before->set_next(node);
  add_tower(arena, node, path);
}

// For some nodes. The node is in the chain already.
void SkipIndex::add_tower(Arena& arena, KeyNode* node, Tower* const* path) {
  const unsigned height = random_height();
  if (height == 0) return;
  Tower* const tower = Tower::make(arena, node, height);
  for (unsigned level = 0; level < height; ++level) {
    tower->link(level).store(path[level]->after(level), std::memory_order_relaxed);
    path[level]->link(level).store(tower, std::memory_order_release);
  }
  if (height > height_.load(std::memory_order_relaxed))
    height_.store(height, std::memory_order_relaxed);
}

// A quarter of each level's nodes also stand in the next.
unsigned SkipIndex::random_height() {
  std::uint64_t bits = split_mix(random_);
  unsigned height = 0;
  while (height < height_max && (bits & 3) == 0) {
    ++height;
    bits >>= 2;
  }
  return height;
}

}  // namespace ouro::engine
