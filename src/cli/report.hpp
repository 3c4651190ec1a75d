// How does the command speak to its user? Data on standard output, everything else on standard
// error.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::cli {

/// A line on standard error.
void say(std::string_view line);

/// "error: what", and "hint: next step" below it when there is one.
void say_error(std::string_view what, std::string_view hint);

/// Asks on standard error and reads the answer from standard input; true for a yes.
bool agreed(std::string_view question);

/// "1.5 GiB", "12 bytes"
std::string size_text(std::uint64_t bytes);

/// Rows of cells as columns that are aligned with two spaces between them; the first row is the
/// heading. No trailing spaces.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace ouro::cli
