#include "engine/wal_batch.hpp"

namespace ouro::engine {

bool ChangeReader::next(LoggedChange& change) {
  if (left_ == 0) return false;
  change.kind = static_cast<EntryKind>(rest_.fixed<std::uint8_t>());
  change.table = rest_.fixed<TableId>();
  change.key = rest_.sized();
  change.value = change.kind == EntryKind::put ? rest_.sized() : std::string_view();
  change.sequence = next_;
  const bool known = change.kind == EntryKind::put || change.kind == EntryKind::remove;
  if (!rest_.ok() || !known || change.table >= table_count_ || change.key.empty() ||
      change.key.size() > key_size_max || change.value.size() > value_size_max)
    return false;
  ++next_;
  --left_;
  return true;
}

void rename_tables(std::span<char> changes, std::span<const TableId> table_ids) {
  Reader reader(std::string_view(changes.data(), changes.size()));
  while (!reader.rest().empty()) {
    const auto kind = static_cast<EntryKind>(reader.fixed<std::uint8_t>());
    const std::size_t at = changes.size() - reader.rest().size();
    changes[at] = static_cast<char>(table_ids[reader.fixed<TableId>()]);
    reader.sized();
    if (kind == EntryKind::put) reader.sized();
  }
}

}  // namespace ouro::engine
