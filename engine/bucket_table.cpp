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
// Keys in a bucket before it is relieved.
constexpr std::uint32_t crowd = 3;
// A crowded bucket's keys may agree in so many more bits than they must, and are still taken to be
// spread evenly over a part of the range. A chain of fans for them costs little.
constexpr unsigned patience = 8;

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
  std::array<Slot, 1U << fan_bits> slots;

  Slot& slot(std::uint64_t prefix, unsigned shift) {
    return slots[prefix >> shift & (slots.size() - 1)];
  }
};

BucketTable::BucketTable(Arena& arena, unsigned bits)
    : arena_(arena),
      root_shift_(prefix_bits - bits),
      root_(reinterpret_cast<Slot*>(arena.allocate(sizeof(Slot) << bits))) {
  for (std::size_t i = 0; i < std::size_t{1} << bits; ++i) new (root_ + i) Slot;
  if (bits == 0) root_->set(SkipIndex::make(arena, nullptr, 0));
}

BucketTable::Bucket BucketTable::bucket_of(std::uint64_t prefix) const {
  Bucket bucket{root_ + root_index(prefix), root_shift_};
  for (auto content = bucket.slot->load(); content.kind() == Slot::Kind::fan;
       content = bucket.slot->load()) {
    bucket.shift -= fan_bits;
    bucket.slot = &content.fan()->slot(prefix, bucket.shift);
  }
  return bucket;
}

void BucketTable::add(const KeyNode::Change& change) {
  const Bucket bucket = bucket_of(change.prefix);
  const auto content = bucket.slot->load();
  if (content.kind() == Slot::Kind::index)
    content.index()->add(arena_, change);
  else
    add_to_chain(bucket, content.chain(), change);
  if (empty()) empty_.store(false, std::memory_order_release);
}

void BucketTable::add_to_chain(Bucket bucket, KeyNode* head, const KeyNode::Change& change) {
  KeyNode* before = nullptr;
  KeyNode* at = head;
  for (; at != nullptr && at->before(change.prefix, change.key); at = at->next()) before = at;
  if (at != nullptr && at->is(change.prefix, change.key)) return at->push(arena_, change);

  KeyNode* const node = KeyNode::make(arena_, change);
  node->set_next(at);
  if (before == nullptr) {
    if (head != nullptr) node->list_size = head->list_size + 1;
    bucket.slot->set(node);
    head = node;
  } else {
    before->set_next(node);
    ++head->list_size;
  }
  if (head->list_size > crowd) relieve(bucket, head);
}

// The chain stays as it is, so readers that are in it walk on undisturbed. It is only entered at
// more places from now on: a fan's slot leads to the first node of its range. Nodes that are then
// added as the first of a slot are not reached from the slot before it, where a chain ends with its
// range; who entered before the division walks past them, but began before they were added.
void BucketTable::relieve(Bucket bucket, KeyNode* head) {
  KeyNode* last = head;
  for (std::uint32_t i = 1; i < head->list_size; ++i) last = last->next();
  const auto agreeing = static_cast<unsigned>(std::countl_zero(head->prefix ^ last->prefix));
  if (bucket.shift < fan_bits || agreeing > prefix_bits - bucket.shift + patience)
    return bucket.slot->set(SkipIndex::make(arena_, head, head->list_size));

  auto* const fan = new (arena_.allocate(sizeof(Fan))) Fan;
  const std::uint32_t count = head->list_size;
  KeyNode* node = head;
  for (std::uint32_t i = 0; i < count; ++i, node = node->next()) {
    Slot& slot = fan->slot(node->prefix, bucket.shift - fan_bits);
    KeyNode* const slot_head = slot.load().chain();
    if (slot_head != nullptr) {
      ++slot_head->list_size;
    } else {
      node->list_size = 1;
      slot.set(node);
    }
  }
  bucket.slot->set(fan);
}

KeyNode* BucketTable::find(std::uint64_t prefix, std::string_view key) const {
  const auto content = bucket_of(prefix).slot->load();
  KeyNode* const node = content.kind() == Slot::Kind::index
                            ? content.index()->seek(prefix, key)
                            : skip_before(content.chain(), prefix, key);
  return node != nullptr && node->is(prefix, key) ? node : nullptr;
}

BucketTable::Position BucketTable::seek(std::uint64_t prefix, std::string_view key) const {
  const Bucket bucket = bucket_of(prefix);
  const auto content = bucket.slot->load();
  KeyNode* const node = content.kind() == Slot::Kind::index
                            ? content.index()->seek(prefix, key)
                            : skip_before(content.chain(), prefix, key);
  const std::uint64_t last = last_of(prefix, bucket.shift);
  return node != nullptr && node->prefix <= last ? Position{node, last} : after(last);
}

BucketTable::Position BucketTable::next(Position position) const {
  KeyNode* const node = position.node->next();
  if (node != nullptr && node->prefix <= position.last) return {node, position.last};
  return after(position.last);
}

BucketTable::Position BucketTable::after(std::uint64_t last) const {
  if (last == std::numeric_limits<std::uint64_t>::max()) return {};
  return first_from(last + 1);
}

// `prefix` is the first of a bucket.
BucketTable::Position BucketTable::first_from(std::uint64_t prefix) const {
  while (true) {
    const Bucket bucket = bucket_of(prefix);
    const std::uint64_t last = last_of(prefix, bucket.shift);
    if (KeyNode* const node = bucket.slot->load().first(); node != nullptr) return {node, last};
    if (last == std::numeric_limits<std::uint64_t>::max()) return {};
    prefix = last + 1;
  }
}

void BucketTable::prefetch(std::uint64_t prefix) const noexcept {
  __builtin_prefetch(bucket_of(prefix).slot->address());
}

}  // namespace ouro::engine
