// Walking the entries of one table file.
#pragma once

#include "engine/block.hpp"
#include "engine/entry.hpp"
#include "engine/table_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace ouro::engine {

/// Pins one block at a time. With fill_cache false it reads ahead in large pieces, past the cache.
class TableIterator final : public EntryIterator {
 public:
  TableIterator(std::shared_ptr<const TableReader> table, const IterateOptions& options)
      : table_(std::move(table)), options_(options) {}

  void seek(std::string_view key, Sequence sequence) override;
  void seek_to_first() override;
  void next() override;
  bool valid() const override { return block_ != nullptr; }
  Entry entry() const override { return block_->entry(at_); }
  Status status() const override;

  /// After an error: on to the first entry behind the block that could not be read, for repair.
  void skip_block();

 private:
  void enter(std::size_t number);
  Result<std::shared_ptr<const Block>> fetch(std::size_t number);
  Status read_ahead(std::uint64_t offset, std::uint64_t size);

  std::shared_ptr<const TableReader> table_;
  IterateOptions options_;
  std::shared_ptr<const Block> block_;  ///< Null: not valid.
  std::size_t number_ = 0;              ///< Of block_ in the file.
  std::size_t at_ = 0;                  ///< In block_.
  std::optional<Error> failed_;
  std::unique_ptr<char[]> ahead_;
  std::uint64_t ahead_begin_ = 0, ahead_end_ = 0;  ///< What part of the file is in ahead_.
};

}  // namespace ouro::engine
