#include "engine/table_verifier.hpp"

#include "base/hash.hpp"

#include <algorithm>
#include <memory>

namespace ouro::engine {
namespace {

constexpr std::uint64_t piece_bytes = 1 << 20;

}  // namespace

Status TableReader::verify(VerifyReport& report) const { return TableVerifier(*this).run(report); }

Status TableVerifier::run(VerifyReport& report) {
  ++report.files;
  const std::size_t damage_before = report.damage.size();
  // The parts that were read when the file was opened may have rotted since.
  for (const Status& part : {table_.check_header(), check_sections(), check_file_hash()}) {
    if (part) continue;
    if (part.error().code != ErrorCode::corruption) return part;
    report.damage.push_back(part.error().message);
  }
  for (std::size_t number = 0; number < table_.index_.count(); ++number) {
    const Status checked = check_block(number, report);
    if (!checked) return checked;
  }
  if (!block_lost_) check_totals(report);
  if (hash_differs_ && report.damage.size() == damage_before)
    report_damage(0, "the file is not what was written", report);
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

Status TableVerifier::check_file_hash() {
  StreamHash hash;
  const auto piece = std::make_unique_for_overwrite<char[]>(piece_bytes);
  for (std::uint64_t offset = 0; offset < table_.meta_.size;) {
    const std::uint64_t size = std::min(piece_bytes, table_.meta_.size - offset);
    const Status read =
        table_.file_->read(offset, std::span(piece.get(), size), ReadMode::blocking);
    if (!read) return read;
    hash.add({piece.get(), size});
    offset += size;
  }
  hash_differs_ = hash.finish() != table_.meta_.checksum;
  return {};
}

Status TableVerifier::check_block(std::size_t number, VerifyReport& report) {
  const std::uint64_t offset = table_.index_.offset(number);
  const std::uint64_t size = table_.index_.stored_size(number);
  auto stored = std::make_unique_for_overwrite<char[]>(size);
  const Status read = table_.file_->read(offset, std::span(stored.get(), size), ReadMode::blocking);
  if (!read && read.error().code != ErrorCode::corruption) return read;
  ++report.blocks;
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
    check_entry((*block)->entry(i), number, report);
  report.entries += (*block)->count();
  return {};
}

void TableVerifier::check_entry(const Entry& entry, std::size_t number, VerifyReport& report) {
  const std::uint64_t offset = table_.index_.offset(number);
  const Entry last{last_key_, last_sequence_, EntryKind::put, {}};
  if (!last_key_.empty() && !before(last, entry))
    report_damage(offset, "entries are out of order", report);
  else if (table_.index_.find(key_prefix(entry.key), entry.key, entry.sequence) != number)
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
