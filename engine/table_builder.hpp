// Writing one table file.
#pragma once

#include "base/file_system.hpp"
#include "base/hash.hpp"
#include "base/result.hpp"
#include "engine/block_format.hpp"
#include "engine/entry.hpp"
#include "engine/file_meta.hpp"
#include "engine/replaced_part.hpp"
#include "engine/table_format.hpp"
#include "engine/table_index.hpp"
#include "engine/table_store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ouro::engine {

/// Writes the table `number` of `store` front to back; for one thread at a time. Nothing is
/// promised about the file before finish(), and a builder destroyed before it leaves a file that
/// the caller removes.
class TableBuilder {
 public:
  struct Target {
    std::uint64_t number;
    TableId table;
    unsigned level;
  };

  /// Creates the file.
  static Result<std::unique_ptr<TableBuilder>> create(const TableStore& store, Target target);

  /// Entries come strictly in order; one that does not is Error corruption, for what it was read
  /// from is damaged. After an error only destruction is allowed.
  Status add(const Entry& entry);

  std::uint64_t entries() const noexcept { return meta_.entries; }
  const std::string& path() const noexcept { return path_; }
  /// Bytes the file will have, without what the filter and the index add.
  std::uint64_t file_size() const noexcept;

  /// What the file takes the place of; it is written into the properties.
  void set_replaced(std::vector<ReplacedPart> parts) { replaced_ = std::move(parts); }

  /// Writes the rest and syncs the file; syncing the directory is left to the caller. At least one
  /// entry must have been added.
  Result<FileMeta> finish();

 private:
  TableBuilder(const TableStore& store, Target target, std::unique_ptr<WritableFile> file);

  Status append(std::string_view bytes);
  Status write_block();
  Result<Section> write_section(BlockType type, std::string_view payload);
  Status write_stored(const BlockTrailer& trailer, std::string_view payload);
  void note(const Entry& entry);
  std::string properties() const;

  const TableStore& store_;
  std::string path_;
  std::unique_ptr<WritableFile> file_;
  std::uint64_t seed_;
  StreamHash file_hash_;
  FileMeta meta_;
  std::vector<ReplacedPart> replaced_;
  std::uint64_t removes_ = 0;
  std::uint64_t key_bytes_ = 0;
  std::uint64_t value_bytes_ = 0;
  BlockBuilder block_;
  std::string compressed_;
  IndexBuilder index_;
  std::vector<std::uint64_t> hashes_;
  std::string last_key_;
  Sequence last_sequence_ = 0;
};

}  // namespace ouro::engine
