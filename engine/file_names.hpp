// Which files a database directory holds, and how they are called.
//
// One flat directory, so that one sync_directory() covers every name. Numbers are drawn from one
// counter per database and never reused; they are written as 16 hexadecimal digits, so that names
// sort as numbers do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::engine {

enum class FileKind : std::uint8_t { log, table, manifest, current, lock, temporary };

struct FileName {
  FileKind kind;
  std::uint64_t number = 0;  ///< Of logs, tables and manifests.
};

std::string log_path(const std::string& directory, std::uint64_t number);
std::string table_path(const std::string& directory, std::uint64_t number);
std::string manifest_path(const std::string& directory, std::uint64_t number);
std::string current_path(const std::string& directory);
std::string lock_path(const std::string& directory);

/// What the name of a file in a database directory means; nothing if it is none of ours.
std::optional<FileName> parse_file_name(std::string_view name);

}  // namespace ouro::engine
