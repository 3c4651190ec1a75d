#include "engine/table_properties.hpp"

#include "base/coding.hpp"

#include <span>
#include <string_view>

namespace ouro::engine {
namespace {

std::optional<Properties> decode(std::string_view bytes) {
  Properties properties;
  Reader reader(bytes);
  while (reader.ok() && !reader.rest().empty()) {
    const std::string_view name = reader.sized();
    properties.emplace(name, reader.sized());
  }
  if (!reader.finished()) return std::nullopt;
  return properties;
}

}  // namespace

std::string encode(const std::vector<std::pair<std::string, std::string>>& properties) {
  std::string out;
  for (const auto& [name, value] : properties) {
    put_sized(out, name);
    put_sized(out, value);
  }
  return out;
}

Result<std::optional<Properties>> read_properties(const RandomFile& file, const Section& section,
                                                  std::uint64_t seed) {
  if (section.size <= block_trailer_size || section.size > properties_size_max ||
      section.offset > file.size() || section.size > file.size() - section.offset)
    return std::optional<Properties>();
  std::string bytes(section.size, '\0');
  if (Status read =
          file.read(section.offset, std::span(bytes.data(), bytes.size()), ReadMode::blocking);
      !read)
    return read.error();
  const auto trailer = decode_block_trailer(bytes, seed ^ section.offset);
  if (!trailer || trailer->type != BlockType::properties) return std::optional<Properties>();
  return decode(std::string_view(bytes).substr(0, bytes.size() - block_trailer_size));
}

}  // namespace ouro::engine
