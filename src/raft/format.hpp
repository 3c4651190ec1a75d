// How do hard state, entries and snapshots lie in the engine's table?
//
// docs/formats.md, "Raft log". Values carry their own version; the engine checks their bytes.
#pragma once

#include "base/result.hpp"
#include "raft/types.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ouro::raft {

inline constexpr std::string_view hard_state_key = "h";
inline constexpr std::string_view snapshot_key = "s";
inline constexpr std::string_view entry_prefix = "e";
std::string entry_key(Index index);
/// Nothing if `key` is no entry's.
std::optional<Index> entry_index(std::string_view key);

/// A configuration is the same on disk and on the wire: an entry's data.
std::string encode_configuration(const Configuration& configuration);
std::optional<Configuration> decode_configuration(std::string_view bytes);

// The rest is for the disk. Errors of decoding: unsupported (a newer version), corruption.
std::string encode_hard_state(const HardState& state);
Result<HardState> decode_hard_state(std::string_view bytes);
/// Without its index, which is the key.
std::string encode_entry(const Entry& entry);
Result<Entry> decode_entry(Index index, SharedBytes bytes);
std::string encode_snapshot(const Snapshot& snapshot);
Result<Snapshot> decode_snapshot(SharedBytes bytes);

}  // namespace ouro::raft
