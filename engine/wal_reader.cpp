#include "engine/wal_reader.hpp"

#include <span>

namespace ouro::engine {
namespace {

Result<std::string> read_all(FileSystem& files, const std::string& path) {
  auto file = files.open(path);
  if (!file) return file.error();
  std::string bytes((*file)->size(), '\0');
  if (bytes.empty()) return bytes;
  if (Status read = (*file)->read(0, std::span(bytes.data(), bytes.size()), ReadMode::blocking);
      !read)
    return read.error();
  return bytes;
}

}  // namespace

Result<LogReader> LogReader::open(FileSystem& files, const std::string& path, LogKind kind,
                                  std::uint64_t number) {
  auto bytes = read_all(files, path);
  if (!bytes) return bytes.error();
  auto header = decode_log_header(*bytes, kind, number);
  if (!header) return Error{header.error().code, path + ": " + header.error().message};
  return LogReader(path, std::move(*bytes), *header);
}

Result<bool> LogReader::is_unborn(FileSystem& files, const std::string& path, LogKind kind,
                                  std::uint64_t number) {
  const auto size = files.file_size(path);
  if (!size) return size.error();
  if (*size > log_header_size) return false;
  auto bytes = read_all(files, path);
  if (!bytes) return bytes.error();
  const auto header = decode_log_header(*bytes, kind, number);
  return !header && header.error().code == ErrorCode::corruption;
}

std::optional<LogFrame> LogReader::next() {
  LogFrame frame;
  if (!read_frame(bytes_, end_, header_, frame)) return std::nullopt;
  end_ = frame.end;
  return frame;
}

Status LogReader::check_tail() const {
  for (std::uint64_t at = end_ + frame_alignment; at + frame_header_bytes <= bytes_.size();
       at += frame_alignment) {
    LogFrame frame;
    if (!read_frame(bytes_, at, header_, frame) || frame.synced_upto <= end_) continue;
    return Error{ErrorCode::corruption,
                 path_ + " at " + std::to_string(end_) + ": no valid frame, but the frame at " +
                     std::to_string(at) +
                     " proves that one was synced; restore this file or refill the node"};
  }
  return {};
}

}  // namespace ouro::engine
