#include "runtime/frame.hpp"

#include "base/check.hpp"
#include "base/coding.hpp"
#include "base/hash.hpp"

#include <algorithm>
#include <utility>

namespace ouro {
namespace {

constexpr std::string_view magic = "OURO";
constexpr std::size_t checksummed_header_size = frame_header_size - 8;

std::uint64_t start_checksum(std::string_view header_bytes, std::string_view meta) {
  return hash64(meta, hash64(header_bytes.substr(0, checksummed_header_size)));
}

constexpr std::array<std::pair<std::uint8_t, ErrorCode>, 4> wire_errors{{
    {1, ErrorCode::unreachable},
    {2, ErrorCode::busy},
    {3, ErrorCode::timeout},
    {4, ErrorCode::unsupported},
}};

}  // namespace

std::string encode_hello(const Hello& hello) {
  std::string out(magic);
  put_fixed(out, hello.version_min);
  put_fixed(out, hello.version_max);
  put_fixed(out, static_cast<std::uint8_t>(hello.lane));
  put_fixed(out, std::uint8_t{0});
  put_fixed(out, hello.cluster);
  put_fixed(out, to_integer(hello.node));
  put_fixed(out, hello.boot);
  put_fixed(out, hash64(out));
  return out;
}

Result<Hello> decode_hello(std::string_view bytes) {
  Reader reader(bytes);
  const std::string_view found_magic = reader.bytes(magic.size());
  Hello hello;
  hello.version_min = reader.fixed<std::uint8_t>();
  hello.version_max = reader.fixed<std::uint8_t>();
  const auto lane = reader.fixed<std::uint8_t>();
  reader.fixed<std::uint8_t>();  // free for later use, so not looked at
  hello.cluster = reader.fixed<std::uint64_t>();
  hello.node = NodeId(reader.fixed<std::uint32_t>());
  hello.boot = reader.fixed<std::uint32_t>();
  const auto checksum = reader.fixed<std::uint64_t>();
  if (!reader.finished() || found_magic != magic)
    return Error{ErrorCode::corruption, "the other side does not speak Ouro's peer protocol"};
  if (checksum != hash64(bytes.substr(0, hello_size - sizeof checksum)))
    return Error{ErrorCode::corruption, "a peer's Hello arrived damaged"};
  if (std::max(hello.version_min, wire_version_min) > std::min(hello.version_max, wire_version_max))
    return Error{ErrorCode::unsupported,
                 "peer speaks wire versions " + std::to_string(hello.version_min) + " to " +
                     std::to_string(hello.version_max) + ", this node " +
                     std::to_string(wire_version_min) + " to " + std::to_string(wire_version_max) +
                     ": upgrade the older one"};
  if (lane >= peer_lane_count)
    return Error{ErrorCode::unsupported, "peer opened unknown lane " + std::to_string(lane)};
  hello.lane = static_cast<PeerLane>(lane);
  return hello;
}

std::string encode_frame_start(const FrameHeader& header, const Message& message) {
  std::string out;
  out.reserve(frame_header_size + message.meta.size());
  append_frame_start(out, header, message);
  return out;
}

void append_frame_start(std::string& out, const FrameHeader& header, const Message& message) {
  const std::size_t attachment_size = message.attachment_size();
  check(message.meta.size() <= meta_size_max);
  check(attachment_size <= attachment_size_max);
  const std::size_t start = out.size();
  put_fixed(out, static_cast<std::uint32_t>(message.meta.size()));
  put_fixed(out, static_cast<std::uint32_t>(attachment_size));
  put_fixed(out, header.stream);
  put_fixed(out, header.deadline_ms);
  put_fixed(out, message.kind);
  put_fixed(out, static_cast<std::uint8_t>(header.type));
  put_fixed(out, std::uint8_t{0});
  put_fixed(out, start_checksum(std::string_view(out).substr(start), message.meta));
  out += message.meta;
}

std::string encode_attachment_end(const Message& message) {
  std::string out;
  if (message.attachment.size() == 1 && !message.attachment.front().empty()) {
    put_fixed(out, hash64(message.attachment.front().view()));
  } else if (message.attachment_size() > 0) {
    StreamHash hash;
    for (const SharedBytes& piece : message.attachment) hash.add(piece.view());
    put_fixed(out, hash.finish());
  }
  return out;
}

Result<FrameHeader> decode_frame_header(std::string_view bytes) {
  Reader reader(bytes);
  FrameHeader header;
  header.meta_size = reader.fixed<std::uint32_t>();
  header.attachment_size = reader.fixed<std::uint32_t>();
  header.stream = reader.fixed<std::uint64_t>();
  header.deadline_ms = reader.fixed<std::uint32_t>();
  header.kind = reader.fixed<std::uint16_t>();
  header.type = static_cast<FrameType>(reader.fixed<std::uint8_t>());
  const auto zero = reader.fixed<std::uint8_t>();
  header.checksum = reader.fixed<std::uint64_t>();
  if (!reader.finished()) return Error{ErrorCode::corruption, "a frame's header is cut short"};
  if (zero != 0) return Error{ErrorCode::corruption, "a frame's header has an unknown flag"};
  if (header.meta_size > meta_size_max)
    return Error{ErrorCode::corruption, "a frame claims " + std::to_string(header.meta_size) +
                                            " bytes of metadata, the limit is " +
                                            std::to_string(meta_size_max)};
  if (header.attachment_size > attachment_size_max)
    return Error{ErrorCode::corruption,
                 "a frame claims an attachment of " + std::to_string(header.attachment_size) +
                     " bytes, the limit is " + std::to_string(attachment_size_max)};
  return header;
}

bool is_known(FrameType type) { return type >= FrameType::request && type <= FrameType::error; }

bool frame_start_is_intact(std::string_view header_bytes, std::string_view meta) {
  return header_bytes.size() == frame_header_size &&
         load_fixed<std::uint64_t>(header_bytes.data() + checksummed_header_size) ==
             start_checksum(header_bytes, meta);
}

bool attachment_is_intact(std::string_view attachment, std::string_view checksum_bytes) {
  return checksum_bytes.size() == attachment_checksum_size &&
         load_fixed<std::uint64_t>(checksum_bytes.data()) == hash64(attachment);
}

std::string encode_error(const Error& error) {
  std::uint8_t number = 0;
  for (const auto& [wire, code] : wire_errors)
    if (code == error.code) number = wire;
  std::string out;
  put_fixed(out, number);
  out += error.message.substr(0, meta_size_max - 1);
  return out;
}

Error decode_error(std::string_view meta) {
  ErrorCode code = ErrorCode::connection_lost;
  if (meta.empty()) return Error{code, "the peer failed to answer and gave no reason"};
  for (const auto& [wire, known] : wire_errors)
    if (wire == static_cast<std::uint8_t>(meta.front())) code = known;
  return Error{code, std::string(meta.substr(1))};
}

}  // namespace ouro
