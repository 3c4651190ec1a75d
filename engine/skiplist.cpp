#include "engine/skiplist.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace ouro::engine {

// In memory: this object, the rest of its tower, the key, the value.
class SkipList::Node {
 public:
  Sequence sequence = 0;
  std::uint32_t key_size = 0;
  std::uint32_t value_size = 0;
  EntryKind kind = EntryKind::put;
  std::uint8_t height = 1;

  std::atomic<Node*>* tower() { return reinterpret_cast<std::atomic<Node*>*>(this + 1); }
  const std::atomic<Node*>* tower() const {
    return reinterpret_cast<const std::atomic<Node*>*>(this + 1);
  }
  const Node* after(unsigned level) const { return tower()[level].load(std::memory_order_acquire); }
  Node* after(unsigned level) { return tower()[level].load(std::memory_order_acquire); }
  char* bytes() { return reinterpret_cast<char*>(tower() + height); }
  const char* bytes() const { return reinterpret_cast<const char*>(tower() + height); }
  std::string_view key() const { return {bytes(), key_size}; }

  bool before(std::string_view other_key, Sequence other_sequence) const {
    const int order = key().compare(other_key);
    return order != 0 ? order < 0 : sequence > other_sequence;
  }
};

SkipList::SkipList(Arena& arena) : arena_(arena), head_(allocate(height_max, 0)) {}

SkipList::Node* SkipList::allocate(unsigned height, std::size_t extra) {
  char* const memory = arena_.allocate(sizeof(Node) + height * sizeof(std::atomic<Node*>) + extra);
  Node* const node = new (memory) Node;
  node->height = static_cast<std::uint8_t>(height);
  for (unsigned level = 0; level < height; ++level)
    new (node->tower() + level) std::atomic<Node*>(nullptr);
  return node;
}

unsigned SkipList::random_height() {
  // A quarter of each level's nodes also stand in the next.
  std::uint64_t bits = split_mix(random_);
  unsigned height = 1;
  while (height < height_max && (bits & 3) == 0) {
    ++height;
    bits >>= 2;
  }
  return height;
}

SkipList::Node* SkipList::make(const NewEntry& entry) {
  Node* const node = allocate(random_height(), entry.key.size() + entry.value_size);
  node->sequence = entry.sequence;
  node->kind = entry.kind;
  node->key_size = static_cast<std::uint32_t>(entry.key.size());
  node->value_size = static_cast<std::uint32_t>(entry.value_size);
  std::memcpy(node->bytes(), entry.key.data(), entry.key.size());
  return node;
}

char* SkipList::value_of(Node* node) { return node->bytes() + node->key_size; }

void SkipList::link(Node* node) {
  const std::string_view key = node->key();
  Node* previous[height_max];
  Node* at = head_;
  for (unsigned level = height_max; level-- > 0;) {
    for (Node* next = at->after(level); next != nullptr && next->before(key, node->sequence);
         next = at->after(level))
      at = next;
    previous[level] = at;
  }
  for (unsigned level = 0; level < node->height; ++level) {
    node->tower()[level].store(previous[level]->after(level), std::memory_order_relaxed);
    previous[level]->tower()[level].store(node, std::memory_order_release);
  }
  if (node->height > height_.load(std::memory_order_relaxed))
    height_.store(node->height, std::memory_order_relaxed);
}

const SkipList::Node* SkipList::seek(std::string_view key, Sequence sequence) const {
  const Node* at = head_;
  const Node* found = nullptr;
  for (unsigned level = height_.load(std::memory_order_relaxed); level-- > 0;) {
    const Node* next = at->after(level);
    while (next != nullptr && next != found && next->before(key, sequence)) {
      at = next;
      next = at->after(level);
    }
    found = next;
  }
  return found;
}

const SkipList::Node* SkipList::first() const { return head_->after(0); }
const SkipList::Node* SkipList::next(const Node* node) { return node->after(0); }

Entry SkipList::entry(const Node* node) {
  return Entry{.key = node->key(),
               .sequence = node->sequence,
               .kind = node->kind,
               .value = {node->bytes() + node->key_size, node->value_size}};
}

}  // namespace ouro::engine
