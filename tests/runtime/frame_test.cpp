#include "runtime/frame.hpp"

#include "base/random.hpp"
#include "tests/support/catch.hpp"

namespace ouro {
namespace {

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

Hello some_hello() {
  Hello hello;
  hello.cluster = 0x1122334455667788;
  hello.node = NodeId(7);
  hello.boot = 3;
  hello.lane = PeerLane::bulk;
  return hello;
}

FrameHeader some_header() {
  FrameHeader header;
  header.type = FrameType::request;
  header.stream = 0x0102030405060708;
  header.deadline_ms = 1500;
  return header;
}

Message some_message() {
  Message message;
  message.kind = 0x0a0b;
  message.meta = "meta";
  message.attachment.emplace_back(std::string("att"));
  message.attachment.emplace_back(std::string("achment"));
  return message;
}

TEST_CASE("a Hello's bytes never change") {
  CHECK(hex(encode_hello(some_hello())) ==
        "4f55524f010102008877665544332211070000000300000030b7bc9633de2e8b");
}

TEST_CASE("a frame's bytes never change within wire version 1") {
  CHECK(hex(encode_frame_start(some_header(), some_message())) ==
        "040000000a0000000807060504030201dc0500000b0a0100a8b49260371fe0b36d657461");
  CHECK(hex(encode_attachment_end(some_message())) == "ca45112c15e7e9e2");
}

TEST_CASE("a Hello is read as it was written") {
  const Result<Hello> hello = decode_hello(encode_hello(some_hello()));
  REQUIRE(hello);
  CHECK(hello->cluster == 0x1122334455667788);
  CHECK(hello->node == NodeId(7));
  CHECK(hello->boot == 3);
  CHECK(hello->lane == PeerLane::bulk);
}

TEST_CASE("a Hello with any bit flipped is refused") {
  const std::string good = encode_hello(some_hello());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(decode_hello(bad));
  }
  CHECK_FALSE(decode_hello(good.substr(1)));
  CHECK_FALSE(decode_hello(good + "x"));
}

TEST_CASE("a Hello without a common version is unsupported, not corrupt") {
  Hello future = some_hello();
  future.version_min = wire_version_max + 1;
  future.version_max = wire_version_max + 2;
  const Result<Hello> hello = decode_hello(encode_hello(future));
  REQUIRE_FALSE(hello);
  CHECK(hello.error().code == ErrorCode::unsupported);

  future.version_min = 0;
  CHECK(decode_hello(encode_hello(future)));
}

TEST_CASE("a frame is read as it was written") {
  const std::string start = encode_frame_start(some_header(), some_message());
  const Result<FrameHeader> header = decode_frame_header(start.substr(0, frame_header_size));
  REQUIRE(header);
  CHECK(header->type == FrameType::request);
  CHECK(header->kind == 0x0a0b);
  CHECK(header->stream == 0x0102030405060708);
  CHECK(header->deadline_ms == 1500);
  CHECK(header->meta_size == 4);
  CHECK(header->attachment_size == 10);
  CHECK(start.substr(frame_header_size) == "meta");
  CHECK(frame_start_is_intact(start.substr(0, frame_header_size), "meta"));
  CHECK(attachment_is_intact("attachment", encode_attachment_end(some_message())));
}

TEST_CASE("any flipped bit of a frame's start is noticed") {
  const std::string good = encode_frame_start(some_header(), some_message());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    CHECK_FALSE(
        frame_start_is_intact(bad.substr(0, frame_header_size), bad.substr(frame_header_size)));
  }
}

TEST_CASE("a changed attachment is noticed") {
  const std::string end = encode_attachment_end(some_message());
  CHECK_FALSE(attachment_is_intact("attachmenT", end));
  CHECK_FALSE(attachment_is_intact("attachmen", end));
  CHECK_FALSE(attachment_is_intact("attachment", end.substr(1)));
}

TEST_CASE("the pieces of an attachment do not show on the wire") {
  Message whole = some_message();
  whole.attachment.clear();
  whole.attachment.emplace_back(std::string("attachment"));
  CHECK(encode_attachment_end(whole) == encode_attachment_end(some_message()));
  CHECK(encode_frame_start(some_header(), whole) ==
        encode_frame_start(some_header(), some_message()));
}

TEST_CASE("an empty attachment has no checksum") {
  Message message = some_message();
  message.attachment.clear();
  CHECK(encode_attachment_end(message).empty());
  message.attachment.emplace_back();
  CHECK(encode_attachment_end(message).empty());
}

TEST_CASE("sizes beyond the bounds are refused before anything is allocated") {
  const std::string good = encode_frame_start(some_header(), some_message());
  for (const std::size_t size_at : {std::size_t{0}, std::size_t{4}}) {
    std::string bad = good.substr(0, frame_header_size);
    bad.replace(size_at, 4, "\xff\xff\xff\x7f");
    const Result<FrameHeader> header = decode_frame_header(bad);
    REQUIRE_FALSE(header);
    CHECK(header.error().code == ErrorCode::corruption);
  }
}

TEST_CASE("a frame of an unknown type can be skipped by its sizes") {
  FrameHeader future = some_header();
  future.type = static_cast<FrameType>(99);
  const std::string start = encode_frame_start(future, some_message());
  const Result<FrameHeader> header = decode_frame_header(start.substr(0, frame_header_size));
  REQUIRE(header);
  CHECK_FALSE(is_known(header->type));
  CHECK(header->meta_size == 4);
  CHECK(header->attachment_size == 10);
}

TEST_CASE("a header of random bytes is refused or within the bounds") {
  const std::uint64_t seed = 20231;
  CAPTURE(seed);
  SeededRandom random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random.below(40), '\0');
    for (char& c : bytes) c = static_cast<char>(random.one_in(2) ? 0 : random.below(256));
    const Result<FrameHeader> header = decode_frame_header(bytes);
    if (!header) continue;
    CHECK(header->meta_size <= meta_size_max);
    CHECK(header->attachment_size <= attachment_size_max);
  }
}

TEST_CASE("a transport's own errors keep their meaning across the wire") {
  for (const ErrorCode code :
       {ErrorCode::unreachable, ErrorCode::busy, ErrorCode::timeout, ErrorCode::unsupported}) {
    const Error sent{code, "why"};
    const Error received = decode_error(encode_error(sent));
    CHECK(received.code == code);
    CHECK(received.message == "why");
  }
}

TEST_CASE("an error that cannot be understood leaves the outcome unknown") {
  CHECK(decode_error("").code == ErrorCode::connection_lost);
  CHECK(decode_error("\xffwhat").code == ErrorCode::connection_lost);
  const Error inner{ErrorCode::corruption, "why"};
  CHECK(decode_error(encode_error(inner)).code == ErrorCode::connection_lost);
}

}  // namespace
}  // namespace ouro
