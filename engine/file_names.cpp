#include "engine/file_names.hpp"

#include <charconv>

namespace ouro::engine {
namespace {

constexpr std::string_view log_suffix = ".wal";
constexpr std::string_view table_suffix = ".sst";
constexpr std::string_view manifest_prefix = "manifest-";
constexpr std::string_view temporary_suffix = ".tmp";
constexpr std::size_t number_width = 16;

std::string digits_of(std::uint64_t number) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text(number_width, '0');
  for (std::size_t i = number_width; i-- > 0; number >>= 4) text[i] = digits[number & 15];
  return text;
}

std::optional<std::uint64_t> number_of(std::string_view digits) {
  if (digits.size() != number_width) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  // Only the one spelling that we write, or two names could mean one file.
  if (digits_of(number) != digits) return std::nullopt;
  return number;
}

std::optional<FileName> numbered(FileKind kind, std::string_view digits) {
  const auto number = number_of(digits);
  if (!number) return std::nullopt;
  return FileName{kind, *number};
}

}  // namespace

std::string log_path(const std::string& directory, std::uint64_t number) {
  return directory + "/" + digits_of(number) + std::string(log_suffix);
}

std::string table_path(const std::string& directory, std::uint64_t number) {
  return directory + "/" + digits_of(number) + std::string(table_suffix);
}

std::string manifest_path(const std::string& directory, std::uint64_t number) {
  return directory + "/" + std::string(manifest_prefix) + digits_of(number);
}

std::string current_path(const std::string& directory) { return directory + "/CURRENT"; }
std::string lock_path(const std::string& directory) { return directory + "/LOCK"; }

std::optional<FileName> parse_file_name(std::string_view name) {
  if (name == "CURRENT") return FileName{FileKind::current};
  if (name == "LOCK") return FileName{FileKind::lock};
  if (name.ends_with(temporary_suffix)) return FileName{FileKind::temporary};
  if (name.ends_with(log_suffix))
    return numbered(FileKind::log, name.substr(0, name.size() - log_suffix.size()));
  if (name.ends_with(table_suffix))
    return numbered(FileKind::table, name.substr(0, name.size() - table_suffix.size()));
  if (name.starts_with(manifest_prefix))
    return numbered(FileKind::manifest, name.substr(manifest_prefix.size()));
  return std::nullopt;
}

}  // namespace ouro::engine
