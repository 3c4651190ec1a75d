// What do all JSON documents have in common? For the files that build them only.
#pragma once

#include "cluster/view.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::api {

using Json = nlohmann::ordered_json;

/// Never throws: bytes that are no UTF-8 become replacement characters.
std::string dump_json(const Json& document);

/// "10.0.0.1:7070", "[::1]:7070"
std::string address_text(const std::string& host, std::uint16_t port);

/// "before", "write_both", "read_new", "after"
std::string_view phase_name(cluster::ArcPhase phase);

}  // namespace ouro::api
