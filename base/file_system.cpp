#include "base/file_system.hpp"

namespace ouro {

Status replace_file(FileSystem& files, const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  {
    auto file = files.create(temporary);
    if (!file) return file.error();
    if (const Status written = (*file)->append(bytes); !written) return written.error();
    if (const Status synced = (*file)->sync(); !synced) return synced.error();
  }
  if (const Status renamed = files.rename(temporary, path); !renamed) return renamed.error();
  return files.sync_directory(directory_of(path));
}

std::string directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace ouro
