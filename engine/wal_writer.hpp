// How frames get into a log, and what is known to be durable of it.
#pragma once

#include "base/file_system.hpp"
#include "engine/wal_format.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace ouro::engine {

/// Appends frames to a new log file. A log of an earlier run is never opened for writing: what is
/// behind its last valid frame is not known. For one thread at a time.
class LogWriter {
 public:
  /// Creates the file, writes and syncs its header, and syncs the directory: afterwards other files
  /// may refer to it.
  static Result<std::unique_ptr<LogWriter>> create(FileSystem& files, const std::string& path,
                                                   const LogHeader& header);

  /// Appends the frame that was begun in `buffer` with begin_frame(); `frame.synced_upto` is
  /// filled in. After an error the file's tail is unknown and nothing may be appended any more.
  Status append(std::string& buffer, LogFrame frame);

  /// Makes all appended frames durable. After an error nothing is known of those that were not yet,
  /// and a later success proves nothing.
  Status sync();

  const LogHeader& header() const noexcept { return header_; }
  const std::string& path() const noexcept { return path_; }
  /// Where the last whole frame ends.
  std::uint64_t end() const noexcept { return end_; }
  /// Up to where the log is known to be durable.
  std::uint64_t synced() const noexcept { return synced_; }

 private:
  LogWriter(std::unique_ptr<WritableFile> file, std::string path, const LogHeader& header)
      : file_(std::move(file)), path_(std::move(path)), header_(header) {}

  void reserve(std::uint64_t end);

  std::unique_ptr<WritableFile> file_;
  std::string path_;
  LogHeader header_;
  std::uint64_t reserved_ = 0;
  std::uint64_t end_ = log_header_size;
  std::uint64_t synced_ = log_header_size;
};

}  // namespace ouro::engine
