// How a memtable keeps one table's entries in order while others read them.
//
// A skip list (Pugh 1990) with one writer and any number of readers without locks: a node is filled
// completely before it is linked with a release store, is never unlinked, and lives as long as the
// arena. Key, value and tower share one allocation, as in RocksDB's inline skip list.
#pragma once

#include "engine/arena.hpp"
#include "engine/entry.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace ouro::engine {

class SkipList {
 public:
  /// What is inserted; the value is gathered from pieces.
  struct NewEntry {
    std::string_view key;
    Sequence sequence;
    EntryKind kind;
    std::size_t value_size;
  };

  class Node;

  explicit SkipList(Arena& arena);
  SkipList(const SkipList&) = delete;
  SkipList& operator=(const SkipList&) = delete;

  /// The writer's three steps: make a node, copy the value to value_of(node), link it. No other
  /// entry may have the same key and sequence.
  Node* make(const NewEntry& entry);
  static char* value_of(Node* node);
  void link(Node* node);

  /// The first node that is not before (key, sequence); null past the end.
  const Node* seek(std::string_view key, Sequence sequence) const;
  const Node* first() const;
  static const Node* next(const Node* node);
  static Entry entry(const Node* node);

 private:
  static constexpr unsigned height_max = 14;

  unsigned random_height();
  Node* allocate(unsigned height, std::size_t extra);

  Arena& arena_;
  Node* const head_;
  std::atomic<unsigned> height_{1};
  std::uint64_t random_ = 0x6f75726f;  // Heights need no secret, only spread.
};

}  // namespace ouro::engine
