// The bytes of a snapshot of the cluster's state.
#pragma once

#include "cluster/state.hpp"

#include <string>
#include <string_view>

namespace ouro::cluster {

/// Equal states have equal bytes. Format: docs/formats.md, "Metadata snapshot".
std::string encode_state(const State& state);

/// Error unsupported for a format of a newer build; corruption for bytes that fail their checksum,
/// that are not what encode_state() writes, or that describe no possible state.
Result<State> decode_state(std::string_view bytes);

}  // namespace ouro::cluster
