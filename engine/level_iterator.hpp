// Walking a level: sorted, disjoint files as one stream.
#pragma once

#include "engine/entry.hpp"
#include "engine/table_iterator.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace ouro::engine {

/// Opens the files' iterators one after another. The files must outlive it.
class LevelIterator final : public EntryIterator {
 public:
  LevelIterator(std::span<const std::shared_ptr<TableReader>> files, const IterateOptions& options)
      : files_(files), options_(options) {}

  void seek(std::string_view key, Sequence sequence) override;
  void seek_to_first() override;
  void next() override;
  bool valid() const override { return current_ && current_->valid(); }
  Entry entry() const override { return current_->entry(); }
  Status status() const override;

 private:
  void enter(std::size_t file);
  void skip_finished_files();

  std::span<const std::shared_ptr<TableReader>> files_;
  IterateOptions options_;
  std::size_t at_ = 0;
  std::optional<TableIterator> current_;  ///< Over files_[at_]; none past the end.
};

}  // namespace ouro::engine
