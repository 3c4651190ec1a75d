#include "engine/manifest.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"
#include "engine/file_names.hpp"
#include "engine/wal_reader.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

// On disk for ever. Readers skip unknown tags that have the ignorable bit and refuse all others.
enum class Tag : std::uint32_t {
  table = 1,
  log_number = 2,
  next_file_number = 3,
  last_sequence = 4,
  add_file = 5,
  remove_file = 6,
};
constexpr std::uint32_t ignorable_bit = 0x80000000;
constexpr std::size_t table_name_max = 32;

void put_record(std::string& out, Tag tag, std::string_view bytes) {
  put_fixed(out, static_cast<std::uint32_t>(tag));
  put_sized(out, bytes);
}

void put_number(std::string& out, Tag tag, std::uint64_t number) {
  std::string bytes;
  put_varint(bytes, number);
  put_record(out, tag, bytes);
}

Error damaged(std::string_view what) {
  return {ErrorCode::corruption, "manifest edit: " + std::string(what)};
}

Result<std::uint64_t> number_in(std::string_view bytes) {
  Reader reader(bytes);
  const std::uint64_t number = reader.varint();
  if (!reader.finished()) return damaged("malformed number");
  return number;
}

Result<TableSpec> table_in(std::string_view bytes) {
  Reader reader(bytes);
  const auto flags = reader.fixed<std::uint8_t>();
  const std::string_view name = reader.rest();
  if (!reader.ok() || flags > 1 || name.empty() || name.size() > table_name_max)
    return damaged("malformed table");
  return TableSpec{std::string(name), flags == 1};
}

template <class T, class Take>
Status store(Result<T> result, Take take) {
  if (!result) return result.error();
  take(std::move(*result));
  return {};
}

Status decode_record(std::uint32_t tag, std::string_view bytes, ManifestEdit& edit) {
  switch (static_cast<Tag>(tag)) {
    case Tag::table:
      return store(table_in(bytes), [&](TableSpec t) { edit.tables.push_back(std::move(t)); });
    case Tag::log_number:
      return store(number_in(bytes), [&](std::uint64_t n) { edit.log_number = n; });
    case Tag::next_file_number:
      return store(number_in(bytes), [&](std::uint64_t n) { edit.next_file_number = n; });
    case Tag::last_sequence:
      return store(number_in(bytes), [&](std::uint64_t n) { edit.last_sequence = n; });
    case Tag::add_file:
      return store(decode_file_meta(bytes),
                   [&](FileMeta f) { edit.files.added.push_back(std::move(f)); });
    case Tag::remove_file:
      return store(number_in(bytes), [&](std::uint64_t n) { edit.files.removed.push_back(n); });
  }
  if ((tag & ignorable_bit) != 0) return {};
  return Error{ErrorCode::unsupported, "manifest edit: tag " + std::to_string(tag) +
                                           " is unknown to this build; use a newer one"};
}

}  // namespace

std::string encode(const ManifestEdit& edit) {
  std::string out;
  for (const TableSpec& table : edit.tables)
    put_record(out, Tag::table, std::string(1, table.token_order ? '\1' : '\0') + table.name);
  if (edit.log_number != 0) put_number(out, Tag::log_number, edit.log_number);
  if (edit.next_file_number != 0) put_number(out, Tag::next_file_number, edit.next_file_number);
  if (edit.last_sequence != 0) put_number(out, Tag::last_sequence, edit.last_sequence);
  for (const std::uint64_t number : edit.files.removed) put_number(out, Tag::remove_file, number);
  for (const FileMeta& file : edit.files.added) put_record(out, Tag::add_file, encode(file));
  return out;
}

Result<ManifestEdit> decode_manifest_edit(std::string_view bytes) {
  ManifestEdit edit;
  Reader reader(bytes);
  while (!reader.rest().empty()) {
    const auto tag = reader.fixed<std::uint32_t>();
    const std::string_view record = reader.sized();
    if (!reader.ok()) return damaged("it ends inside a record");
    if (Status decoded = decode_record(tag, record, edit); !decoded) return decoded.error();
  }
  return edit;
}

Status ManifestState::apply(const ManifestEdit& edit) {
  for (const TableSpec& table : edit.tables) tables.push_back(table);
  for (const std::uint64_t number : edit.files.removed)
    if (files.erase(number) == 0)
      return damaged("it removes file " + std::to_string(number) + ", which is not there");
  for (const FileMeta& file : edit.files.added) {
    if (file.table >= tables.size())
      return damaged("it adds a file to table " + std::to_string(file.table) +
                     ", which is not there");
    if (!files.emplace(file.number, file).second)
      return damaged("it adds file " + std::to_string(file.number) + " twice");
  }
  log_number = std::max(log_number, edit.log_number);
  next_file_number = std::max(next_file_number, edit.next_file_number);
  last_sequence = std::max(last_sequence, edit.last_sequence);
  return {};
}

ManifestEdit ManifestState::whole() const {
  ManifestEdit edit;
  edit.tables = tables;
  edit.log_number = log_number;
  edit.next_file_number = next_file_number;
  edit.last_sequence = last_sequence;
  for (const auto& [number, file] : files) edit.files.added.push_back(file);
  return edit;
}

namespace {

// CURRENT: the manifest's name, a space, the hash of the name in hexadecimal, a line feed.
std::string current_content(std::uint64_t number) {
  const std::string path = manifest_path("", number);
  const std::string name = path.substr(1);
  std::string hash_bytes;
  put_big64(hash_bytes, hash64(name));
  std::string out = name + " ";
  constexpr char digits[] = "0123456789abcdef";
  for (const char byte : hash_bytes) {
    const auto value = static_cast<unsigned char>(byte);
    out += digits[value >> 4];
    out += digits[value & 15];
  }
  return out + "\n";
}

}  // namespace

Result<std::uint64_t> read_current(FileSystem& files, const std::string& directory) {
  const std::string path = current_path(directory);
  const auto content = files.read_file(path);
  if (!content) {
    if (content.error().code == ErrorCode::not_found) return std::uint64_t{0};
    return content.error();
  }
  const auto name = parse_file_name(std::string_view(*content).substr(0, content->find(' ')));
  if (!name || name->kind != FileKind::manifest || *content != current_content(name->number))
    return Error{ErrorCode::corruption, path + " at 0: damaged; restore it or refill the node"};
  return name->number;
}

namespace {

Status load_edits(LogReader& reader, const std::string& path, ManifestState& state) {
  bool first = true;
  for (std::uint64_t at = reader.end(); const auto frame = reader.next(); at = reader.end()) {
    const auto in_place = [&](const Error& error) {
      return Error{error.code, path + " at " + std::to_string(at) + ": " + error.message};
    };
    if (frame->type != FrameType::edit) return in_place(damaged("a frame of another kind"));
    const auto edit = decode_manifest_edit(frame->payload);
    if (!edit) return in_place(edit.error());
    if (Status applied = state.apply(*edit); !applied) return in_place(applied.error());
    first = false;
  }
  // The first frame was durable before anything named this file, so it cannot be a torn tail.
  if (first)
    return Error{ErrorCode::corruption, path + " at " + std::to_string(reader.end()) +
                                            ": no valid frame; restore it or refill the node"};
  return reader.check_tail();
}

}  // namespace

Result<ManifestState> load_manifest(FileSystem& files, const std::string& directory,
                                    std::uint64_t number) {
  const std::string path = manifest_path(directory, number);
  auto reader = LogReader::open(files, path, LogKind::manifest, number);
  if (!reader) return reader.error();
  ManifestState state;
  state.identity = reader->header().identity;
  if (Status edits = load_edits(*reader, path, state); !edits) return edits.error();
  return state;
}

Result<LoadedManifest> load_manifest(FileSystem& files, const std::string& directory) {
  LoadedManifest loaded;
  const auto number = read_current(files, directory);
  if (!number) return number.error();
  if (*number == 0) return loaded;
  loaded.number = *number;
  auto state = load_manifest(files, directory, *number);
  if (!state) {
    // CURRENT was only written once this file was durable.
    if (state.error().code != ErrorCode::not_found) return state.error();
    return Error{ErrorCode::corruption,
                 manifest_path(directory, *number) + ": missing, though CURRENT names it"};
  }
  loaded.state = std::move(*state);
  return loaded;
}

Result<std::unique_ptr<Manifest>> Manifest::create(FileSystem& files, const std::string& directory,
                                                   std::uint64_t number,
                                                   const ManifestState& state) {
  LogHeader header;
  header.kind = LogKind::manifest;
  header.number = number;
  header.identity = state.identity;
  auto log = LogWriter::create(files, manifest_path(directory, number), header);
  if (!log) return log.error();
  std::unique_ptr<Manifest> manifest(new Manifest(std::move(*log)));
  if (Status written = manifest->append(state.whole()); !written) return written.error();
  manifest->first_size_ = manifest->size();
  return manifest;
}

Status Manifest::make_current(FileSystem& files, const std::string& directory) const {
  return replace_file(files, current_path(directory), current_content(number()));
}

Status Manifest::append(const ManifestEdit& edit) {
  std::string buffer;
  begin_frame(buffer);
  buffer += encode(edit);
  LogFrame frame;
  frame.type = FrameType::edit;
  if (Status written = log_->append(buffer, frame); !written) return written;
  return log_->sync();
}

}  // namespace ouro::engine
