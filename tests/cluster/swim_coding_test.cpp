#include "cluster/swim/coding.hpp"

#include "tests/support/catch.hpp"

namespace ouro::cluster::swim {
namespace {

Record record_of(std::uint32_t id) {
  Record record;
  record.id = NodeId(id);
  record.incarnation = first_incarnation(3) + 2;
  record.report = {5, health_disk_stall, 700, 0x1122334455667788};
  return record;
}

Packet full_packet() {
  Record suspect = record_of(300);
  suspect.state = State::suspect;
  suspect.accusers.add(NodeId(1));
  suspect.accusers.add(NodeId(70'000));
  Record unknown;
  unknown.id = NodeId(9);
  return {PacketKind::ping_req, 77, NodeId(4), {record_of(1), suspect, unknown}};
}

constexpr std::uint16_t ping_req = 122;

TEST_CASE("a liveness message comes back as it was") {
  const Packet packet = full_packet();
  const Result<Packet> back = decode(ping_req, encode(packet));
  REQUIRE(back.has_value());
  CHECK(*back == packet);
}

TEST_CASE("the bytes of a liveness message are those in the document") {
  Packet packet{PacketKind::ping, 0x01020304, NodeId(0), {record_of(2)}};
  packet.records[0].state = State::suspect;
  packet.records[0].accusers.add(NodeId(6));
  const std::string expected(
      "\x01\x04\x03\x02\x01\x00\x01"                      // version, sequence, target, one record
      "\x12\x02\x01\x03\x02"                              // size, id, suspect, boot, refutations
      "\x05\x02\xbc\x05\x88\x77\x66\x55\x44\x33\x22\x11"  // version, health, epoch, run
      "\x01\x06",                                         // one accuser
      26);
  CHECK(encode(packet) == expected);
}

TEST_CASE("the size of a record is known before it is written") {
  Packet packet = full_packet();
  const std::size_t whole = encode(packet).size();
  const std::size_t last = encoded_size(packet.records.back());
  packet.records.pop_back();
  CHECK(encode(packet).size() + last == whole);
}

TEST_CASE("a liveness message that is cut short anywhere is refused") {
  const std::string bytes = encode(full_packet());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode(ping_req, std::string_view(bytes).substr(0, size)).has_value());
  }
  CHECK_FALSE(decode(ping_req, bytes + "x").has_value());
}

TEST_CASE("a liveness message of another version or kind is refused by name") {
  std::string bytes = encode(full_packet());
  CHECK(decode(119, bytes).error().code == ErrorCode::unsupported);
  CHECK(decode(125, bytes).error().code == ErrorCode::unsupported);
  bytes[0] = 2;
  CHECK(decode(ping_req, bytes).error().code == ErrorCode::unsupported);
}

TEST_CASE("fields that a later build adds to a record are skipped") {
  const std::string bytes = encode({PacketKind::ping, 1, NodeId(0), {record_of(2)}});
  std::string longer = bytes + "new";
  longer[7] = static_cast<char>(longer[7] + 3);  // the record's size
  const Result<Packet> packet = decode(120, longer);
  REQUIRE(packet.has_value());
  CHECK(packet->records == std::vector<Record>{record_of(2)});
}

TEST_CASE("records that make no sense are refused") {
  const auto refused = [](std::size_t offset, char value) {
    Packet packet{PacketKind::ping, 1, NodeId(0), {record_of(2)}};
    std::string bytes = encode(packet);
    bytes[offset] = value;
    return decode(120, bytes).has_value() == false;
  };
  CHECK(refused(8, 0));  // no node
  CHECK(refused(9, 3));  // no such state
  const std::string whole = encode({PacketKind::ping, 1, NodeId(0), {record_of(2)}});
  CHECK(refused(whole.size() - 1, 5));         // more accusers than there may be
  CHECK(refused(6, static_cast<char>(0x7f)));  // more records than there are
  CHECK_FALSE(refused(9, 2));
}

}  // namespace
}  // namespace ouro::cluster::swim
