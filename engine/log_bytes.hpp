// One log file in memory, of which any part may be damaged.
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/wal_format.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ouro::engine {

/// Where LogReader stops at the first damage, this goes on behind it.
struct LogBytes {
  std::string path;
  std::string bytes;
  std::optional<LogHeader> header;  ///< Nothing if it is damaged.

  /// The file of `number`. Errors: not_found, io and the like, unsupported (a newer format); damage
  /// is none.
  static Result<LogBytes> read(FileSystem& files, const std::string& path, LogKind kind,
                               std::uint64_t number);

  /// The first valid frame at `at` or behind it (in steps of the alignment), and where it lies.
  /// Requires a header: the checksums depend on it.
  struct Found {
    std::uint64_t offset = 0;
    LogFrame frame;
  };
  std::optional<Found> find_frame(std::uint64_t at) const;
};

}  // namespace ouro::engine
