#include "bench/engine/process.hpp"

#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace ouro::bench {
namespace {

/// The number behind `name` in a file of lines "name number".
std::uint64_t number_in(const char* path, const std::string& name) {
  std::ifstream file(path);
  for (std::string word; file >> word;)
    if (std::uint64_t number = 0; word == name && file >> number) return number;
  return 0;
}

}  // namespace

std::uint64_t peak_memory() { return 1024 * number_in("/proc/self/status", "VmHWM:"); }

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t bytes_written() { return number_in("/proc/self/io", "wchar:"); }

double machine_load() {
  std::ifstream file("/proc/loadavg");
  double load = 0;
  file >> load;
  return load;
}

std::uint64_t disk_bytes(const std::string& directory) {
  constexpr std::uint64_t unit = 512;  // of st_blocks, whatever the file system
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    struct stat status;
    if (entry.is_regular_file() && ::stat(entry.path().c_str(), &status) == 0)
      bytes += unit * static_cast<std::uint64_t>(status.st_blocks);
  }
  return bytes;
}

void pause_milliseconds(int milliseconds) { ::poll(nullptr, 0, milliseconds); }

}  // namespace ouro::bench
