#include "runtime/http.hpp"

#include <algorithm>

namespace ouro {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view HttpHead::field(std::string_view name) const {
  for (const auto& [field_name, value] : fields)
    if (same_name(field_name, name)) return value;
  return {};
}

}  // namespace ouro
