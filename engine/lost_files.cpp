#include "engine/lost_files.hpp"

#include "engine/repair.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

namespace ouro::engine {
namespace {

constexpr std::uint64_t piece_bytes = 1 << 20;

Result<bool> same_bytes(FileSystem& files, const std::string& a, const std::string& b) {
  const auto first = files.open(a);
  if (!first) return first.error();
  const auto second = files.open(b);
  if (!second) return second.error();
  const std::uint64_t size = (*first)->size();
  if (size != (*second)->size()) return false;
  std::string pieces[2];
  for (std::uint64_t at = 0; at < size; at += piece_bytes) {
    const std::uint64_t length = std::min(piece_bytes, size - at);
    for (std::string& piece : pieces) piece.resize(length);
    if (Status read = (*first)->read(at, std::span(pieces[0]), ReadMode::blocking); !read)
      return read.error();
    if (Status read = (*second)->read(at, std::span(pieces[1]), ReadMode::blocking); !read)
      return read.error();
    if (pieces[0] != pieces[1]) return false;
  }
  return true;
}

Status keep(FileSystem& files, const std::string& from, const std::string& wanted) {
  std::string to = wanted;
  for (unsigned i = 1; files.exists(to); ++i) {
    const auto same = same_bytes(files, from, to);
    if (!same) return same.error();
    if (*same) return {};
    to = wanted + "." + std::to_string(i);
  }
  return files.link(from, to);
}

}  // namespace

Status keep_lost(FileSystem& files, const std::string& directory,
                 const std::vector<std::string>& names) {
  const std::string lost = directory + "/" + lost_directory;
  if (Status created = files.create_directory(lost); !created) return created;
  if (Status synced = files.sync_directory(directory); !synced) return synced;
  for (const std::string& name : names)
    if (Status kept = keep(files, directory + "/" + name, lost + "/" + name); !kept) return kept;
  return files.sync_directory(lost);
}

}  // namespace ouro::engine
