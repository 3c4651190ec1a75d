// What does a table file say about itself, and which of its entries can be read?
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/entry.hpp"
#include "engine/file_meta.hpp"
#include "engine/replaced_part.hpp"
#include "engine/table_iterator.hpp"
#include "engine/table_reader.hpp"
#include "engine/table_store.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ouro::engine {

/// Told by header, footer and properties, without a manifest.
struct TableFacts {
  bool header_valid = false;
  std::uint64_t number = 0;       ///< Of the header, if it is valid.
  std::uint64_t database_id = 0;  ///< Of the header, if it is valid.
  /// From the footer: what TableReader needs to open the file. Keys are as wide as can be and the
  /// hash is 0: both are only known to a manifest. Nothing if the footer is damaged.
  std::optional<FileMeta> meta;
  /// From the properties; nothing if they are damaged.
  std::optional<TableSpec> table;
  std::vector<ReplacedPart> replaced;  ///< From the properties, if they are whole.
};

/// The file of `number`; `database_id` is believed if the header is damaged. Damage is no error.
/// Errors: not_found, io and the like, unsupported (a newer format).
Result<TableFacts> table_facts(FileSystem& files, const std::string& directory,
                               std::uint64_t number, std::uint64_t database_id);

/// All entries that can be read: damaged blocks are left out, and told of. Other errors than
/// corruption are not hidden. For one thread at a time.
class SalvageIterator final : public EntryIterator {
 public:
  /// `lost` gets a sentence for each gap, naming file, offset and the keys around it.
  SalvageIterator(std::shared_ptr<const TableReader> table, std::vector<std::string>& lost);

  void seek(std::string_view key, Sequence sequence) override;
  void seek_to_first() override;
  void next() override;
  bool valid() const override { return source_.valid(); }
  Entry entry() const override { return source_.entry(); }
  Status status() const override { return source_.status(); }

 private:
  void skip_damage();

  TableIterator source_;
  std::vector<std::string>& lost_;
  std::string last_key_;  ///< Empty: nothing was read yet.
};

}  // namespace ouro::engine
