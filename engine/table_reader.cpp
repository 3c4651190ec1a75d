#include "engine/table_reader.hpp"

#include "base/check.hpp"
#include "engine/block_format.hpp"
#include "engine/file_names.hpp"
#include "engine/scratch.hpp"
#include "engine/table_iterator.hpp"
#include "engine/table_properties.hpp"

#include <lz4.h>

#include <utility>

namespace ouro::engine {

Result<std::shared_ptr<TableReader>> TableReader::open(const TableStore& store, FileMeta meta) {
  std::shared_ptr<TableReader> reader(new TableReader(store, std::move(meta)));
  const Status loaded = reader->load(Trust::everything);
  if (!loaded) return loaded.error();
  return reader;
}

Result<std::shared_ptr<TableReader>> TableReader::open_damaged(const TableStore& store,
                                                               FileMeta meta) {
  std::shared_ptr<TableReader> reader(new TableReader(store, std::move(meta)));
  const Status loaded = reader->load(Trust::entries);
  if (!loaded) return loaded.error();
  return reader;
}

TableReader::TableReader(const TableStore& store, FileMeta meta)
    : store_(store),
      meta_(std::move(meta)),
      path_(table_path(store.directory, meta_.number)),
      seed_(table_seed(store.database_id, meta_.number)),
      smallest_prefix_(key_prefix(meta_.smallest)),
      largest_prefix_(key_prefix(meta_.largest)) {}

TableReader::~TableReader() {
  store_.cache.forget(slots_);
  if (!obsolete_.load(std::memory_order_acquire)) return;
  file_.reset();
  // A file that cannot be removed now is found and removed when the database is opened again.
  if (store_.discard)
    store_.discard(path_);
  else
    static_cast<void>(store_.files.remove(path_));
}

Error TableReader::damaged(std::uint64_t offset, std::string_view what) const {
  return {ErrorCode::corruption, path_ + " at " + std::to_string(offset) + ": " +
                                     std::string(what) +
                                     "; the file is damaged, restore its data from a replica"};
}

Status TableReader::load(Trust trust) {
  auto file = store_.files.open(path_);
  if (!file) return file.error();
  file_ = std::move(*file);
  if (file_->size() != meta_.size ||
      meta_.size < table_header_size + table_footer_size + block_trailer_size)
    return damaged(file_->size(),
                   "the file ends here but should have " + std::to_string(meta_.size) + " bytes");
  const Status header = check_header();
  if (!header && (trust == Trust::everything || header.error().code != ErrorCode::corruption))
    return header;
  auto footer = read_footer();
  if (!footer) return footer.error();

  auto index = read_section(footer->index, BlockType::index);
  if (!index) return index.error();
  auto decoded = Index::decode(*index, table_header_size, footer->filter.offset);
  if (!decoded || decoded->count() != footer->blocks)
    return damaged(footer->index.offset, "the index makes no sense");
  index_ = std::move(*decoded);
  if (footer->filter.size > 0 && trust == Trust::everything) {
    const auto bytes = read_section(footer->filter, BlockType::filter);
    if (!bytes) return bytes.error();
    filter_ = Filter::decode(*bytes);
    if (!filter_) return damaged(footer->filter.offset, "the filter makes no sense");
  }
  removes_ = footer->removes;
  properties_ = footer->properties;
  slots_ = std::vector<BlockSlot>(index_.count());
  store_.cache.adopt(slots_);
  return {};
}

Status TableReader::check_header() const {
  char bytes[table_header_size];
  const Status read = file_->read(0, bytes, ReadMode::blocking);
  if (!read) return read;
  const auto header = decode_table_header({bytes, sizeof bytes});
  if (!header) return damaged(0, "this is no table header");
  if (header->version != table_format_version)
    return Error{ErrorCode::unsupported,
                 path_ + ": format version " + std::to_string(header->version) +
                     "; this build reads " + std::to_string(table_format_version) +
                     ", use the build that wrote it"};
  if (header->number != meta_.number || header->database_id != store_.database_id)
    return damaged(0, "this is table file " + std::to_string(header->number) + " of database " +
                          std::to_string(header->database_id) + ", not number " +
                          std::to_string(meta_.number) + " of " +
                          std::to_string(store_.database_id));
  return {};
}

Result<Footer> TableReader::read_footer() const {
  const std::uint64_t offset = meta_.size - table_footer_size;
  char bytes[table_footer_size];
  const Status read = file_->read(offset, bytes, ReadMode::blocking);
  if (!read) return read.error();
  const auto footer = decode_footer({bytes, sizeof bytes}, seed_);
  if (!footer) return damaged(offset, "the footer's checksum does not match");
  const Status checked = check_footer(*footer);
  if (!checked) return checked.error();
  return *footer;
}

Status TableReader::check_footer(const Footer& footer) const {
  const std::uint64_t offset = meta_.size - table_footer_size;
  // The sections follow each other without gaps, so every byte is under some checksum.
  const auto fits = [](const Section& section, std::uint64_t end, bool optional) {
    if (section.size == 0) return optional && section.offset <= end;
    return section.size > block_trailer_size && section.offset <= end &&
           section.size <= end - section.offset;
  };
  if (!fits(footer.filter, offset, true) || !fits(footer.index, offset, false) ||
      !fits(footer.properties, offset, false) || footer.filter.offset < table_header_size ||
      footer.filter.offset + footer.filter.size != footer.index.offset ||
      footer.index.offset + footer.index.size != footer.properties.offset ||
      footer.properties.offset + footer.properties.size != offset)
    return damaged(offset, "the footer's sections do not fit together");
  if (footer.number != meta_.number || footer.database_id != store_.database_id ||
      footer.entries != meta_.entries || footer.min_sequence != meta_.min_sequence ||
      footer.max_sequence != meta_.max_sequence || footer.removes > footer.entries)
    return damaged(offset, "the footer contradicts the manifest");
  return {};
}

Result<std::string> TableReader::read_section(const Section& section, BlockType type) const {
  std::string bytes(section.size, '\0');
  const Status read = file_->read(section.offset, bytes, ReadMode::blocking);
  if (!read) return read.error();
  const auto trailer = decode_block_trailer(bytes, seed_ ^ section.offset);
  if (!trailer || trailer->type != type || trailer->compression != Compression::none)
    return damaged(section.offset, "a section's checksum does not match");
  bytes.resize(bytes.size() - block_trailer_size);
  return bytes;
}

Result<std::vector<ReplacedPart>> TableReader::replaced() const {
  const auto properties = read_properties(*file_, properties_, seed_);
  if (!properties) return properties.error();
  if (!*properties) return std::vector<ReplacedPart>();
  const auto found = (*properties)->find("replaced");
  if (found == (*properties)->end()) return std::vector<ReplacedPart>();
  return decode_replaced_parts(found->second).value_or(std::vector<ReplacedPart>());
}

bool TableReader::may_contain(std::string_view key, std::uint64_t hash) const noexcept {
  return covers(key_prefix(key)) && (!filter_ || filter_->may_contain(hash));
}

bool TableReader::may_have(const PointRead& read) const noexcept {
  if (read.at_most < meta_.min_sequence || !covers(read.prefix)) return false;
  if (!filter_ || filter_->may_contain(read.hash)) return true;
  store_.filter_skips.add();
  return false;
}

void TableReader::prefetch(const PointRead& read) const noexcept {
  if (filter_) filter_->prefetch(read.hash);
  index_.prefetch(read.prefix);
}

Status TableReader::get(const PointRead& read, Found& found) const {
  if (!may_have(read)) return {};
  const std::size_t number = find_block(read);
  auto block = this->block(number, read.mode);
  if (!block) return block.error();
  const std::size_t at = (*block)->lower_bound(read.prefix, read.key, read.at_most);
  return get_from({number, std::move(*block), at}, read, found);
}

Status TableReader::get_from(BlockPosition place, const PointRead& read, Found& found) const {
  // All of a block may come before the wanted version; the next may begin with an older one.
  while (place.at == place.block->count()) {
    if (++place.number == index_.count() || !index_.continues(place.number, read.key)) return {};
    auto next = block(place.number, read.mode);
    if (!next) return next.error();
    place.block = std::move(*next);
    place.at = place.block->lower_bound(read.prefix, read.key, read.at_most);
  }
  const Entry entry = place.block->entry(place.at);
  if (entry.key != read.key) return {};
  found.sequence = entry.sequence;
  found.kind = entry.kind == EntryKind::put ? Found::Kind::put : Found::Kind::remove;
  if (entry.kind == EntryKind::put) found.value = SharedBytes(std::move(place.block), entry.value);
  return {};
}

Result<std::shared_ptr<const Block>> TableReader::block(std::size_t number, ReadMode mode) const {
  if (auto cached = slots_[number].find()) {
    store_.cache_hits.add();
    return cached;
  }
  store_.cache_misses.add();
  BlockSlot& slot = slots_[number];
  // What must not wait for the disk must not wait for another reader either.
  if (mode == ReadMode::cached) return load(number, mode);
  for (;;) {
    BlockCache::LoadTurn turn = store_.cache.begin_load(slot);
    if (turn.block) return std::move(turn.block);
    if (!turn.loads) continue;
    auto loaded = load(number, mode);
    store_.cache.end_load(slot);
    return loaded;
  }
}

Result<std::shared_ptr<const Block>> TableReader::load(std::size_t number, ReadMode mode) const {
  const std::uint64_t offset = index_.offset(number);
  const std::uint64_t size = index_.stored_size(number);
  thread_local Scratch scratch;
  const std::span<char> stored = scratch.take(size);
  const Status read = file_->read(offset, stored, mode);
  if (!read) return read.error();
  auto block = decode_block({stored.data(), size}, offset, &store_.cache.home(slots_[number]));
  if (block) store_.cache.insert(slots_[number], *block);
  return block;
}

void TableReader::read_ahead(std::size_t number) const {
  file_->read_ahead(index_.offset(number), index_.stored_size(number));
}

Result<std::shared_ptr<const Block>> TableReader::decode_block(std::string_view stored,
                                                               std::uint64_t offset,
                                                               BlockHome* home) const {
  const auto trailer = decode_block_trailer(stored, seed_ ^ offset);
  if (!trailer || trailer->type != BlockType::data)
    return damaged(offset, "a block's checksum does not match");
  std::string_view raw = stored.substr(0, stored.size() - block_trailer_size);
  thread_local Scratch scratch;
  if (trailer->compression == Compression::lz4) {
    if (trailer->raw_size > block_raw_size_max)
      return damaged(offset, "a block claims to be too large");
    const std::span<char> room = scratch.take(trailer->raw_size);
    const int got = LZ4_decompress_safe(raw.data(), room.data(), static_cast<int>(raw.size()),
                                        static_cast<int>(trailer->raw_size));
    if (got < 0 || static_cast<std::uint32_t>(got) != trailer->raw_size)
      return damaged(offset, "a block cannot be decompressed");
    raw = {room.data(), trailer->raw_size};
  }
  auto block = unpack_block(raw, home);
  if (!block) return damaged(offset, "a block makes no sense");
  return block;
}

std::unique_ptr<EntryIterator> TableReader::iterator(const IterateOptions& options) const {
  return std::make_unique<TableIterator>(shared_from_this(), options);
}

Result<std::vector<std::shared_ptr<TableReader>>> open_tables(const TableStore& store,
                                                              const VersionEdit& edit) {
  std::vector<std::shared_ptr<TableReader>> readers;
  for (const FileMeta& meta : edit.added) {
    auto reader = TableReader::open(store, meta);
    if (!reader) return reader.error();
    readers.push_back(std::move(*reader));
  }
  return readers;
}

}  // namespace ouro::engine
