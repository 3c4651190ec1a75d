#include "net/send_queue.hpp"

#include "net/frame_reader.hpp"

#include "base/random.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

namespace ouro::net {
namespace {

Message message_of(std::string meta, std::vector<std::size_t> attachment_sizes) {
  Message message;
  message.kind = 5;
  message.meta = std::move(meta);
  char fill = 'a';
  for (const std::size_t size : attachment_sizes)
    message.attachment.emplace_back(std::string(size, fill++));
  return message;
}

FrameHeader request(std::uint64_t stream) {
  FrameHeader header;
  header.stream = stream;
  return header;
}

std::string joined(const Message& message) {
  std::string all;
  for (const SharedBytes& piece : message.attachment) all += piece.view();
  return all;
}

// Takes everything out of the queue in writes of at most `write_max` bytes.
std::string drain(SendQueue& queue, std::size_t write_max) {
  std::string stream;
  std::vector<std::string_view> pieces;
  while (!queue.empty()) {
    queue.gather(write_max, pieces);
    std::size_t size = 0;
    for (const std::string_view piece : pieces) {
      stream += piece;
      size += piece.size();
    }
    queue.consume(size);
  }
  return stream;
}

// Gives `stream` to a reader in pieces of random sizes up to `piece_max`.
std::vector<Frame> read_all(std::string_view stream, std::size_t piece_max, Random& random) {
  FrameReader reader;
  std::vector<Frame> frames;
  while (!stream.empty()) {
    const FrameReader::Space space = reader.space();
    const std::size_t wanted = std::min<std::size_t>(stream.size(), 1 + random.below(piece_max));
    const std::size_t first = std::min(wanted, space.first.size());
    const std::size_t second = std::min(wanted - first, space.second.size());
    std::copy_n(stream.data(), first, space.first.data());
    if (second > 0) std::copy_n(stream.data() + first, second, space.second.data());
    const Status intact = reader.received(first + second, frames);
    REQUIRE(intact);
    stream.remove_prefix(first + second);
  }
  return frames;
}

TEST_CASE("frames come out of the stream as they went in, however it is cut") {
  const std::uint64_t seed = 7;
  CAPTURE(seed);
  SeededRandom random(seed);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    SendQueue queue;
    std::vector<Message> sent;
    for (std::uint64_t stream = 0; stream < 20; ++stream) {
      const std::size_t meta_size = random.one_in(8) ? random.below(200'000) : random.below(50);
      std::vector<std::size_t> sizes(random.below(4));
      for (std::size_t& size : sizes)
        size = random.one_in(3) ? random.below(300'000) : random.below(3'000);
      sent.push_back(message_of(std::string(meta_size, 'm'), sizes));
      queue.add(request(stream), sent.back());
    }
    const std::string stream = drain(queue, 1 + random.below(1 << 20));
    const std::vector<Frame> frames = read_all(stream, 1 + random.below(100'000), random);
    REQUIRE(frames.size() == sent.size());
    for (std::size_t index = 0; index < sent.size(); ++index) {
      CHECK(frames[index].header.stream == index);
      CHECK(frames[index].message.kind == 5);
      CHECK((frames[index].message.meta == sent[index].meta));
      CHECK((joined(frames[index].message) == joined(sent[index])));
      CHECK(frames[index].message.attachment.size() <= 1);
    }
  }
}

TEST_CASE("many small frames leave in one piece") {
  SendQueue queue;
  for (std::uint64_t stream = 0; stream < 100; ++stream)
    queue.add(request(stream), message_of("meta", {100}));
  std::vector<std::string_view> pieces;
  queue.gather(1 << 20, pieces);
  CHECK(pieces.size() == 1);
  CHECK(pieces.front().size() == queue.size());
}

TEST_CASE("a large attachment is written from where it lies") {
  const Message message = message_of("meta", {100'000});
  SendQueue queue;
  queue.add(request(1), message);
  std::vector<std::string_view> pieces;
  queue.gather(1 << 20, pieces);
  REQUIRE(pieces.size() == 3);
  CHECK(pieces[1].data() == message.attachment.front().view().data());
}

TEST_CASE("what is being written stays in place while more is added") {
  SendQueue queue;
  queue.add(request(1), message_of("first", {}));
  std::vector<std::string_view> pieces;
  queue.gather(1 << 20, pieces);
  const std::string before(pieces.front());
  const char* const place = pieces.front().data();
  for (int more = 0; more < 1000; ++more) queue.add(request(2), message_of("more", {10}));
  CHECK(pieces.front().data() == place);
  CHECK(pieces.front() == before);
}

TEST_CASE("the queue knows what can have reached the peer") {
  SendQueue queue;
  queue.add(request(1), message_of("one", {}));
  const std::uint64_t second = queue.end();
  CHECK(queue.gathered_end() == 0);
  std::vector<std::string_view> pieces;
  queue.gather(1 << 20, pieces);
  queue.add(request(2), message_of("two", {}));
  CHECK(queue.gathered_end() == second);
  queue.consume(10);
  CHECK(queue.gathered_end() == second);
  queue.gather(1 << 20, pieces);
  CHECK(queue.gathered_end() == queue.end());
}

TEST_CASE("a large attachment arrives in its final place") {
  SendQueue queue;
  queue.add(request(1), message_of("meta", {500'000}));
  const std::string stream = drain(queue, 1 << 20);
  FrameReader reader;
  std::vector<Frame> frames;
  const std::size_t start = frame_header_size + 4;
  FrameReader::Space space = reader.space();
  std::copy_n(stream.data(), start, space.first.data());
  REQUIRE(reader.received(start, frames));
  space = reader.space();
  CHECK(space.first.size() == 500'000 + attachment_checksum_size);
  CHECK_FALSE(space.second.empty());
  const char* const place = space.first.data();
  std::copy_n(stream.data() + start, space.first.size(), space.first.data());
  REQUIRE(reader.received(space.first.size(), frames));
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].message.attachment.front().view().data() == place);
}

TEST_CASE("a flipped bit anywhere stops the reader") {
  SendQueue queue;
  queue.add(request(1), message_of("meta", {40}));
  const std::string good = drain(queue, 1 << 20);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    CAPTURE(bit);
    std::string bad = good + good;  // so that a shorter size is not just an incomplete frame
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    FrameReader reader;
    std::vector<Frame> frames;
    std::copy(bad.begin(), bad.end(), reader.space().first.data());
    const Status status = reader.received(bad.size(), frames);
    // A larger size may leave the reader waiting for more; it must not have believed anything.
    CHECK(frames.empty());
    if (!status) CHECK(status.error().code == ErrorCode::corruption);
  }
}

}  // namespace
}  // namespace ouro::net
