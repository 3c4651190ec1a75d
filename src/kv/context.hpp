// What does a client carry from a read to its next write?
#pragma once

#include "base/result.hpp"
#include "kv/dot_set.hpp"
#include "kv/object.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::kv {

/// Characters of the longest token that is accepted: servers and proxies limit header lines.
constexpr std::size_t context_size_max = 4096;

/// An opaque token (docs/formats.md, "Context token") of base64url characters. `key_hash` tells
/// keys apart: hash64 of the key's storage key. A token is at most context_size_max characters if
/// `context` comes from client_context().
std::string encode_context(std::uint64_t key_hash, const DotSet& context);

/// The context of a token. Errors: invalid_argument if it is too long or of another key, corruption
/// if it is damaged, unsupported if a later version made it.
Result<DotSet> decode_context(std::string_view token, std::uint64_t key_hash);

/// What of `context` goes into a token of an answer with `live`: all of it, if that fits. Else the
/// live dots and what fits of the rest: a write with a smaller context never loses a value; at
/// worst a superseded one that only a lost replica knew to be dead shows up beside it.
DotSet client_context(const DotSet& context, const std::vector<Sibling>& live);

}  // namespace ouro::kv
