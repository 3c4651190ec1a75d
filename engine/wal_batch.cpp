#include "engine/wal_batch.hpp"

#include "base/coding.hpp"

namespace ouro::engine {
namespace {

Error invalid(std::string message) { return {ErrorCode::invalid_argument, std::move(message)}; }

std::size_t value_size(const Batch::Change& change) {
  std::size_t size = 0;
  for (const SharedBytes& piece : change.pieces) size += piece.size();
  return size;
}

}  // namespace

Status check_batch(const Batch& batch, std::size_t table_count) {
  std::size_t total = 0;
  for (const Batch::Change& change : batch.changes()) {
    if (change.table >= table_count)
      return invalid("table " + std::to_string(change.table) + " was not opened; there are " +
                     std::to_string(table_count));
    if (change.key.empty() || change.key.size() > key_size_max)
      return invalid("a key has " + std::to_string(change.key.size()) +
                     " bytes; allowed are 1 to " + std::to_string(key_size_max));
    const std::size_t size = value_size(change);
    if (size > value_size_max)
      return invalid("a value has " + std::to_string(size) + " bytes; allowed are " +
                     std::to_string(value_size_max));
    total += change.key.size() + size;
  }
  if (total > batch_size_max)
    return invalid("a batch has " + std::to_string(total) + " bytes; allowed are " +
                   std::to_string(batch_size_max));
  return {};
}

void encode_changes(std::string& out, const Batch& batch, std::span<const TableId> table_ids) {
  for (const Batch::Change& change : batch.changes()) {
    const EntryKind kind = change.removes ? EntryKind::remove : EntryKind::put;
    put_fixed(out, static_cast<std::uint8_t>(kind));
    put_fixed(out, table_ids[change.table]);
    put_sized(out, change.key);
    if (change.removes) continue;
    put_varint(out, value_size(change));
    for (const SharedBytes& piece : change.pieces) out.append(piece.view());
  }
}

bool decode_changes(const LogFrame& frame, std::size_t table_count,
                    UniqueFunction<void(const LoggedChange&)>& take) {
  Reader reader(frame.payload);
  for (std::uint32_t i = 0; i < frame.count; ++i) {
    LoggedChange change{};
    change.kind = static_cast<EntryKind>(reader.fixed<std::uint8_t>());
    change.table = reader.fixed<TableId>();
    change.sequence = frame.first_sequence + i;
    change.key = reader.sized();
    if (change.kind == EntryKind::put) change.value = reader.sized();
    const bool known = change.kind == EntryKind::put || change.kind == EntryKind::remove;
    if (!reader.ok() || !known || change.table >= table_count || change.key.empty()) return false;
    take(change);
  }
  return reader.finished();
}

}  // namespace ouro::engine
