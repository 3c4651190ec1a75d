#include "engine/table_builder.hpp"

#include "base/check.hpp"
#include "base/coding.hpp"
#include "engine/file_names.hpp"
#include "engine/filter.hpp"
#include "engine/table_properties.hpp"

#include <lz4.h>

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

/// Keys may be long, and the properties must stay readable.
constexpr std::size_t replaced_size_max = properties_size_max / 4;

}  // namespace

Result<std::unique_ptr<TableBuilder>> TableBuilder::create(const TableStore& store, Target target) {
  auto file = store.files.create(table_path(store.directory, target.number));
  if (!file) return file.error();
  std::unique_ptr<TableBuilder> builder(new TableBuilder(store, target, std::move(*file)));
  TableHeader header;
  header.number = target.number;
  header.database_id = store.database_id;
  const Status written = builder->append(encode(header));
  if (!written) return written.error();
  return builder;
}

TableBuilder::TableBuilder(const TableStore& store, Target target,
                           std::unique_ptr<WritableFile> file)
    : store_(store),
      path_(table_path(store.directory, target.number)),
      file_(std::move(file)),
      seed_(table_seed(store.database_id, target.number)) {
  meta_.number = target.number;
  meta_.table = target.table;
  meta_.level = target.level;
}

Status TableBuilder::append(std::string_view bytes) {
  file_hash_.add(bytes);
  return file_->append(bytes);
}

std::uint64_t TableBuilder::file_size() const noexcept { return file_->size() + block_.size(); }

Status TableBuilder::add(const Entry& entry) {
  if (entry.key.empty() || entry.sequence > sequence_max)
    return Error{ErrorCode::corruption, path_ + ": an entry without key or with sequence " +
                                            std::to_string(entry.sequence) +
                                            " was about to be written"};
  const Entry last{last_key_, last_sequence_, EntryKind::put, {}};
  if (meta_.entries > 0 && !before(last, entry))
    return Error{ErrorCode::corruption,
                 path_ + ": entries to be written are out of order at number " +
                     std::to_string(meta_.entries) + "; what they were read from is damaged"};
  if (!block_.empty() && block_.size_with(entry) > store_.options.block_bytes) {
    const Status written = write_block();
    if (!written) return written;
  }
  if (block_.empty()) index_.add(file_->size(), entry, last_key_);
  block_.add(entry);
  note(entry);
  return {};
}

void TableBuilder::note(const Entry& entry) {
  if (meta_.entries == 0 || last_key_ != entry.key) {
    hashes_.push_back(hash64(entry.key));
    last_key_.assign(entry.key);
  }
  if (meta_.entries == 0) {
    meta_.smallest.assign(entry.key);
    meta_.min_sequence = meta_.max_sequence = entry.sequence;
  }
  last_sequence_ = entry.sequence;
  meta_.min_sequence = std::min(meta_.min_sequence, entry.sequence);
  meta_.max_sequence = std::max(meta_.max_sequence, entry.sequence);
  ++meta_.entries;
  if (entry.kind == EntryKind::remove) ++removes_;
  key_bytes_ += entry.key.size();
  value_bytes_ += entry.value.size();
}

Status TableBuilder::write_block() {
  const std::string_view raw = block_.finish();
  const auto raw_size = static_cast<std::uint32_t>(raw.size());
  check(raw.size() <= block_raw_size_max && raw.size() <= LZ4_MAX_INPUT_SIZE);
  if (store_.options.compress) {
    // No room for more than 7/8: LZ4 gives up by itself where it would not pay.
    compressed_.resize(raw.size() - raw.size() / 8);
    const int size =
        LZ4_compress_default(raw.data(), compressed_.data(), static_cast<int>(raw_size),
                             static_cast<int>(compressed_.size()));
    if (size > 0)
      return write_stored({BlockType::data, Compression::lz4, raw_size},
                          std::string_view(compressed_).substr(0, static_cast<std::size_t>(size)));
  }
  return write_stored({BlockType::data, Compression::none, raw_size}, raw);
}

Status TableBuilder::write_stored(const BlockTrailer& trailer, std::string_view payload) {
  const std::string tail = encode(trailer, payload, seed_ ^ file_->size());
  file_hash_.add(payload);
  file_hash_.add(tail);
  const std::string_view parts[] = {payload, tail};
  return file_->append(parts);
}

Result<Section> TableBuilder::write_section(BlockType type, std::string_view payload) {
  Section section;
  section.offset = file_->size();
  const Status written =
      write_stored({type, Compression::none, static_cast<std::uint32_t>(payload.size())}, payload);
  if (!written) return written.error();
  section.size = file_->size() - section.offset;
  return section;
}

std::string TableBuilder::properties() const {
  const auto& tables = store_.options.tables;
  const bool known = meta_.table < tables.size();
  std::vector<std::pair<std::string, std::string>> all{
      {"writer", "ouro"},
      {"table", known ? tables[meta_.table].name : std::string()},
      {"table_id", std::to_string(meta_.table)},
      {"token_order", known && tables[meta_.table].token_order ? "1" : "0"},
      {"level", std::to_string(meta_.level)},
      {"entries", std::to_string(meta_.entries)},
      {"removes", std::to_string(removes_)},
      {"key_bytes", std::to_string(key_bytes_)},
      {"value_bytes", std::to_string(value_bytes_)},
      {"block_bytes", std::to_string(store_.options.block_bytes)},
      {"filter_bits_per_key", std::to_string(store_.options.filter_bits_per_key)}};
  // Without it repair keeps more than it must.
  std::string replaced = encode(replaced_);
  if (!replaced.empty() && replaced.size() <= replaced_size_max)
    all.emplace_back("replaced", std::move(replaced));
  return encode(all);
}

Result<FileMeta> TableBuilder::finish() {
  check(meta_.entries > 0);
  Status status = write_block();
  if (!status) return status.error();

  Footer footer;
  footer.filter.offset = file_->size();
  const std::string index = index_.finish(file_->size());
  if (store_.options.filter_bits_per_key > 0) {
    const Filter filter = Filter::build(hashes_, store_.options.filter_bits_per_key);
    const auto section = write_section(BlockType::filter, filter.encode());
    if (!section) return section.error();
    footer.filter = *section;
  }
  const auto index_section = write_section(BlockType::index, index);
  if (!index_section) return index_section.error();
  footer.index = *index_section;
  const auto properties_section = write_section(BlockType::properties, properties());
  if (!properties_section) return properties_section.error();
  footer.properties = *properties_section;

  footer.number = meta_.number;
  footer.database_id = store_.database_id;
  footer.entries = meta_.entries;
  footer.removes = removes_;
  footer.blocks = index_.count();
  footer.min_sequence = meta_.min_sequence;
  footer.max_sequence = meta_.max_sequence;
  status = append(encode(footer, seed_));
  if (status) status = file_->sync();
  if (!status) return status.error();
  meta_.largest = last_key_;
  meta_.size = file_->size();
  meta_.checksum = file_hash_.finish();
  return meta_;
}

}  // namespace ouro::engine
