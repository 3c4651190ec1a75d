// What a log holds, and whether it is whole.
#pragma once

#include "base/file_system.hpp"
#include "engine/wal_format.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ouro::engine {

/// A log read into memory. Reading errors are errors, never the end of the log.
class LogReader {
 public:
  /// Reads the file and checks its header. Errors: io and the like, corruption, unsupported.
  static Result<LogReader> open(FileSystem& files, const std::string& path, LogKind kind,
                                std::uint64_t number);

  /// True if the file's creation was cut short: nothing but a part of a header that was never
  /// synced. Frames are only written behind a synced header, so a longer file is never unborn.
  static Result<bool> is_unborn(FileSystem& files, const std::string& path, LogKind kind,
                                std::uint64_t number);

  const LogHeader& header() const noexcept { return header_; }

  /// The next valid frame; nothing at the end of the valid ones. Its payload is a view into this
  /// object.
  std::optional<LogFrame> next();
  /// Offset behind the last frame that next() returned.
  std::uint64_t end() const noexcept { return end_; }
  std::uint64_t size() const noexcept { return bytes_.size(); }

  /// After next() returned nothing: success if what follows is a torn tail, Error corruption if a
  /// later frame proves that what should stand at end() had been durable.
  Status check_tail() const;

 private:
  LogReader(std::string path, std::string bytes, const LogHeader& header)
      : path_(std::move(path)), bytes_(std::move(bytes)), header_(header) {}

  std::string path_;
  std::string bytes_;
  LogHeader header_;
  std::uint64_t end_ = log_header_size;
};

}  // namespace ouro::engine
