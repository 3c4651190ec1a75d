#include "raft/wire.hpp"

#include "base/coding.hpp"
#include "raft/format.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace ouro::raft {
namespace {

constexpr std::uint8_t wire_version = 1;
constexpr std::uint8_t granted_flag = 1;
constexpr std::uint8_t transfer_flag = 2;
/// Keeps the heads of a message's entries well below meta_size_max.
constexpr std::uint64_t entries_max = 32768;

bool is_packet_kind(std::uint16_t kind) {
  return kind >= static_cast<std::uint16_t>(PacketKind::pre_vote) &&
         kind <= static_cast<std::uint16_t>(PacketKind::read_answer);
}

void put_snapshot(std::string& out, const Snapshot& snapshot) {
  put_varint(out, snapshot.index);
  put_varint(out, snapshot.term);
  put_sized(out, encode_configuration(snapshot.configuration));
}

bool read_snapshot(Reader& reader, std::string_view attachment, Snapshot& snapshot) {
  snapshot.index = reader.varint_up_to(number_max);
  snapshot.term = reader.varint_up_to(number_max);
  auto configuration = decode_configuration(reader.sized());
  if (!reader.ok() || !configuration || configuration->voters.empty()) return false;
  snapshot.configuration = std::move(*configuration);
  snapshot.state = SharedBytes(std::string(attachment));
  return snapshot.index > 0 && snapshot.term > 0;
}

// The heads are in the meta, the data one after the other in the attachment.
bool read_entries(Reader& reader, std::string_view attachment, Packet& packet) {
  const std::uint64_t count = reader.varint_up_to(entries_max);
  Reader data(attachment);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) {
    Entry entry;
    entry.index = packet.index + i + 1;
    entry.term = reader.varint_up_to(number_max);
    entry.kind = static_cast<EntryKind>(reader.fixed<std::uint8_t>());
    entry.data = SharedBytes(std::string(data.bytes(reader.varint_up_to(attachment.size()))));
    switch (entry.kind) {
      case EntryKind::command:
      case EntryKind::empty:
        break;
      case EntryKind::configuration:
        if (!decode_configuration(entry.data)) return false;
        break;
      default:
        return false;
    }
    packet.entries.push_back(std::move(entry));
  }
  return data.finished();
}

}  // namespace

Message encode_packet(const Packet& packet) {
  Message message;
  message.kind = static_cast<std::uint16_t>(packet.kind);
  std::string& out = message.meta;
  out.push_back(static_cast<char>(wire_version));
  out.push_back(static_cast<char>((packet.granted ? granted_flag : 0) |
                                  (packet.transfer ? transfer_flag : 0)));
  put_fixed(out, packet.group);
  put_fixed(out, packet.round);
  for (const std::uint64_t number :
       {packet.term, packet.index, packet.index_term, packet.commit, packet.hint})
    put_varint(out, number);
  if (packet.kind == PacketKind::append) {
    put_varint(out, packet.entries.size());
    for (const Entry& entry : packet.entries) {
      put_varint(out, entry.term);
      out.push_back(static_cast<char>(entry.kind));
      put_varint(out, entry.data.size());
      if (!entry.data.empty()) message.attachment.push_back(entry.data);
    }
  } else if (packet.kind == PacketKind::install_snapshot) {
    put_snapshot(out, packet.snapshot);
    if (!packet.snapshot.state.empty()) message.attachment.push_back(packet.snapshot.state);
  }
  return message;
}

std::optional<Packet> decode_packet(NodeId from, NodeId to, const Message& message) {
  if (!is_packet_kind(message.kind)) return std::nullopt;
  Packet packet;
  packet.kind = static_cast<PacketKind>(message.kind);
  packet.from = from;
  packet.to = to;
  Reader reader(message.meta);
  if (reader.fixed<std::uint8_t>() != wire_version) return std::nullopt;
  const auto flags = reader.fixed<std::uint8_t>();
  packet.granted = (flags & granted_flag) != 0;
  packet.transfer = (flags & transfer_flag) != 0;
  packet.group = reader.fixed<std::uint64_t>();
  packet.round = reader.fixed<std::uint64_t>();
  for (std::uint64_t* number :
       {&packet.term, &packet.index, &packet.index_term, &packet.commit, &packet.hint})
    *number = reader.varint_up_to(number_max);
  std::string attachment;
  for (const SharedBytes& piece : message.attachment) attachment.append(piece.view());
  bool sound = true;
  if (packet.kind == PacketKind::append) sound = read_entries(reader, attachment, packet);
  if (packet.kind == PacketKind::install_snapshot)
    sound = read_snapshot(reader, attachment, packet.snapshot);
  if (!sound || !reader.finished()) return std::nullopt;
  return packet;
}

}  // namespace ouro::raft
