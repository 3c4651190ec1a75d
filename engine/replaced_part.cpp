#include "engine/replaced_part.hpp"

#include "base/coding.hpp"
#include "engine/file_names.hpp"
#include "engine/table_reader.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {

std::string encode(const std::vector<ReplacedPart>& parts) {
  std::string out;
  for (const ReplacedPart& part : parts) {
    put_varint(out, part.number);
    put_sized(out, part.begin);
    put_sized(out, part.end);
  }
  return out;
}

std::optional<std::vector<ReplacedPart>> decode_replaced_parts(std::string_view bytes) {
  std::vector<ReplacedPart> parts;
  Reader reader(bytes);
  while (reader.ok() && !reader.rest().empty()) {
    ReplacedPart part;
    part.number = reader.varint();
    part.begin = reader.sized();
    part.end = reader.sized();
    parts.push_back(std::move(part));
  }
  if (!reader.finished()) return std::nullopt;
  return parts;
}

std::vector<ReplacedPart> parts_within(const std::vector<ReplacedPart>& parts,
                                       const std::string& begin, const std::string& end) {
  std::vector<ReplacedPart> found;
  for (const ReplacedPart& part : parts) {
    const std::string& from = std::max(part.begin, begin);
    const std::string& to = end.empty() ? part.end : std::min(part.end, end);
    if (from < to) found.push_back({part.number, from, to});
  }
  return found;
}

bool parts_cover(std::vector<ReplacedPart> parts, const std::string& smallest,
                 const std::string& largest) {
  std::sort(parts.begin(), parts.end(),
            [](const auto& a, const auto& b) { return a.begin < b.begin; });
  std::string covered = smallest;  // all before it
  for (const ReplacedPart& part : parts) {
    if (part.begin > covered) return false;
    covered = std::max(covered, part.end);
    if (covered > largest) return true;
  }
  return false;
}

Result<std::vector<ReplacedPart>> replaced_with(const TableStore& store, const TableReader& file) {
  const FileMeta& meta = file.meta();
  // One key longer than the last: the end is exclusive.
  std::vector<ReplacedPart> parts{{meta.number, meta.smallest, meta.largest + '\0'}};
  auto replaced = file.replaced();
  if (!replaced) return replaced.error();
  for (ReplacedPart& older : *replaced)
    if (store.files.exists(table_path(store.directory, older.number)))
      parts.push_back(std::move(older));
  return parts;
}

}  // namespace ouro::engine
