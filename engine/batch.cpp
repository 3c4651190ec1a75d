#include "engine/batch.hpp"

#include "base/coding.hpp"
#include "engine/wal_batch.hpp"

#include <algorithm>

namespace ouro::engine {
namespace {

/// Smaller pieces are cheaper to copy than to remember.
constexpr std::size_t attached_min = 2048;

Status invalid(std::string message) {
  return Error{ErrorCode::invalid_argument, std::move(message)};
}

}  // namespace

void Batch::begin(EntryKind kind, TableId table, std::string_view key, std::size_t value_size) {
  constexpr std::size_t overhead = 12;
  bytes_.reserve(bytes_.size() + overhead + key.size() + value_size);
  put_fixed(bytes_, static_cast<std::uint8_t>(kind));
  put_fixed(bytes_, table);
  put_sized(bytes_, key);
  ++count_;
  table_max_ = std::max(table_max_, table);
  key_min_ = std::min(key_min_, key.size());
  key_max_ = std::max(key_max_, key.size());
}

void Batch::note_value(std::size_t size) {
  put_varint(bytes_, size);
  value_max_ = std::max(value_max_, size);
}

void Batch::put(TableId table, std::string_view key, std::string_view value) {
  begin(EntryKind::put, table, key, value.size());
  note_value(value.size());
  bytes_.append(value);
}

void Batch::put(TableId table, std::string_view key, std::span<const SharedBytes> pieces) {
  begin(EntryKind::put, table, key, 0);
  std::size_t size = 0;
  for (const SharedBytes& piece : pieces) size += piece.size();
  note_value(size);
  for (const SharedBytes& piece : pieces) {
    if (piece.size() < attached_min) {
      bytes_.append(piece.view());
      continue;
    }
    attached_.push_back({bytes_.size(), piece});
    attached_bytes_ += piece.size();
  }
}

void Batch::remove(TableId table, std::string_view key) { begin(EntryKind::remove, table, key, 0); }

void Batch::clear() {
  bytes_.clear();
  attached_.clear();
  attached_bytes_ = count_ = key_max_ = value_max_ = 0;
  table_max_ = 0;
  key_min_ = key_size_max;
}

Status Batch::check(std::size_t table_count) const {
  if (empty()) return {};
  if (table_max_ >= table_count)
    return invalid("table " + std::to_string(table_max_) + " was not opened; there are " +
                   std::to_string(table_count));
  const std::size_t wrong_key = key_min_ == 0 ? key_min_ : key_max_;
  if (wrong_key == 0 || wrong_key > key_size_max)
    return invalid("a key has " + std::to_string(wrong_key) + " bytes; allowed are 1 to " +
                   std::to_string(key_size_max));
  if (value_max_ > value_size_max)
    return invalid("a value has " + std::to_string(value_max_) + " bytes; allowed are " +
                   std::to_string(value_size_max));
  if (size() > batch_size_max)
    return invalid("a batch has " + std::to_string(size()) + " bytes; allowed are " +
                   std::to_string(batch_size_max));
  return {};
}

void Batch::encode(std::string& out, std::span<const TableId> table_ids) const {
  const std::size_t begin = out.size();
  std::size_t at = 0;
  for (const Attached& attached : attached_) {
    out.append(bytes_, at, attached.at - at);
    out.append(attached.bytes.view());
    at = attached.at;
  }
  out.append(bytes_, at);
  bool same = true;
  for (std::size_t i = 0; i < table_ids.size(); ++i) same = same && table_ids[i] == i;
  if (!same) rename_tables(std::span(out).subspan(begin), table_ids);
}

}  // namespace ouro::engine
