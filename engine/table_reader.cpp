#include "engine/table_reader.hpp"

#include "base/check.hpp"
#include "engine/file_names.hpp"
#include "engine/table_iterator.hpp"

#include <lz4.h>

#include <utility>

namespace ouro::engine {

Result<std::shared_ptr<TableReader>> TableReader::open(const TableStore& store, FileMeta meta) {
  std::shared_ptr<TableReader> reader(new TableReader(store, std::move(meta)));
  const Status loaded = reader->load();
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

Status TableReader::load() {
  auto file = store_.files.open(path_);
  if (!file) return file.error();
  file_ = std::move(*file);
  if (file_->size() != meta_.size ||
      meta_.size < table_header_size + table_footer_size + block_trailer_size)
    return damaged(file_->size(),
                   "the file ends here but should have " + std::to_string(meta_.size) + " bytes");
  const Status header = check_header();
  if (!header) return header;
  auto footer = read_footer();
  if (!footer) return footer.error();

  auto index = read_section(footer->index, BlockType::index);
  if (!index) return index.error();
  auto decoded = Index::decode(std::move(*index), table_header_size, footer->filter.offset);
  if (!decoded || decoded->count() != footer->blocks)
    return damaged(footer->index.offset, "the index makes no sense");
  index_ = std::move(*decoded);
  if (footer->filter.size > 0) {
    const auto bytes = read_section(footer->filter, BlockType::filter);
    if (!bytes) return bytes.error();
    filter_ = Filter::decode(*bytes);
    if (!filter_) return damaged(footer->filter.offset, "the filter makes no sense");
  }
  removes_ = footer->removes;
  cache_id_ = store_.cache.new_file_id();
  return {};
}

Status TableReader::check_header() const {
  char bytes[table_header_size];
  const Status read = file_->read(0, bytes, ReadMode::blocking);
  if (!read) return read;
  const auto header = decode_table_header({bytes, sizeof bytes});
  if (!header) return damaged(0, "this is no table header");
  if (header->version > table_format_version)
    return Error{ErrorCode::unsupported,
                 path_ + ": format version " + std::to_string(header->version) +
                     " is newer than this build's " + std::to_string(table_format_version) +
                     "; start the newer ouro"};
  if (header->version != table_format_version) return damaged(8, "there is no such format version");
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

bool TableReader::may_contain(std::string_view key, std::uint64_t hash) const noexcept {
  const std::uint64_t prefix = key_prefix(key);
  return prefix >= smallest_prefix_ && prefix <= largest_prefix_ &&
         (!filter_ || filter_->may_contain(hash));
}

Status TableReader::get(const PointRead& read, Found& found) const {
  if (read.at_most < meta_.min_sequence || read.prefix < smallest_prefix_ ||
      read.prefix > largest_prefix_)
    return {};
  if (filter_ && !filter_->may_contain(read.hash)) {
    store_.filter_skips.add();
    return {};
  }
  std::size_t number = index_.find(read.prefix, read.key, read.at_most);
  for (;;) {
    auto block = this->block(number, read.mode);
    if (!block) return block.error();
    const std::size_t at = (*block)->lower_bound(read.prefix, read.key, read.at_most);
    if (at < (*block)->count()) {
      const Entry entry = (*block)->entry(at);
      if (entry.key != read.key) return {};
      found.sequence = entry.sequence;
      found.kind = entry.kind == EntryKind::put ? Found::Kind::put : Found::Kind::remove;
      if (entry.kind == EntryKind::put) found.value = SharedBytes(std::move(*block), entry.value);
      return {};
    }
    // All of this block comes before the wanted version; the next may begin with an older one.
    if (++number == index_.count() || !index_.continues(number, read.key)) return {};
  }
}

Result<std::shared_ptr<const Block>> TableReader::block(std::size_t number, ReadMode mode) const {
  const std::uint64_t offset = index_.offset(number);
  const BlockCache::Key key{cache_id_, offset};
  if (auto cached = store_.cache.find(key)) return cached;
  const std::uint64_t size = index_.stored_size(number);
  auto stored = std::make_unique_for_overwrite<char[]>(size);
  const Status read = file_->read(offset, std::span(stored.get(), size), mode);
  if (!read) return read.error();
  auto block = decode_block(std::move(stored), size, offset);
  if (block) store_.cache.insert(key, *block);
  return block;
}

Result<std::shared_ptr<const Block>> TableReader::decode_block(std::unique_ptr<char[]> stored,
                                                               std::size_t size,
                                                               std::uint64_t offset) const {
  const auto trailer = decode_block_trailer({stored.get(), size}, seed_ ^ offset);
  if (!trailer || trailer->type != BlockType::data)
    return damaged(offset, "a block's checksum does not match");
  std::size_t payload_size = size - block_trailer_size;
  if (trailer->compression == Compression::lz4) {
    if (trailer->raw_size > block_raw_size_max)
      return damaged(offset, "a block claims to be too large");
    auto raw = std::make_unique_for_overwrite<char[]>(trailer->raw_size);
    const int got = LZ4_decompress_safe(stored.get(), raw.get(), static_cast<int>(payload_size),
                                        static_cast<int>(trailer->raw_size));
    if (got < 0 || static_cast<std::uint32_t>(got) != trailer->raw_size)
      return damaged(offset, "a block cannot be decompressed");
    stored = std::move(raw);
    payload_size = trailer->raw_size;
  }
  auto block = Block::parse(std::move(stored), payload_size);
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
