#include "engine/wal_writer.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace ouro::engine {

Result<std::unique_ptr<LogWriter>> LogWriter::create(FileSystem& files, const std::string& path,
                                                     const LogHeader& header) {
  auto file = files.create(path);
  if (!file) return file.error();
  if (Status written = (*file)->append(encode_log_header(header)); !written) return written.error();
  if (Status synced = (*file)->sync(); !synced) return synced.error();
  if (Status synced = files.sync_directory(directory_of(path)); !synced) return synced.error();
  return std::unique_ptr<LogWriter>(new LogWriter(std::move(*file), path, header));
}

// Each step as large as the file, within bounds: a small log wastes little, a large one asks
// seldom.
void LogWriter::reserve(std::uint64_t end) {
  constexpr std::uint64_t least = 64 * 1024;
  constexpr std::uint64_t most = 8 * 1024 * 1024;
  if (end <= reserved_) return;
  reserved_ = end + std::clamp(end, least, most);
  file_->reserve(reserved_);
}

Status LogWriter::append(std::string& buffer, LogFrame frame) {
  check(file_->size() == end_);
  reserve(end_ + buffer.size());
  frame.synced_upto = synced_;
  finish_frame(buffer, frame, header_, end_);
  const std::string_view bytes = buffer;
  if (Status written = file_->append(bytes); !written) return written;
  end_ += bytes.size();
  return {};
}

Status LogWriter::sync() {
  if (Status synced = file_->sync(); !synced) return synced;
  synced_ = end_;
  return {};
}

}  // namespace ouro::engine
