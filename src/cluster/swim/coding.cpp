#include "cluster/swim/coding.hpp"

#include "base/coding.hpp"

#include <bit>

namespace ouro::cluster::swim {
namespace {

constexpr std::uint8_t version = 1;
constexpr std::size_t records_max = 1024;

std::size_t varint_size(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Without the size in front.
std::size_t body_size(const Record& record) {
  std::size_t size =
      varint_size(to_integer(record.id)) + 1 + varint_size(boot_of(record.incarnation)) +
      varint_size(record.incarnation & UINT32_MAX) + varint_size(record.report.version) + 1 +
      varint_size(record.report.epoch) + 8 + 1;
  for (const NodeId node : record.accusers) size += varint_size(to_integer(node));
  return size;
}

void put(std::string& out, const Record& record) {
  put_varint(out, body_size(record));
  put_varint(out, to_integer(record.id));
  put_fixed(out, static_cast<std::uint8_t>(record.state));
  put_varint(out, boot_of(record.incarnation));
  put_varint(out, record.incarnation & UINT32_MAX);
  put_varint(out, record.report.version);
  put_fixed(out, record.report.health);
  put_varint(out, record.report.epoch);
  put_fixed(out, record.report.run);
  put_fixed(out, static_cast<std::uint8_t>(record.accusers.size()));
  for (const NodeId node : record.accusers) put_varint(out, to_integer(node));
}

// False if it makes no sense. Bytes behind the known fields are a later build's.
bool get(std::string_view bytes, Record& record) {
  Reader reader(bytes);
  record.id = NodeId(static_cast<std::uint32_t>(reader.varint_up_to(UINT32_MAX)));
  const auto state = reader.fixed<std::uint8_t>();
  const auto boot = static_cast<Boot>(reader.varint_up_to(UINT32_MAX));
  record.incarnation = first_incarnation(boot) + reader.varint_up_to(UINT32_MAX);
  record.report.version = static_cast<std::uint32_t>(reader.varint_up_to(UINT32_MAX));
  record.report.health = reader.fixed<Health>();
  record.report.epoch = reader.varint();
  record.report.run = reader.fixed<std::uint64_t>();
  const auto accusers = reader.fixed<std::uint8_t>();
  if (accusers > Accusers::limit) return false;
  for (unsigned i = 0; i < accusers; ++i)
    record.accusers.add(NodeId(static_cast<std::uint32_t>(reader.varint_up_to(UINT32_MAX))));
  if (!reader.ok() || record.id == NodeId{} || state > static_cast<std::uint8_t>(State::dead))
    return false;
  record.state = static_cast<State>(state);
  return record.accusers.size() == accusers && (accusers == 0 || record.state == State::suspect);
}

}  // namespace

std::size_t encoded_size(const Record& record) {
  const std::size_t body = body_size(record);
  return varint_size(body) + body;
}

std::string encode(const Packet& packet) {
  std::string out;
  put_fixed(out, version);
  put_fixed(out, packet.sequence);
  put_varint(out, to_integer(packet.target));
  put_varint(out, packet.records.size());
  for (const Record& record : packet.records) put(out, record);
  return out;
}

Result<Packet> decode(std::uint16_t kind, std::string_view bytes) {
  if (kind < static_cast<std::uint16_t>(PacketKind::ping) ||
      kind > static_cast<std::uint16_t>(PacketKind::gossip))
    return Error{ErrorCode::unsupported,
                 "message kind " + std::to_string(kind) + " is no liveness message"};
  Packet packet;
  packet.kind = static_cast<PacketKind>(kind);
  Reader reader(bytes);
  if (const auto found = reader.fixed<std::uint8_t>(); reader.ok() && found != version)
    return Error{ErrorCode::unsupported, "liveness messages of version " + std::to_string(found) +
                                             "; this build speaks version 1"};
  packet.sequence = reader.fixed<std::uint32_t>();
  packet.target = NodeId(static_cast<std::uint32_t>(reader.varint_up_to(UINT32_MAX)));
  const std::uint64_t count = reader.varint_up_to(records_max);
  bool sound = true;
  for (std::uint64_t i = 0; sound && reader.ok() && i < count; ++i)
    sound = get(reader.sized(), packet.records.emplace_back());
  if (!sound || !reader.finished())
    return Error{ErrorCode::corruption, "a liveness message of kind " + std::to_string(kind) +
                                            " cannot be read: a peer runs broken software"};
  return packet;
}

}  // namespace ouro::cluster::swim
