// What one node says to another.
#pragma once

#include "base/shared_bytes.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ouro {

/// A request or its answer: small metadata (a serialised protobuf message, whose meaning `kind`
/// tells) and bulk bytes that are carried beside it and never copied into it.
struct Message {
  std::uint16_t kind = 0;
  std::string meta;
  std::vector<SharedBytes> attachment;  ///< Sent as one; a received message has none or one piece.

  std::size_t attachment_size() const {
    std::size_t size = 0;
    for (const SharedBytes& piece : attachment) size += piece.size();
    return size;
  }
};

/// Bounds of one message, in bytes: what is larger is refused by the sender and the receiver.
constexpr std::size_t meta_size_max = std::size_t{1} << 20;
constexpr std::size_t attachment_size_max = std::size_t{64} << 20;

/// Messages of one kind of traffic have connections of their own, so that bulk work cannot delay a
/// heartbeat.
enum class PeerLane : std::uint8_t { control, foreground, bulk };
constexpr std::size_t peer_lane_count = 3;

}  // namespace ouro
