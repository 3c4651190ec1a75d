// What nodes ask each other about keys, as values; the only door to the protobuf messages.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "kv/dot_set.hpp"
#include "kv/merge.hpp"
#include "kv/object.hpp"
#include "kv/request.hpp"
#include "runtime/message.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace ouro::kv {

/// Message::kind. For ever.
enum class MessageKind : std::uint16_t {
  write = 1,
  write_reply = 2,
  apply = 3,
  apply_reply = 4,
  fetch = 5,
  fetch_reply = 6,
  refused = 7,  ///< The request was not understood; meta is empty.
};

/// A client's write on its way to its coordinator.
struct WriteOrder {
  Epoch epoch = 0;
  KeyName name;
  bool removes = false;
  SharedBytes value;
  std::string content_type;
  std::optional<std::string> context;
  std::optional<unsigned> w;
};

/// "Merge this frame."
struct ApplyOrder {
  Epoch epoch = 0;
  std::string data_key;
  std::uint8_t n = 0;
  Frame frame;
};

/// "What do you hold?"
struct FetchOrder {
  Epoch epoch = 0;
  std::string data_key;
  std::uint8_t n = 0;
  bool digest_only = false;
};

struct FetchAnswer {
  std::uint64_t digest = 0;
  DotSet context;
  std::optional<Object> object;  ///< Absent if only the digest was asked for.
};

Message encode(const WriteOrder& order);
Message encode(const ApplyOrder& order);
Message encode(const FetchOrder& order);
Message encode_write_reply(const Outcome<Written>& outcome);
Message encode_apply_reply(const Status& status, Epoch epoch);
Message encode_fetch_reply(const Result<FetchAnswer>& answer, Epoch epoch);

/// Errors: corruption for what does not decode; for replies also the error that the peer answered.
Result<WriteOrder> decode_write(const Message& message);
Result<ApplyOrder> decode_apply(const Message& message);
Result<FetchOrder> decode_fetch(const Message& message);
Result<Outcome<Written>> decode_write_reply(const Message& message);
Status decode_apply_reply(const Message& message);
Result<FetchAnswer> decode_fetch_reply(const Message& message);

}  // namespace ouro::kv
