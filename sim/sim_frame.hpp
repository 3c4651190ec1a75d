// Whole frames as strings, for a network that carries strings.
#pragma once

#include "base/result.hpp"
#include "runtime/frame.hpp"
#include "runtime/message.hpp"

#include <string>
#include <string_view>

namespace ouro::sim {

struct WholeFrame {
  FrameHeader header;
  Message message;
};

std::string encode_frame(const FrameHeader& header, const Message& message);
/// Error corruption if anything is wrong with it.
Result<WholeFrame> decode_frame(std::string_view bytes);

}  // namespace ouro::sim
