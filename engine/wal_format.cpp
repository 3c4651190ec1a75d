#include "engine/wal_format.hpp"

#include "base/check.hpp"
#include "base/coding.hpp"
#include "base/hash.hpp"

#include <limits>

namespace ouro::engine {
namespace {

constexpr std::string_view wal_magic = "OUROWAL1";
constexpr std::string_view manifest_magic = "OUROMAN1";

std::string_view magic_of(LogKind kind) {
  return kind == LogKind::wal ? wal_magic : manifest_magic;
}

constexpr std::uint32_t flag_previous_unsynced = 1;
constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;

// The header carries the identity itself, so its own checksum is seeded with the number alone.
std::uint64_t header_seed(std::uint64_t number) { return number * golden_ratio; }

std::uint64_t frame_seed(const LogHeader& log, std::uint64_t offset) {
  const std::uint64_t file =
      load_fixed<std::uint64_t>(log.identity.data()) ^ (log.number * golden_ratio);
  return file ^ offset;
}

std::size_t padded(std::size_t size) {
  return (size + frame_alignment - 1) / frame_alignment * frame_alignment;
}

bool known(FrameType type) {
  return type == FrameType::batch || type == FrameType::pad || type == FrameType::edit;
}

}  // namespace

std::string encode_log_header(const LogHeader& header) {
  std::string out(magic_of(header.kind));
  put_fixed(out, log_format_version);
  put_fixed(out, header.previous_synced ? std::uint32_t{0} : flag_previous_unsynced);
  put_fixed(out, header.number);
  out.append(header.identity.data(), header.identity.size());
  put_fixed(out, header.previous);
  put_fixed(out, header.previous_end);
  put_fixed(out, header.first_sequence);
  put_fixed(out, std::uint64_t{0});
  put_fixed(out, hash64(out, header_seed(header.number)));
  check(out.size() == log_header_size);
  return out;
}

Result<LogHeader> decode_log_header(std::string_view bytes, LogKind kind, std::uint64_t number) {
  const auto damaged = [](std::string_view what) {
    return Error{ErrorCode::corruption, "log header: " + std::string(what)};
  };
  if (bytes.size() < log_header_size) return damaged("the file ends inside it");
  bytes = bytes.substr(0, log_header_size);
  Reader reader(bytes);
  if (reader.bytes(8) != magic_of(kind)) return damaged("unknown magic");
  // Size, magic, checksum and version keep their places in every format to come, so that damage can
  // be told from a newer format.
  const auto checksum = load_fixed<std::uint64_t>(bytes.data() + log_header_size - 8);
  if (checksum != hash64(bytes.substr(0, log_header_size - 8), header_seed(number)))
    return damaged("checksum mismatch");
  const auto version = reader.fixed<std::uint32_t>();
  if (version != log_format_version)
    return Error{ErrorCode::unsupported, "log header: format version " + std::to_string(version) +
                                             "; this build reads " +
                                             std::to_string(log_format_version) +
                                             ", use the build that wrote it or a newer one"};
  LogHeader header;
  header.kind = kind;
  const auto flags = reader.fixed<std::uint32_t>();
  if ((flags & ~flag_previous_unsynced) != 0)
    return Error{ErrorCode::unsupported,
                 "log header: unknown flags; use the build that wrote it or a newer one"};
  header.previous_synced = (flags & flag_previous_unsynced) == 0;
  header.number = reader.fixed<std::uint64_t>();
  const std::string_view identity = reader.bytes(header.identity.size());
  identity.copy(header.identity.data(), header.identity.size());
  header.previous = reader.fixed<std::uint64_t>();
  header.previous_end = reader.fixed<std::uint64_t>();
  header.first_sequence = reader.fixed<std::uint64_t>();
  if (header.number != number) return damaged("it belongs to another file");
  return header;
}

void begin_frame(std::string& out) { out.assign(frame_header_bytes, '\0'); }

void finish_frame(std::string& out, const LogFrame& frame, const LogHeader& log,
                  std::uint64_t offset) {
  const std::size_t payload_size = out.size() - frame_header_bytes;
  check(payload_size <= std::numeric_limits<std::uint32_t>::max());
  out.resize(padded(out.size()), '\0');
  char* at = out.data();
  store_fixed(at + 8, static_cast<std::uint32_t>(payload_size));
  store_fixed(at + 12, frame.count);
  store_fixed(at + 16, frame.first_sequence);
  store_fixed(at + 24, frame.synced_upto);
  store_fixed(at + 32, static_cast<std::uint8_t>(frame.type));
  store_fixed(at + 36, static_cast<std::uint32_t>(log.number));
  store_fixed(at, hash64(std::string_view(out).substr(8), frame_seed(log, offset)));
}

bool read_frame(std::string_view log_bytes, std::uint64_t offset, const LogHeader& log,
                LogFrame& frame) {
  if (offset > log_bytes.size() || log_bytes.size() - offset < frame_header_bytes) return false;
  const std::string_view rest = log_bytes.substr(offset);
  // The cheap tests come first: recovery scans damaged logs with this function.
  if (load_fixed<std::uint32_t>(rest.data() + 36) != static_cast<std::uint32_t>(log.number))
    return false;
  const auto type = static_cast<FrameType>(rest[32]);
  if (!known(type)) return false;
  const auto payload_size = load_fixed<std::uint32_t>(rest.data() + 8);
  if (payload_size > rest.size() - frame_header_bytes) return false;
  const std::size_t size = padded(frame_header_bytes + payload_size);
  if (size > rest.size()) return false;
  if (load_fixed<std::uint64_t>(rest.data()) !=
      hash64(rest.substr(8, size - 8), frame_seed(log, offset)))
    return false;
  frame.type = type;
  frame.count = load_fixed<std::uint32_t>(rest.data() + 12);
  frame.first_sequence = load_fixed<std::uint64_t>(rest.data() + 16);
  frame.synced_upto = load_fixed<std::uint64_t>(rest.data() + 24);
  frame.payload = rest.substr(frame_header_bytes, payload_size);
  frame.end = offset + size;
  return true;
}

}  // namespace ouro::engine
