// Which older files has a table file taken the place of?
//
// Only repair asks, when no manifest is left to tell live files from those that wait for their
// removal. Files of a compaction share its inputs between them, so each names the parts of the
// inputs that lie where it was written; an input is replaced when the parts that intact files name
// hold all of its keys. What a file's inputs had replaced is named again for as long as it is
// there: the inputs may be gone before it.
#pragma once

#include "base/result.hpp"
#include "engine/table_store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

class TableReader;

/// Everything that the table file `number` has in [begin, end).
struct ReplacedPart {
  std::uint64_t number = 0;
  std::string begin, end;

  bool operator==(const ReplacedPart&) const = default;
};

std::string encode(const std::vector<ReplacedPart>& parts);
/// Nothing if the bytes are anything else.
std::optional<std::vector<ReplacedPart>> decode_replaced_parts(std::string_view bytes);

/// What of `parts` lies in [begin, end); an empty end: no end.
std::vector<ReplacedPart> parts_within(const std::vector<ReplacedPart>& parts,
                                       const std::string& begin, const std::string& end);

/// True if the parts, all of one file, hold every key from `smallest` to `largest`, both inclusive.
bool parts_cover(std::vector<ReplacedPart> parts, const std::string& smallest,
                 const std::string& largest);

/// What is replaced when `file` is: itself, and what it replaced and is still in the directory.
/// Reads its properties; if they are damaged the older ones are left out. Errors: those of reading.
Result<std::vector<ReplacedPart>> replaced_with(const TableStore& store, const TableReader& file);

}  // namespace ouro::engine
