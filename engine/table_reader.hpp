// Reading one table file.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/block.hpp"
#include "engine/block_cache.hpp"
#include "engine/db.hpp"
#include "engine/entry.hpp"
#include "engine/file_meta.hpp"
#include "engine/filter.hpp"
#include "engine/point_read.hpp"
#include "engine/replaced_part.hpp"
#include "engine/table_format.hpp"
#include "engine/table_index.hpp"
#include "engine/table_store.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

/// How an iterator reads.
struct IterateOptions {
  ReadMode mode = ReadMode::blocking;
  /// False for work that reads everything once (compaction, verification): reads ahead in large
  /// pieces and leaves the cache to those who come back.
  bool fill_cache = true;
};

/// Where a search in a block ended.
struct BlockPosition {
  std::size_t number;  ///< Of the block in its file.
  std::shared_ptr<const Block> block;
  std::size_t at;  ///< The first entry that is not before what was searched; may be the count.
};

/// An open SSTable: its index and filter are held in memory, its blocks are read through the cache.
/// Every byte is checked before it is believed: damage is Error corruption naming file and offset.
/// Immutable and safe to use from any thread. Shared: versions, iterators and jobs each hold it.
class TableReader : public std::enable_shared_from_this<TableReader> {
 public:
  /// Opens the file of `meta` in the store's directory and checks that it is that file. Errors:
  /// corruption, unsupported (a newer format), io, not_found.
  static Result<std::shared_ptr<TableReader>> open(const TableStore& store, FileMeta meta);
  /// The same for repair, of a file whose header or filter may be damaged: all of its entries can
  /// still be found.
  static Result<std::shared_ptr<TableReader>> open_damaged(const TableStore& store, FileMeta meta);
  /// Removes the file if it was marked obsolete.
  ~TableReader();
  TableReader(const TableReader&) = delete;
  TableReader& operator=(const TableReader&) = delete;

  const FileMeta& meta() const noexcept { return meta_; }
  /// Bytes of memory, without cached blocks.
  std::size_t memory() const noexcept {
    return index_.memory() + (filter_ ? filter_->memory() : 0) +
           slots_.capacity() * sizeof(BlockSlot);
  }
  const std::string& path() const noexcept { return path_; }
  /// How many of the entries are removes.
  std::uint64_t removes() const noexcept { return removes_; }
  /// What the file has taken the place of, by its properties; nothing if they are
  /// damaged. Errors: those of reading.
  Result<std::vector<ReplacedPart>> replaced() const;

  // A lookup in steps, so that lookups of many keys can wait for memory together: ask for the lines
  // that the next step reads, do something else, take the step.

  /// False if no key of the table begins with this prefix (see key_prefix()).
  bool covers(std::uint64_t prefix) const noexcept {
    return prefix >= smallest_prefix_ && prefix <= largest_prefix_;
  }
  void prefetch(const PointRead& read) const noexcept;
  /// False if the table certainly has no version that the read may see. Never reads.
  bool may_have(const PointRead& read) const noexcept;
  /// The block that has it if the table has it.
  std::size_t find_block(const PointRead& read) const noexcept {
    return index_.find(read.prefix, read.key, read.at_most);
  }
  /// Where that block is or would be cached.
  BlockSlot& slot(std::size_t number) const noexcept { return slots_[number]; }
  /// Tells the operating system that the block is about to be read.
  void read_ahead(std::size_t number) const;
  /// Block `number` through the cache.
  Result<std::shared_ptr<const Block>> block(std::size_t number, ReadMode mode) const;
  /// Sets `found` if the table has a version of the key that the read may see, else leaves it
  /// alone. `place` is in the block that find_block() named.
  Status get_from(BlockPosition place, const PointRead& read, Found& found) const;
  /// All steps at once. Error would_block with ReadMode::cached.
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

  enum class Trust : std::uint8_t { everything, entries };

  Status load(Trust trust);
  Status check_header() const;
  Result<Footer> read_footer() const;
  Status check_footer(const Footer& footer) const;
  Result<std::string> read_section(const Section& section, BlockType type) const;

  Result<std::shared_ptr<const Block>> load(std::size_t number, ReadMode mode) const;
  /// Checks and decodes a stored block that was read from `offset`; see unpack_block().
  Result<std::shared_ptr<const Block>> decode_block(std::string_view stored, std::uint64_t offset,
                                                    BlockHome* home = nullptr) const;
  Error damaged(std::uint64_t offset, std::string_view what) const;

  const TableStore& store_;
  FileMeta meta_;
  std::string path_;
  std::uint64_t seed_;
  std::uint64_t smallest_prefix_, largest_prefix_;
  std::uint64_t removes_ = 0;
  Section properties_;
  std::unique_ptr<RandomFile> file_;
  Index index_;
  std::optional<Filter> filter_;
  mutable std::vector<BlockSlot> slots_;  ///< One for each block.
  std::atomic<bool> obsolete_{false};
};

/// Opens the readers of all files that an edit adds, in its order.
Result<std::vector<std::shared_ptr<TableReader>>> open_tables(const TableStore& store,
                                                              const VersionEdit& edit);

}  // namespace ouro::engine
