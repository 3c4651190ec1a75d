// The liveness messages as bytes; docs/formats.md section "Liveness messages" describes them.
#pragma once

#include "base/result.hpp"
#include "cluster/swim/types.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::cluster::swim {

/// Everything but the kind, which is the message's.
std::string encode(const Packet& packet);

/// Error corruption for bytes that no encode() made, unsupported for another version or kind.
Result<Packet> decode(std::uint16_t kind, std::string_view bytes);

/// How many bytes a record adds to a packet.
std::size_t encoded_size(const Record& record);

}  // namespace ouro::cluster::swim
