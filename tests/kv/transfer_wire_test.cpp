// Transfer messages read as they were written, and damage is refused.
#include "kv/transfer_wire.hpp"
#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

#include <string>

namespace ouro::kv {
namespace {

constexpr ArcId arc{7, 3};
const DotSet clock{dot(n0, 1), dot(n0, 2), dot(n1, 9)};

/// As the transport hands it on: one piece.
template <class Decode>
void check_cut(const Message& message, Decode decode) {
  for (std::size_t size = 0; size < message.meta.size(); ++size) {
    Message cut = message;
    cut.meta.resize(size);
    CHECK_FALSE(decode(cut));
  }
  Message longer = message;
  longer.meta.push_back('\0');
  CHECK_FALSE(decode(longer));
  Message foreign = message;
  foreign.kind = 1;
  CHECK_FALSE(decode(foreign));
}

TEST_CASE("requests of transfers read as they were written", "[transfer]") {
  const Message open = encode(OpenOrder{arc, 256, 12});
  REQUIRE(decode_open(open));
  CHECK(decode_open(open)->epoch == 12);
  CHECK(decode_open(open)->arc_count == 256);
  check_cut(open, decode_open);

  const Message round = encode(RoundOrder{arc, 99, true, clock});
  REQUIRE(decode_round(round));
  CHECK(decode_round(round)->full);
  CHECK(decode_round(round)->clock == clock);
  check_cut(round, decode_round);

  const Message chunk = encode(ChunkOrder{arc, 99, "key"});
  REQUIRE(decode_chunk(chunk));
  CHECK(decode_chunk(chunk)->start == "key");
  check_cut(chunk, decode_chunk);

  const Message close = encode(CloseOrder{arc, 99});
  REQUIRE(decode_close(close));
  check_cut(close, decode_close);
  for (const Message* message : {&open, &round, &chunk, &close}) {
    CHECK(is_transfer_request(message->kind));
    CHECK(*transfer_arc(*message) == arc);
  }
  CHECK_FALSE(is_transfer_request(encode_close_reply().kind));
}

TEST_CASE("answers of transfers read as they were written", "[transfer]") {
  const Message opened = encode_reply(Result<Opened>(Opened{5, clock}));
  REQUIRE(decode_open_reply(opened));
  CHECK(decode_open_reply(opened)->clock == clock);
  check_cut(opened, decode_open_reply);
  const Message round = encode_reply(Result<Round>(Round{true, clock}));
  REQUIRE(decode_round_reply(round));
  CHECK(decode_round_reply(round)->full_needed);
  check_cut(round, decode_round_reply);

  const Error error{ErrorCode::stale_epoch, "too old"};
  const auto failed = decode_round_reply(encode_reply(Result<Round>(error)));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == ErrorCode::stale_epoch);
  CHECK(failed.error().message == "too old");
}

TEST_CASE("a chunk is checked from end to end", "[transfer]") {
  Chunk chunk;
  chunk.entries = {{"a", {}, 3}, {"b", {dot(n0, 4)}, 0}, {"c", {}, 2}};
  chunk.end = "d";
  chunk.records = SharedBytes(std::string("aaacc"));
  const Message message = encode_reply(Result<Chunk>(chunk));
  const Result<Chunk> back = decode_chunk_reply(message);
  REQUIRE(back);
  REQUIRE(back->entries.size() == 3);
  CHECK(back->entries[1].names == DotSet{dot(n0, 4)});
  CHECK(back->records.view() == "aaacc");
  CHECK(back->end == "d");
  check_cut(message, decode_chunk_reply);
  for (std::size_t at = 0; at < message.meta.size(); ++at) {
    Message flipped = message;
    flipped.meta[at] ^= 4;
    CHECK_FALSE(decode_chunk_reply(flipped));
  }
  Message flipped = message;
  flipped.attachment = {SharedBytes(std::string("aaacd"))};
  CHECK_FALSE(decode_chunk_reply(flipped));
}

TEST_CASE("a chunk whose keys are out of order or whose records are short is refused",
          "[transfer]") {
  Chunk chunk;
  chunk.records = SharedBytes(std::string("xy"));
  chunk.entries = {{"b", {}, 1}, {"a", {}, 1}};
  CHECK_FALSE(decode_chunk_reply(encode_reply(Result<Chunk>(chunk))));
  chunk.entries = {{"a", {}, 1}, {"b", {}, 2}};
  CHECK_FALSE(decode_chunk_reply(encode_reply(Result<Chunk>(chunk))));
  chunk.entries = {{"a", {}, 1}, {"b", {}, 1}};
  chunk.end = "b";
  CHECK_FALSE(decode_chunk_reply(encode_reply(Result<Chunk>(chunk))));
  chunk.end = "c";
  CHECK(decode_chunk_reply(encode_reply(Result<Chunk>(chunk))));
}

}  // namespace
}  // namespace ouro::kv
