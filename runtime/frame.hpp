// Frames: how messages lie in the byte stream between two nodes.
//
// Pure coding, shared by the real transport and the simulated one, so that the simulator finds
// encoding bugs too. The layout is documented in docs/formats.md.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "runtime/message.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ouro {

constexpr std::uint8_t wire_version_min = 1;
constexpr std::uint8_t wire_version_max = 1;

/// The first bytes each side sends on a new connection, in a layout that never changes:
/// magic "OURO", u8 wire version min, u8 max, u8 lane, u8 zero, u64 cluster id, u32 node id, u32
/// boot, u64 checksum (hash64 of the bytes before it).
struct Hello {
  std::uint64_t cluster = 0;
  NodeId node{};
  Boot boot = 0;
  PeerLane lane = PeerLane::foreground;
  std::uint8_t version_min = wire_version_min;
  std::uint8_t version_max = wire_version_max;
};
constexpr std::size_t hello_size = 32;

std::string encode_hello(const Hello& hello);
/// `bytes` has hello_size bytes. Error corruption: not ours or damaged; unsupported: no common
/// version, or a lane that this build does not know.
Result<Hello> decode_hello(std::string_view bytes);

enum class FrameType : std::uint8_t { request = 1, reply = 2, ping = 3, pong = 4, error = 5 };

/// The fixed start of every frame (little-endian, 32 bytes): u32 meta size, u32 attachment size,
/// u64 stream, u32 deadline in ms, u16 kind, u8 type, u8 zero, u64 checksum. The checksum is hash64
/// of the meta bytes, seeded with hash64 of the 24 bytes before it. The attachment is followed by 8
/// bytes, its own hash64, when it is not empty.
struct FrameHeader {
  FrameType type = FrameType::request;
  std::uint16_t kind = 0;
  std::uint64_t stream = 0;       ///< Pairs a reply with its request; chosen by the asking side.
  std::uint32_t deadline_ms = 0;  ///< Requests: how long the asker still waits.
  std::uint32_t meta_size = 0;
  std::uint32_t attachment_size = 0;
  std::uint64_t checksum = 0;
};
constexpr std::size_t frame_header_size = 32;
constexpr std::size_t attachment_checksum_size = 8;

/// The bytes of a frame before its attachment: header and meta. Kind, sizes and checksum are those
/// of `message`, which must fit the bounds of runtime/message.hpp.
std::string encode_frame_start(const FrameHeader& header, const Message& message);
void append_frame_start(std::string& out, const FrameHeader& header, const Message& message);
/// The bytes after the attachment: its checksum, or nothing when it is empty.
std::string encode_attachment_end(const Message& message);

/// Error corruption when a size is above meta_size_max or attachment_size_max. The checksum is not
/// checked yet. The type may be one that this build does not know: ask is_known(), skip the frame
/// by its sizes and answer it with an error, so that newer nodes can speak to older ones.
Result<FrameHeader> decode_frame_header(std::string_view bytes);
bool is_known(FrameType type);
/// Checks header and meta against the header's checksum.
bool frame_start_is_intact(std::string_view header_bytes, std::string_view meta);
/// Checks an attachment against the 8 bytes that followed it.
bool attachment_is_intact(std::string_view attachment, std::string_view checksum_bytes);

/// The meta of an error frame: u8 code, then a sentence. Only what a transport says of itself is
/// carried: unreachable (nobody serves, so nothing was done), busy, timeout (dropped before it was
/// begun), unsupported; any other code arrives as connection_lost.
std::string encode_error(const Error& error);
/// Never fails: what cannot be read is connection_lost.
Error decode_error(std::string_view meta);

}  // namespace ouro
