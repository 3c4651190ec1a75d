// How a memtable keeps one table's keys in order while others read them.
#pragma once

#include "engine/arena.hpp"
#include "engine/key_node.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ouro::engine {

/// An order-preserving bucket table: a key's bucket is given by the leading bits of its prefix, and
/// a bucket's keys are a short chain in order. Keys whose prefixes are spread evenly are so found
/// with about two cache misses, however many there are. A bucket that grows crowded becomes a fan
/// of narrower buckets, so the table fits itself to the number of keys and to prefixes that are
/// even only within parts of their range; where leading bits do not tell the keys apart (hostile
/// keys, large partitions) it gets a SkipIndex instead. With a single bucket that is indexed from
/// the start, it is a skip list.
///
/// One writer; readers need no locks and see at least what was added before their call. Nothing is
/// ever unlinked: a bucket is divided by entering its chain at more places.
class BucketTable {
 public:
  /// A key's place, for walking on. A null node: past the end.
  struct Position {
    KeyNode* node = nullptr;
    std::uint64_t last = 0;  ///< The last prefix of the bucket that the node was found in.
  };

  /// 2^`bits` buckets to begin with; 0 for prefixes that are not spread evenly.
  BucketTable(Arena& arena, unsigned bits);
  BucketTable(const BucketTable&) = delete;
  BucketTable& operator=(const BucketTable&) = delete;

  /// The writer adds `change`, as a version of its key or as a new key.
  void add(const KeyNode::Change& change);

  bool empty() const { return empty_.load(std::memory_order_acquire); }
  /// Null if the key is not there.
  KeyNode* find(std::uint64_t prefix, std::string_view key) const;
  /// The first key that is not before (prefix, key).
  Position seek(std::uint64_t prefix, std::string_view key) const;
  Position first() const { return first_from(0); }
  /// The key after `position`, which has a node.
  Position next(Position position) const;
  /// Loads into the processor's cache what find() reads first.
  void prefetch(std::uint64_t prefix) const noexcept;
  /// The next step: what the first key of the bucket lies in.
  void prefetch_keys(std::uint64_t prefix) const noexcept;

 private:
  class Slot;
  struct Fan;
  struct Bucket;

  std::size_t root_size() const { return std::size_t{1} << (64 - root_shift_); }
  std::size_t root_index(std::uint64_t prefix) const { return prefix >> 1 >> (root_shift_ - 1); }
  Bucket bucket_of(std::uint64_t prefix) const;
  Position first_from(std::uint64_t prefix) const;
  Position after(std::uint64_t last) const;
  std::size_t siblings_from(std::uint64_t prefix, unsigned shift) const;
  void note_filled(std::size_t root_index);
  std::size_t next_filled(std::size_t root_index) const;
  void prefetch_walk(std::uint64_t prefix) const;
  void add_to_chain(const Bucket& bucket, const KeyNode::Change& change);
  void relieve(const Bucket& bucket, KeyNode* head);

  Arena& arena_;
  const unsigned root_shift_;
  Slot* const root_;
  /// A bit for each slot of the root that holds something: walks pass over the others by words.
  std::atomic<std::uint64_t>* const filled_;
  std::atomic<bool> empty_{true};
};

}  // namespace ouro::engine
