#include "engine/bucket_table.hpp"

#include "engine/skip_index.hpp"

#include <array>
#include <bit>
#include <limits>
#include <new>

namespace ouro::engine {
namespace {

constexpr unsigned prefix_bits = 64;
constexpr unsigned fan_bits = 4;
constexpr std::size_t fan_size = std::size_t{1} << fan_bits;
// Keys in a bucket before it is relieved.
constexpr std::uint32_t crowd = 4;
// A crowded bucket's keys may agree in so many more bits than they must, and are still taken to be
// spread evenly over a part of the range. A chain of fans for them costs little.
constexpr unsigned patience = 8;

/// That hold a bit for each of 2^`bits` slots.
std::size_t words(unsigned bits) { return bits > 6 ? std::size_t{1} << (bits - 6) : 1; }

std::uint64_t last_of(std::uint64_t prefix, unsigned shift) {
  return shift == 0 ? prefix : prefix | std::numeric_limits<std::uint64_t>::max() >> (64 - shift);
}

}  // namespace

// What a bucket holds: a chain that begins with a node (or is empty), a fan, or an index. The kind
// is in the last two bits of the address.
class BucketTable::Slot {
 public:
  enum class Kind : std::uintptr_t { chain, fan, index };
  struct Content {
    std::uintptr_t word;

    Kind kind() const { return static_cast<Kind>(word & 3); }
    KeyNode* chain() const { return reinterpret_cast<KeyNode*>(word); }
    Fan* fan() const { return reinterpret_cast<Fan*>(word ^ 1); }
    SkipIndex* index() const { return reinterpret_cast<SkipIndex*>(word ^ 2); }
    /// Of a chain or an index.
    KeyNode* first() const { return kind() == Kind::index ? index()->first() : chain(); }
    /// Loads what a walk reads first into the processor's cache: a small entry, or a fan.
    void prefetch() const {
      constexpr std::uintptr_t line = 64;
      constexpr std::uintptr_t lines = 3;
      if (word == 0) return;
      for (std::uintptr_t i = 0; i < lines; ++i)
        __builtin_prefetch(reinterpret_cast<const void*>(word + i * line));
    }
  };

  Content load() const { return {word_.load(std::memory_order_acquire)}; }
  void set(KeyNode* node) { store(reinterpret_cast<std::uintptr_t>(node)); }
  void set(Fan* fan) { store(reinterpret_cast<std::uintptr_t>(fan) | 1); }
  void set(SkipIndex* index) { store(reinterpret_cast<std::uintptr_t>(index) | 2); }
  const void* address() const { return &word_; }

 private:
  void store(std::uintptr_t word) { word_.store(word, std::memory_order_release); }

  std::atomic<std::uintptr_t> word_{0};
};

struct BucketTable::Fan {
  std::array<Slot, fan_size> slots;

  Slot& slot(std::uint64_t prefix, unsigned shift) {
    return slots[prefix >> shift & (fan_size - 1)];
  }
};

// The slot of the prefixes that agree in all but their last `shift` bits. Its content, which is no
// fan, was loaded once: a moment later there may be one.
struct BucketTable::Bucket {
  Slot* slot;
  Slot::Content content;
  unsigned shift;

  /// The first node that is not before (prefix, key); it may lie beyond this bucket.
  KeyNode* seek(std::uint64_t prefix, std::string_view key) const {
    return content.kind() == Slot::Kind::index ? content.index()->seek(prefix, key)
                                               : skip_before(content.chain(), prefix, key);
  }
};

BucketTable::BucketTable(Arena& arena, unsigned bits)
    : arena_(arena),
      root_shift_(prefix_bits - bits),
      root_(reinterpret_cast<Slot*>(arena.allocate(sizeof(Slot) << bits))),
      filled_(reinterpret_cast<std::atomic<std::uint64_t>*>(
          arena.allocate(words(bits) * sizeof(std::atomic<std::uint64_t>)))) {
  for (std::size_t i = 0; i < std::size_t{1} << bits; ++i) new (root_ + i) Slot;
  for (std::size_t i = 0; i < words(bits); ++i) new (filled_ + i) std::atomic<std::uint64_t>(0);
  if (bits > 0) return;
  root_->set(SkipIndex::make(arena, nullptr, 0));
  note_filled(0);
}

void BucketTable::note_filled(std::size_t root_index) {
  std::atomic<std::uint64_t>& word = filled_[root_index / 64];
  word.store(word.load(std::memory_order_relaxed) | std::uint64_t{1} << root_index % 64,
             std::memory_order_release);
}

/// The first filled slot from `root_index` on; root_size() if there is none.
std::size_t BucketTable::next_filled(std::size_t root_index) const {
  std::uint64_t skipped = ~std::uint64_t{0} << root_index % 64;
  for (std::size_t word = root_index / 64; word * 64 < root_size(); ++word) {
    const std::uint64_t filled = filled_[word].load(std::memory_order_acquire) & skipped;
    if (filled != 0) return word * 64 + static_cast<std::size_t>(std::countr_zero(filled));
    skipped = ~std::uint64_t{0};
  }
  return root_size();
}

BucketTable::Bucket BucketTable::bucket_of(std::uint64_t prefix) const {
  Slot* slot = root_ + root_index(prefix);
  unsigned shift = root_shift_;
  Slot::Content content = slot->load();
  while (content.kind() == Slot::Kind::fan) {
    shift -= fan_bits;
    slot = &content.fan()->slot(prefix, shift);
    content = slot->load();
  }
  return {slot, content, shift};
}

void BucketTable::add(const KeyNode::Change& change) {
  const Bucket bucket = bucket_of(change.prefix);
  if (bucket.content.kind() == Slot::Kind::index)
    bucket.content.index()->add(arena_, change);
  else
    add_to_chain(bucket, change);
  if (empty()) empty_.store(false, std::memory_order_release);
}

void BucketTable::add_to_chain(const Bucket& bucket, const KeyNode::Change& change) {
  KeyNode* head = bucket.content.chain();
  KeyNode* before = nullptr;
  KeyNode* at = head;
  for (; at != nullptr && at->before(change.prefix, change.key); at = at->next()) before = at;
  if (at != nullptr && at->is(change.prefix, change.key)) return at->push(arena_, change);

  KeyNode* const node = KeyNode::make(arena_, change);
  const std::uint32_t size = head == nullptr ? 1 : head->chain_size() + 1;
  node->set_next(at);
  if (before == nullptr) {
    bucket.slot->set(node);
    if (head == nullptr) note_filled(root_index(change.prefix));
    head = node;
  } else {
    before->set_next(node);
  }
  head->set_chain_size(size);
  if (size > crowd) relieve(bucket, head);
}

// The chain stays as it is, so readers that are in it walk on undisturbed. It is only entered at
// more places from now on: a fan's slot leads to the first node of its range. Nodes that are then
// added as the first of a slot are not reached from the slot before it, where a chain ends with its
// range; who entered before the division walks past them, but began before they were added.
void BucketTable::relieve(const Bucket& bucket, KeyNode* head) {
  const std::uint32_t size = head->chain_size();
  KeyNode* last = head;
  for (std::uint32_t i = 1; i < size; ++i) last = last->next();
  const auto agreeing = static_cast<unsigned>(std::countl_zero(head->prefix() ^ last->prefix()));
  if (bucket.shift < fan_bits || agreeing > prefix_bits - bucket.shift + patience)
    return bucket.slot->set(SkipIndex::make(arena_, head, size));

  auto* const fan = new (arena_.allocate(sizeof(Fan))) Fan;
  KeyNode* node = head;
  for (std::uint32_t i = 0; i < size; ++i, node = node->next()) {
    Slot& slot = fan->slot(node->prefix(), bucket.shift - fan_bits);
    KeyNode* const first = slot.load().chain();
    if (first != nullptr) {
      first->set_chain_size(first->chain_size() + 1);
      continue;
    }
    node->set_chain_size(1);
    slot.set(node);
  }
  bucket.slot->set(fan);
}

KeyNode* BucketTable::find(std::uint64_t prefix, std::string_view key) const {
  KeyNode* const node = bucket_of(prefix).seek(prefix, key);
  return node != nullptr && node->is(prefix, key) ? node : nullptr;
}

BucketTable::Position BucketTable::seek(std::uint64_t prefix, std::string_view key) const {
  const Bucket bucket = bucket_of(prefix);
  KeyNode* const node = bucket.seek(prefix, key);
  const std::uint64_t last = last_of(prefix, bucket.shift);
  return node != nullptr && node->prefix() <= last ? Position{node, last} : after(last);
}

BucketTable::Position BucketTable::next(Position position) const {
  KeyNode* const node = position.node->next();
  if (node != nullptr && node->prefix() <= position.last) return {node, position.last};
  return after(position.last);
}

BucketTable::Position BucketTable::after(std::uint64_t last) const {
  if (last == std::numeric_limits<std::uint64_t>::max()) return {};
  return first_from(last + 1);
}

// `prefix` is the first of a bucket.
BucketTable::Position BucketTable::first_from(std::uint64_t prefix) const {
  do {
    const std::size_t index = root_index(prefix);
    const std::size_t filled = next_filled(index);
    if (filled == root_size()) return {};
    if (filled != index) prefix = std::uint64_t{filled} << root_shift_;
    prefetch_walk(prefix);
    const Bucket bucket = bucket_of(prefix);
    std::size_t left = siblings_from(prefix, bucket.shift);
    for (const Slot* slot = bucket.slot; left > 0; ++slot, --left) {
      const auto content = slot->load();
      if (content.kind() == Slot::Kind::fan) break;
      const std::uint64_t last = last_of(prefix, bucket.shift);
      if (KeyNode* const node = content.first(); node != nullptr) return {node, last};
      prefix = last + 1;
    }
  } while (prefix != 0);
  return {};
}

// How many slots of the array of this bucket there are from this bucket on.
std::size_t BucketTable::siblings_from(std::uint64_t prefix, unsigned shift) const {
  if (shift == root_shift_) return root_size() - root_index(prefix);
  return fan_size - (prefix >> shift & (fan_size - 1));
}

// A walk would wait for each node it comes to. So whenever it enters a bucket of the root, it has
// the bucket a few further on loaded, and what the next one's fan leads to.
void BucketTable::prefetch_walk(std::uint64_t prefix) const {
  constexpr std::size_t ahead = 4;
  const std::size_t index = root_index(prefix);
  if (index + ahead >= root_size() || (index > 0 && last_of(prefix - 1, root_shift_) != prefix - 1))
    return;
  root_[index + ahead].load().prefetch();
  const auto next = root_[index + 1].load();
  if (next.kind() != Slot::Kind::fan) return;
  for (const Slot& slot : next.fan()->slots) slot.load().prefetch();
}

void BucketTable::prefetch(std::uint64_t prefix) const noexcept {
  __builtin_prefetch(bucket_of(prefix).slot->address());
}

void BucketTable::prefetch_keys(std::uint64_t prefix) const noexcept {
  const Bucket bucket = bucket_of(prefix);
  if (bucket.content.kind() == Slot::Kind::chain) bucket.content.prefetch();
}

}  // namespace ouro::engine
