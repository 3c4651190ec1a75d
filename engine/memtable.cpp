#include "engine/memtable.hpp"

#include "engine/point_read.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace ouro::engine {
namespace {

// Buckets to begin with: few enough to cost nothing, enough that full memtables of small entries
// need one division of each.
unsigned bucket_bits(const TableSpec& table, std::size_t capacity) {
  constexpr std::size_t bytes_per_bucket = 2048;
  constexpr unsigned least = 1;
  constexpr unsigned most = 20;
  if (!table.token_order) return 0;
  const auto bits = static_cast<unsigned>(std::bit_width(capacity / bytes_per_bucket / 2));
  return std::clamp(bits, least, most);
}

class MemtableIterator final : public EntryIterator {
 public:
  MemtableIterator(std::shared_ptr<const Memtable> memtable, const BucketTable& table)
      : memtable_(std::move(memtable)), table_(table) {}

  void seek(std::string_view key, Sequence sequence) override {
    const std::uint64_t prefix = key_prefix(key);
    position_ = table_.seek(prefix, key);
    if (position_.node == nullptr) return;
    if (!position_.node->is(prefix, key)) return to_newest();
    version_ = position_.node->version(sequence);
    if (version_ == nullptr) next_key();
  }
  void seek_to_first() override {
    position_ = table_.first();
    to_newest();
  }
  void next() override {
    version_ = KeyNode::older(version_);
    if (version_ == nullptr) next_key();
  }
  bool valid() const override { return position_.node != nullptr; }
  Entry entry() const override {
    return {.key = position_.node->key(),
            .sequence = version_->sequence,
            .kind = static_cast<EntryKind>(version_->kind),
            .value = position_.node->value(version_)};
  }
  Status status() const override { return {}; }

 private:
  void next_key() {
    position_ = table_.next(position_);
    to_newest();
  }
  void to_newest() {
    if (position_.node != nullptr) version_ = position_.node->newest();
  }

  std::shared_ptr<const Memtable> memtable_;  // keeps table_ alive
  const BucketTable& table_;
  BucketTable::Position position_;
  const KeyVersion* version_ = nullptr;
};

}  // namespace

Memtable::Memtable(std::span<const TableSpec> tables, std::size_t capacity) : arena_(capacity) {
  for (const TableSpec& table : tables) tables_.emplace_back(arena_, bucket_bits(table, capacity));
}

void Memtable::add(const Change& change, std::string_view value) {
  tables_[change.table].add({.prefix = key_prefix(change.key),
                             .key = change.key,
                             .sequence = change.sequence,
                             .kind = change.kind,
                             .value = value});
  last_sequence_ = change.sequence;
  // There is one writer, so this need not be one instruction.
  entries_.store(entries() + 1, std::memory_order_relaxed);
}

std::optional<Memtable::Found> Memtable::get(TableId table, std::uint64_t prefix,
                                             std::string_view key, Sequence at_most) const {
  if (tables_[table].empty()) return std::nullopt;
  const KeyNode* const node = tables_[table].find(prefix, key);
  if (node == nullptr) return std::nullopt;
  const KeyVersion* const version = node->version(at_most);
  if (version == nullptr) return std::nullopt;
  const auto kind = static_cast<EntryKind>(version->kind);
  if (kind == EntryKind::remove) return Found{kind, {}};
  return Found{kind, SharedBytes(shared_from_this(), node->value(version))};
}

std::unique_ptr<EntryIterator> Memtable::iterator(TableId table) const {
  return std::make_unique<MemtableIterator>(shared_from_this(), tables_[table]);
}

}  // namespace ouro::engine
