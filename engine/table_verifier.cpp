#include "engine/table_verifier.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::uint64_t piece_bytes = 1 << 20;

}  // namespace

Status TableReader::verify(VerifyReport& report) const {
  const auto done = TableVerifier(*this).step(SIZE_MAX, report);
  if (!done) return done.error();
  return {};
}

Result<bool> TableVerifier::step(std::size_t bytes, VerifyReport& report) {
  const std::uint64_t before = bytes_read_;
  const std::size_t damage_before = report.damage.size();
  if (!std::exchange(begun_, true)) {
    ++report.files;
    if (Status checked = check_frame(report); !checked) return checked.error();
    if (Status hashed = hash_up_to(table_.index_.offset(0), report); !hashed) return hashed.error();
  }
  for (; next_block_ < table_.index_.count(); ++next_block_) {
    if (bytes_read_ - before >= bytes) {
      damaged_ = damaged_ || report.damage.size() > damage_before;
      return false;
    }
    if (Status checked = check_block(report); !checked) return checked.error();
  }
  if (Status hashed = hash_up_to(table_.meta_.size, report); !hashed) return hashed.error();
  if (!block_lost_) check_totals(report);
  damaged_ = damaged_ || report.damage.size() > damage_before;
  if (!damaged_ && hash_.finish() != table_.meta_.checksum)
    report_damage(0, "the file is not what was written", report);
  return true;
}

// The parts that were read when the file was opened may have rotted since.
Status TableVerifier::check_frame(VerifyReport& report) {
  for (const Status& part : {table_.check_header(), check_sections()}) {
    if (part) continue;
    if (part.error().code != ErrorCode::corruption) return part;
    report.damage.push_back(part.error().message);
  }
  return {};
}

Status TableVerifier::check_sections() const {
  const auto footer = table_.read_footer();
  if (!footer) return footer.error();
  const auto index = table_.read_section(footer->index, BlockType::index);
  if (!index) return index.error();
  const auto properties = table_.read_section(footer->properties, BlockType::properties);
  if (!properties) return properties.error();
  if (footer->filter.size == 0) return {};
  const auto filter = table_.read_section(footer->filter, BlockType::filter);
  if (!filter) return filter.error();
  return {};
}

// For what is not in blocks: the header before them, and all that comes behind them.
Status TableVerifier::hash_up_to(std::uint64_t end, VerifyReport& report) {
  const auto piece = std::make_unique_for_overwrite<char[]>(std::min(piece_bytes, end - hashed_));
  while (hashed_ < end) {
    const std::uint64_t size = std::min(piece_bytes, end - hashed_);
    const Status read =
        table_.file_->read(hashed_, std::span(piece.get(), size), ReadMode::blocking);
    if (!read && read.error().code != ErrorCode::corruption) return read;
    if (!read) {
      report.damage.push_back(read.error().message);
      hashed_ = end;
      return {};
    }
    hash_.add({piece.get(), size});
    hashed_ += size;
    bytes_read_ += size;
  }
  return {};
}

Status TableVerifier::check_block(VerifyReport& report) {
  const std::uint64_t offset = table_.index_.offset(next_block_);
  const std::uint64_t size = table_.index_.stored_size(next_block_);
  auto stored = std::make_unique_for_overwrite<char[]>(size);
  const Status read = table_.file_->read(offset, std::span(stored.get(), size), ReadMode::blocking);
  if (!read && read.error().code != ErrorCode::corruption) return read;
  ++report.blocks;
  hash_.add({stored.get(), size});
  hashed_ += size;
  bytes_read_ += size;
  auto block = read ? table_.decode_block({stored.get(), size}, offset)
                    : Result<std::shared_ptr<const Block>>(read.error());
  if (!block) {
    block_lost_ = true;
    report.damage.push_back(block.error().message);
    return {};
  }
  const std::size_t damage_before = report.damage.size();
  // One sentence a block is enough.
  for (std::size_t i = 0; i < (*block)->count() && report.damage.size() == damage_before; ++i)
    check_entry((*block)->entry(i), report);
  report.entries += (*block)->count();
  return {};
}

void TableVerifier::check_entry(const Entry& entry, VerifyReport& report) {
  const std::uint64_t offset = table_.index_.offset(next_block_);
  const Entry last{last_key_, last_sequence_, EntryKind::put, {}};
  if (!last_key_.empty() && !before(last, entry))
    report_damage(offset, "entries are out of order", report);
  else if (table_.index_.find(key_prefix(entry.key), entry.key, entry.sequence) != next_block_)
    report_damage(offset, "the index does not lead to an entry of this block", report);
  else if (!table_.may_contain(entry.key, hash64(entry.key)))
    report_damage(offset, "the filter denies a key of this block", report);
  if (entries_ == 0) first_key_.assign(entry.key);
  if (last_key_ != entry.key) last_key_.assign(entry.key);
  last_sequence_ = entry.sequence;
  min_sequence_ = std::min(min_sequence_, entry.sequence);
  max_sequence_ = std::max(max_sequence_, entry.sequence);
  ++entries_;
  if (entry.kind == EntryKind::remove) ++removes_;
}

void TableVerifier::check_totals(VerifyReport& report) const {
  const FileMeta& meta = table_.meta_;
  if (entries_ != meta.entries || removes_ != table_.removes_ || first_key_ != meta.smallest ||
      last_key_ != meta.largest || min_sequence_ != meta.min_sequence ||
      max_sequence_ != meta.max_sequence)
    report_damage(meta.size, "the entries are not those that manifest and footer tell of", report);
}

void TableVerifier::report_damage(std::uint64_t offset, std::string_view what,
                                  VerifyReport& report) const {
  report.damage.push_back(table_.damaged(offset, what).message);
}

}  // namespace ouro::engine
