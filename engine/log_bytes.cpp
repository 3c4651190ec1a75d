#include "engine/log_bytes.hpp"

#include <span>
#include <utility>

namespace ouro::engine {

Result<LogBytes> LogBytes::read(FileSystem& files, const std::string& path, LogKind kind,
                                std::uint64_t number) {
  auto file = files.open(path);
  if (!file) return file.error();
  LogBytes log;
  log.path = path;
  log.bytes.resize((*file)->size());
  if (!log.bytes.empty()) {
    const std::span<char> all(log.bytes.data(), log.bytes.size());
    if (Status read = (*file)->read(0, all, ReadMode::blocking); !read) return read.error();
  }
  const auto header = decode_log_header(log.bytes, kind, number);
  if (header)
    log.header = *header;
  else if (header.error().code != ErrorCode::corruption)
    return Error{header.error().code, path + ": " + header.error().message};
  return log;
}

std::optional<LogBytes::Found> LogBytes::find_frame(std::uint64_t at) const {
  for (; at + frame_header_bytes <= bytes.size(); at += frame_alignment) {
    Found found{at, {}};
    if (read_frame(bytes, at, *header, found.frame)) return found;
  }
  return std::nullopt;
}

}  // namespace ouro::engine
