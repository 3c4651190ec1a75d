#include "engine/table_survey.hpp"

#include "engine/file_names.hpp"
#include "engine/printable.hpp"
#include "engine/table_format.hpp"
#include "engine/table_properties.hpp"

#include <charconv>
#include <span>
#include <utility>

namespace ouro::engine {
namespace {

constexpr std::size_t prefix_bytes = 8;

Result<std::string> bytes_at(const RandomFile& file, std::uint64_t offset, std::uint64_t size) {
  std::string bytes(size, '\0');
  if (Status read = file.read(offset, std::span(bytes.data(), bytes.size()), ReadMode::blocking);
      !read)
    return read.error();
  return bytes;
}

std::optional<unsigned> number_in(const Properties& properties, std::string_view name,
                                  unsigned limit) {
  const auto property = properties.find(name);
  if (property == properties.end()) return std::nullopt;
  const std::string& text = property->second;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number > limit)
    return std::nullopt;
  return number;
}

void take_properties(const Properties& properties, TableFacts& facts) {
  const auto name = properties.find("table");
  const auto id = number_in(properties, "table_id", UINT8_MAX);
  const auto level = number_in(properties, "level", level_count - 1);
  const auto order = number_in(properties, "token_order", 1);
  if (name == properties.end() || name->second.empty() || !id || !level || !order) return;
  facts.meta->table = static_cast<TableId>(*id);
  facts.meta->level = *level;
  facts.table = TableSpec{name->second, *order == 1};
  if (const auto replaced = properties.find("replaced"); replaced != properties.end())
    facts.replaced = decode_replaced_parts(replaced->second).value_or(std::vector<ReplacedPart>());
}

Status take_header(const RandomFile& file, const std::string& path, TableFacts& facts) {
  if (file.size() < table_header_size) return {};
  const auto bytes = bytes_at(file, 0, table_header_size);
  if (!bytes) return bytes.error();
  const auto header = decode_table_header(*bytes);
  if (!header) return {};
  if (header->version > table_format_version)
    return Error{ErrorCode::unsupported,
                 path + ": format version " + std::to_string(header->version) +
                     " is newer than this build's " + std::to_string(table_format_version) +
                     "; use the newer ouro"};
  facts.header_valid = true;
  facts.number = header->number;
  facts.database_id = header->database_id;
  return {};
}

}  // namespace

Result<TableFacts> table_facts(FileSystem& files, const std::string& directory,
                               std::uint64_t number, std::uint64_t database_id) {
  const std::string path = table_path(directory, number);
  const auto file = files.open(path);
  if (!file) return file.error();
  TableFacts facts;
  if (Status taken = take_header(**file, path, facts); !taken) return taken.error();
  const std::uint64_t size = (*file)->size();
  if (size < table_header_size + table_footer_size) return facts;
  const std::uint64_t seed =
      table_seed(facts.header_valid ? facts.database_id : database_id, number);
  const auto bytes = bytes_at(**file, size - table_footer_size, table_footer_size);
  if (!bytes) return bytes.error();
  const auto footer = decode_footer(*bytes, seed);
  if (!footer || footer->entries == 0) return facts;
  FileMeta meta;
  meta.number = number;
  meta.size = size;
  meta.smallest = std::string(1, '\0');
  meta.largest = std::string(prefix_bytes, '\xff');
  meta.entries = footer->entries;
  meta.min_sequence = footer->min_sequence;
  meta.max_sequence = footer->max_sequence;
  facts.meta = std::move(meta);
  const auto properties = read_properties(**file, footer->properties, seed);
  if (!properties) return properties.error();
  if (*properties) take_properties(**properties, facts);
  return facts;
}

SalvageIterator::SalvageIterator(std::shared_ptr<const TableReader> table,
                                 std::vector<std::string>& lost)
    : source_(std::move(table), {.mode = ReadMode::blocking, .fill_cache = false}), lost_(lost) {}

void SalvageIterator::seek(std::string_view key, Sequence sequence) {
  last_key_.clear();
  source_.seek(key, sequence);
  skip_damage();
}

void SalvageIterator::seek_to_first() {
  last_key_.clear();
  source_.seek_to_first();
  skip_damage();
}

void SalvageIterator::next() {
  last_key_.assign(source_.entry().key);
  source_.next();
  skip_damage();
}

void SalvageIterator::skip_damage() {
  std::string what;
  while (!source_.valid() && !source_.status()) {
    const Error error = source_.status().error();
    if (error.code != ErrorCode::corruption) return;
    if (what.empty()) what = error.message;
    source_.skip_block();
  }
  if (what.empty()) return;
  std::string keys = last_key_.empty() ? "from the first one" : "after " + quoted(last_key_);
  keys += source_.valid() ? " and before " + quoted(source_.entry().key) : " to the last one";
  lost_.push_back(what + "; keys " + keys + " were in what cannot be read");
}

}  // namespace ouro::engine
