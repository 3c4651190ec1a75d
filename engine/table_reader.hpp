// Reading one table file.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/block.hpp"
#include "engine/db.hpp"
#include "engine/entry.hpp"
#include "engine/file_meta.hpp"
#include "engine/filter.hpp"
#include "engine/point_read.hpp"
#include "engine/table_format.hpp"
#include "engine/table_store.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ouro::engine {

/// How an iterator reads.
struct IterateOptions {
  ReadMode mode = ReadMode::blocking;
  /// False for work that reads everything once (compaction, verification): reads ahead in large
  /// pieces and leaves the cache to those who come back.
  bool fill_cache = true;
};

/// An open SSTable: its index and filter are held in memory, its blocks are read through the cache.
/// Every byte is checked before it is believed: damage is Error corruption naming file and offset.
/// Immutable and safe to use from any thread. Shared: versions, iterators and jobs each hold it.
class TableReader : public std::enable_shared_from_this<TableReader> {
 public:
  /// Opens the file of `meta` in the store's directory and checks that it is that file. Errors:
  /// corruption, unsupported (a newer format), io, not_found.
  static Result<std::shared_ptr<TableReader>> open(const TableStore& store, FileMeta meta);
  /// Removes the file if it was marked obsolete.
  ~TableReader();
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  const FileMeta& meta() const noexcept { return meta_; }
  const std::string& path() const noexcept { return path_; }

  /// Sets `found` if the table has a version of the key that the read may see, else leaves it
  /// alone. Error would_block with ReadMode::cached.
  Status get(const PointRead& read, Found& found) const;

  /// False if the table certainly has no version of the key. Never reads.
  bool may_contain(std::string_view key, std::uint64_t hash) const noexcept;

  /// All entries. The iterator keeps the reader alive.
  std::unique_ptr<EntryIterator> iterator(const IterateOptions& options) const;

  /// Reads the whole file and checks everything that can be checked: checksums, order, counts.
  /// Damage goes into the report; an Error means that the check itself could not be done.
  Status verify(VerifyReport& report) const;

  /// The file is no longer part of the database (durably so): it is removed when the last reference
  /// to this reader goes.
  void mark_obsolete() noexcept { obsolete_.store(true, std::memory_order_release); }

 private:
  friend class TableIterator;
  friend class TableVerifier;

  TableReader(const TableStore& store, FileMeta meta);

  Status load();
  Status check_header() const;
  Result<Footer> read_footer() const;
  Status check_footer(const Footer& footer) const;
  Result<std::string> read_section(const Section& section, BlockType type) const;

  /// Block `number` through the cache.
  Result<std::shared_ptr<const Block>> block(std::size_t number, ReadMode mode) const;
  /// Checks and decodes a stored block that was read from `offset`.
  Result<std::shared_ptr<const Block>> decode_block(std::unique_ptr<char[]> stored,
                                                    std::size_t size, std::uint64_t offset) const;
  Error damaged(std::uint64_t offset, std::string_view what) const;

  const TableStore& store_;
  FileMeta meta_;
  std::string path_;
  std::uint64_t seed_;
  std::uint64_t smallest_prefix_, largest_prefix_;
  std::uint64_t removes_ = 0;
  std::uint64_t cache_id_ = 0;
  std::unique_ptr<RandomFile> file_;
  Index index_;
  std::optional<Filter> filter_;
  std::atomic<bool> obsolete_{false};
};

/// Opens the readers of all files that an edit adds, in its order.
Result<std::vector<std::shared_ptr<TableReader>>> open_tables(const TableStore& store,
                                                              const VersionEdit& edit);

}  // namespace ouro::engine
