// How a memtable lays out a key and its versions in memory.
#pragma once

#include "engine/arena.hpp"
#include "engine/entry.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ouro::engine {

class KeyNode;

/// One version of a key. What is written once is never changed; only the key knows its newest.
class KeyVersion {
 public:
  Sequence sequence;
  std::uint32_t value_size;
  std::uint32_t kind : 2;
  std::uint32_t depth : 30;  ///< How many versions are older. The oldest lies in its KeyNode.
};

/// A key that is in the memtable, in memory: this object, the key's bytes, its oldest version's
/// value. One thread writes; readers need no locks: a node is filled before it is linked with a
/// release store, links only ever come to lead to more nodes, and nodes live as long as the arena.
class KeyNode {
 public:
  /// What the writer adds; key and value are copied.
  struct Change {
    std::uint64_t prefix;  ///< key_prefix(key)
    std::string_view key;
    Sequence sequence;
    EntryKind kind;
    std::string_view value;
  };

  /// An unlinked node whose only version is `change`.
  static KeyNode* make(Arena& arena, const Change& change);
  /// Adds a version newer than all others of this key.
  void push(Arena& arena, const Change& change);

  std::uint64_t prefix() const { return prefix_; }
  std::string_view key() const { return {bytes(), key_size_}; }
  /// Whether this key sorts before another. Prefixes first: they nearly always decide.
  bool before(std::uint64_t other_prefix, std::string_view other_key) const {
    return prefix_ != other_prefix ? prefix_ < other_prefix : key() < other_key;
  }
  bool is(std::uint64_t other_prefix, std::string_view other_key) const {
    return prefix_ == other_prefix && key() == other_key;
  }
  KeyNode* next() const { return next_.load(std::memory_order_acquire); }
  void set_next(KeyNode* node) { next_.store(node, std::memory_order_release); }
  /// Only for the writer, and kept only by the first node of a chain: how many it has.
  std::uint32_t chain_size() const { return chain_size_; }
  void set_chain_size(std::uint32_t size) { chain_size_ = size; }

  const KeyVersion* newest() const { return newest_.load(std::memory_order_acquire); }
  /// The newest version with sequence <= at_most; null if all are newer. Takes logarithmic time,
  /// so that a snapshot may read a counter that has changed a million times since.
  const KeyVersion* version(Sequence at_most) const;
  /// The next older version; null after the oldest.
  static const KeyVersion* older(const KeyVersion* version);
  std::string_view value(const KeyVersion* version) const;

 private:
  explicit KeyNode(const Change& change);
  char* bytes() { return reinterpret_cast<char*>(this + 1); }
  const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }

  // Searching reads these two, so they stand together.
  std::atomic<KeyNode*> next_{nullptr};
  const std::uint64_t prefix_;
  std::uint32_t chain_size_ = 1;
  const std::uint32_t key_size_;
  std::atomic<const KeyVersion*> newest_;
  const KeyVersion oldest_;
};

/// The first node from `node` on that is not before (prefix, key); null if there is none.
inline KeyNode* skip_before(KeyNode* node, std::uint64_t prefix, std::string_view key) {
  while (node != nullptr && node->before(prefix, key)) node = node->next();
  return node;
}

}  // namespace ouro::engine
