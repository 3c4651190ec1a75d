// Logs of the engine from a fuzzer's bytes: with right checksums, so that what lies behind them is
// reached.
#pragma once

#include "base/coding.hpp"
#include "engine/wal_format.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::engine::fuzz {

constexpr std::uint64_t log_number = 1;

inline LogHeader log_header(LogKind kind) {
  LogHeader header;
  header.kind = kind;
  header.number = log_number;
  header.first_sequence = 1;
  return header;
}

/// A frame as the fuzzer's bytes have it: u8 type | u8 count | u16 payload size | payload.
inline std::string packed(const LogFrame& frame) {
  std::string out;
  put_fixed(out, static_cast<std::uint8_t>(frame.type));
  put_fixed(out, static_cast<std::uint8_t>(frame.count));
  put_fixed(out, static_cast<std::uint16_t>(frame.payload.size()));
  return out + std::string(frame.payload);
}

/// A log whose frames are right but for what they hold.
inline std::string log_of(LogKind kind, std::string_view bytes) {
  const LogHeader header = log_header(kind);
  std::string log = encode_log_header(header);
  Reader reader(bytes);
  std::uint64_t sequence = 1;
  while (reader.ok() && !reader.rest().empty()) {
    LogFrame frame;
    frame.type = static_cast<FrameType>(reader.fixed<std::uint8_t>());
    frame.count = reader.fixed<std::uint8_t>();
    const auto size = reader.fixed<std::uint16_t>();
    const std::string_view payload =
        reader.bytes(size < reader.rest().size() ? size : reader.rest().size());
    frame.first_sequence = sequence;
    frame.synced_upto = log.size();
    sequence += frame.count;
    std::string buffer;
    begin_frame(buffer);
    buffer += payload;
    finish_frame(buffer, frame, header, log.size());
    log += buffer;
  }
  return log;
}

}  // namespace ouro::engine::fuzz
