#include "engine/memtable.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ouro::engine {
namespace {

// Small memtables (tests, the metadata database) must not begin with a block larger than
// themselves.
std::size_t block_size(std::size_t capacity) {
  constexpr std::size_t smallest = 4096;
  constexpr std::size_t largest = 256 * 1024;
  return std::clamp(capacity / 16, smallest, largest);
}

class MemtableIterator final : public EntryIterator {
 public:
  MemtableIterator(std::shared_ptr<const Memtable> memtable, const SkipList& list)
      : memtable_(std::move(memtable)), list_(list) {}

  void seek(std::string_view key, Sequence sequence) override { node_ = list_.seek(key, sequence); }
  void seek_to_first() override { node_ = list_.first(); }
  void next() override { node_ = SkipList::next(node_); }
  bool valid() const override { return node_ != nullptr; }
  Entry entry() const override { return SkipList::entry(node_); }
  Status status() const override { return {}; }

 private:
  std::shared_ptr<const Memtable> memtable_;  // keeps list_ alive
  const SkipList& list_;
  const SkipList::Node* node_ = nullptr;
};

}  // namespace

Memtable::Memtable(std::size_t table_count, std::size_t capacity) : arena_(block_size(capacity)) {
  for (std::size_t i = 0; i < table_count; ++i)
    lists_.push_back(std::make_unique<SkipList>(arena_));
}

void Memtable::add(const Change& change, std::span<const SharedBytes> pieces) {
  std::size_t size = 0;
  for (const SharedBytes& piece : pieces) size += piece.size();
  SkipList& list = *lists_[change.table];
  SkipList::Node* const node = list.make(
      {.key = change.key, .sequence = change.sequence, .kind = change.kind, .value_size = size});
  char* at = SkipList::value_of(node);
  for (const SharedBytes& piece : pieces) {
    const std::string_view bytes = piece.view();
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    at += bytes.size();
  }
  list.link(node);
  last_sequence_ = change.sequence;
  entries_.fetch_add(1, std::memory_order_relaxed);
}

void Memtable::add(const Change& change, std::string_view value) {
  const SharedBytes borrowed(nullptr, value);
  add(change, std::span(&borrowed, 1));
}

std::optional<Memtable::Found> Memtable::get(TableId table, std::string_view key,
                                             Sequence at_most) const {
  const SkipList::Node* const node = lists_[table]->seek(key, at_most);
  if (node == nullptr) return std::nullopt;
  const Entry entry = SkipList::entry(node);
  if (entry.key != key) return std::nullopt;
  return Found{entry.kind, SharedBytes(shared_from_this(), entry.value)};
}

std::unique_ptr<EntryIterator> Memtable::iterator(TableId table) const {
  return std::make_unique<MemtableIterator>(shared_from_this(), *lists_[table]);
}

}  // namespace ouro::engine
