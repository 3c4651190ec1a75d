#include "engine/table_iterator.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::uint64_t read_ahead_bytes = 256 * 1024;

}  // namespace

Status TableIterator::status() const {
  if (failed_) return *failed_;
  return {};
}

void TableIterator::seek_to_first() {
  failed_.reset();
  enter(0);
}

void TableIterator::seek(std::string_view key, Sequence sequence) {
  failed_.reset();
  const std::uint64_t prefix = key_prefix(key);
  const std::size_t number = table_->index_.find(prefix, key, sequence);
  // Neighbouring seeks often stay in one block.
  if (!block_ || number != number_) enter(number);
  if (!block_) return;
  at_ = block_->lower_bound(prefix, key, sequence);
  if (at_ == block_->count()) enter(number + 1);
}

void TableIterator::next() {
  check(valid());
  if (++at_ == block_->count()) enter(number_ + 1);
}

void TableIterator::skip_block() {
  failed_.reset();
  enter(number_ + 1);
}

/// To the first entry of block `number`; past the end if there is none.
void TableIterator::enter(std::size_t number) {
  block_.reset();
  at_ = 0;
  number_ = number;
  if (number >= table_->index_.count()) return;
  auto block = fetch(number);
  if (block)
    block_ = std::move(*block);
  else
    failed_ = block.error();
}

Result<std::shared_ptr<const Block>> TableIterator::fetch(std::size_t number) {
  if (options_.fill_cache) return table_->block(number, options_.mode);
  const std::uint64_t offset = table_->index_.offset(number);
  const std::uint64_t size = table_->index_.stored_size(number);
  if (offset < ahead_begin_ || offset + size > ahead_end_) {
    const Status read = read_ahead(offset, size);
    if (!read) return read.error();
  }
  return table_->decode_block({ahead_.get() + (offset - ahead_begin_), size}, offset);
}

Status TableIterator::read_ahead(std::uint64_t offset, std::uint64_t size) {
  const std::uint64_t data_end = table_->index_.offset(table_->index_.count());
  const std::uint64_t end = std::min(data_end, offset + std::max(size, read_ahead_bytes));
  ahead_begin_ = ahead_end_ = 0;
  ahead_ = std::make_unique_for_overwrite<char[]>(end - offset);
  const Status read =
      table_->file_->read(offset, std::span(ahead_.get(), end - offset), options_.mode);
  if (!read) return read;
  ahead_begin_ = offset;
  ahead_end_ = end;
  return {};
}

}  // namespace ouro::engine
