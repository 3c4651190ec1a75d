#include "bench/engine/build_kind.hpp"

#include <dlfcn.h>
#include <elf.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace ouro::bench {
namespace {

// Debian's builds, which have assertions: 2530 (RocksDB 7.8.3) and 127 (LevelDB 1.23). Release
// builds: 7 (RocksDB 11.8.1, functions that always assert) and 0.
constexpr std::size_t assertions_max = 40;

std::optional<std::string> read_whole(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!file || !(bytes << file.rdbuf())) return std::nullopt;
  return std::move(bytes).str();
}

/// The constants of a program or library: what is loaded, but neither code nor debug information.
std::string_view constants(std::string_view file) {
  Elf64_Ehdr header;
  if (file.size() < sizeof header) return {};
  std::memcpy(&header, file.data(), sizeof header);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64)
    return {};
  const auto section = [&](std::size_t number) {
    Elf64_Shdr found{};
    const std::size_t at = header.e_shoff + number * sizeof found;
    if (at + sizeof found <= file.size()) std::memcpy(&found, file.data() + at, sizeof found);
    return found;
  };
  const std::size_t names = section(header.e_shstrndx).sh_offset;
  for (std::size_t number = 0; number < header.e_shnum; ++number) {
    const Elf64_Shdr found = section(number);
    const std::size_t name = names + found.sh_name;
    if (name < file.size() && std::strcmp(file.data() + name, ".rodata") == 0 &&
        found.sh_offset <= file.size())
      return file.substr(found.sh_offset, found.sh_size);
  }
  return {};
}

}  // namespace

std::optional<std::size_t> count_assertions(const std::string& path, std::string_view name_space) {
  const auto file = read_whole(path);
  if (!file) return std::nullopt;
  std::string_view rest = constants(*file);
  if (rest.empty()) return std::nullopt;
  std::size_t count = 0;
  while (!rest.empty()) {
    const std::string_view text = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(rest.size(), text.size() + 1));
    const std::size_t name = text.find(name_space);
    if (name != text.npos && text.find('(', name) != text.npos) ++count;
  }
  return count;
}

Build library_build(std::string version, const void* object, std::string_view name_space) {
  Dl_info place{};
  const void* const virtual_table = *static_cast<const void* const*>(object);
  if (::dladdr(virtual_table, &place) == 0 || place.dli_fname == nullptr)
    return {std::move(version), "refused: its library was not found", false};
  // A library that is linked statically is a part of this program.
  const std::string path =
      std::filesystem::exists(place.dli_fname) ? place.dli_fname : "/proc/self/exe";
  const auto count = count_assertions(path, name_space);
  if (!count) return {std::move(version), "refused: " + path + " cannot be examined", false};
  const std::string found = std::to_string(*count) + " asserting functions";
  if (*count > assertions_max)
    return {std::move(version), "refused: built with assertions (" + found + ")", false};
  return {std::move(version), "release (" + found + ")", true};
}

}  // namespace ouro::bench
