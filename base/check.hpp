// Assertions that stay on in release builds: a wrong node must stop, not guess.
#pragma once

namespace ouro {

[[noreturn]] void check_failed(const char* file, int line) noexcept;

/// Stops the process when `holds` is false. For broken invariants only: input from a disk, a
/// network or a person is never checked with this; it is parsed into a Result.
constexpr void check(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (!holds) [[unlikely]]
    check_failed(file, line);
}

}  // namespace ouro
