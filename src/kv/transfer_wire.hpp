// What nodes say to each other while an arc moves, as values and as bytes.
//
// Own coding, described in docs/formats.md ("Transfer messages"); all on PeerLane::bulk. Every
// request names its arc first, so that it can be handed to the arc's home loop undecoded.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "kv/dot_set.hpp"
#include "kv/storage_key.hpp"
#include "runtime/message.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace ouro::kv {

/// Message::kind. For ever.
enum class TransferKind : std::uint16_t {
  open = 20,
  open_reply = 21,
  round = 22,
  round_reply = 23,
  chunk = 24,
  chunk_reply = 25,
  close = 26,
  close_reply = 27,
};

/// Is a message of this kind a request for TransferSource?
bool is_transfer_request(std::uint16_t kind);

/// "Let me read this arc." Refused while the source's fence is not at `epoch`.
struct OpenOrder {
  ArcId arc;
  std::uint32_t arc_count = 0;  ///< Of the ring that `arc` belongs to: both must mean the same.
  Epoch epoch = 0;
};
struct Opened {
  std::uint64_t session = 0;  ///< Of the source, never 0, never used again.
  DotSet clock;               ///< Durable: all that the source had let in when the fence was up.
};

/// "Take a snapshot." What an earlier round of the session had is let go.
struct RoundOrder {
  ArcId arc;
  std::uint64_t session = 0;
  bool full = false;  ///< The whole arc; else what `clock` lacks.
  DotSet clock;       ///< What the receiver has durably seen.
};
struct Round {
  bool full_needed = false;  ///< Asked for differences, and the dot log cannot name them all.
  DotSet clock;              ///< Of the snapshot.
};

/// "Go on from this key."
struct ChunkOrder {
  ArcId arc;
  std::uint64_t session = 0;
  std::string start;  ///< The first key wanted; empty: the arc's first.
};
struct ChunkEntry {
  std::string data_key;
  DotSet names;            ///< Differences only: which dots the receiver lacks are of this key.
  std::uint64_t size = 0;  ///< Of its record; 0: the key is absent.
};
struct Chunk {
  std::vector<ChunkEntry> entries;  ///< Ascending by key, from the start that was asked for.
  std::string end;                  ///< All keys before it are told; empty: all of the round.
  SharedBytes records;              ///< One after the other.
};

struct CloseOrder {
  ArcId arc;
  std::uint64_t session = 0;
};

Message encode(const OpenOrder& order);
Message encode(const RoundOrder& order);
Message encode(const ChunkOrder& order);
Message encode(const CloseOrder& order);
Message encode_reply(const Result<Opened>& answer);
Message encode_reply(const Result<Round>& answer);
Message encode_reply(const Result<Chunk>& answer);
Message encode_close_reply();

/// Errors: corruption for what does not decode; for replies also the error that the peer answered.
Result<ArcId> transfer_arc(const Message& request);  ///< Of any of the requests.
Result<OpenOrder> decode_open(const Message& message);
Result<RoundOrder> decode_round(const Message& message);
Result<ChunkOrder> decode_chunk(const Message& message);
Result<CloseOrder> decode_close(const Message& message);
Result<Opened> decode_open_reply(const Message& message);
Result<Round> decode_round_reply(const Message& message);
Result<Chunk> decode_chunk_reply(const Message& message);

}  // namespace ouro::kv
