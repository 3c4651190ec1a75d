#include "kv/transfer_wire.hpp"

#include "base/hash.hpp"
#include "kv/strict_reader.hpp"

#include <limits>
#include <utility>

namespace ouro::kv {
namespace {

constexpr std::uint64_t checksum_seed = 0x7472616e73666572;  // sets chunks apart
constexpr std::uint64_t entries_max = 65'536;
constexpr std::size_t key_bytes_max = 64 * 1024;
constexpr std::size_t detail_size_max = 4 * 1024;
constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
constexpr auto last_error_code = static_cast<std::uint64_t>(ErrorCode::stale_epoch);

Error malformed(const Message& message) {
  return {ErrorCode::corruption, "a peer's message of kind " + std::to_string(message.kind) +
                                     " does not decode: are both nodes of one version?"};
}

Message message_of(TransferKind kind, std::string meta) {
  Message message;
  message.kind = static_cast<std::uint16_t>(kind);
  message.meta = std::move(meta);
  return message;
}

bool is(const Message& message, TransferKind kind) {
  return message.kind == static_cast<std::uint16_t>(kind);
}

SharedBytes attachment_of(const Message& message) {
  return message.attachment.empty() ? SharedBytes() : message.attachment.front();
}

/// Clocks have a million intervals at worst, which metadata has no room for.
void attach_clock(Message& message, const DotSet& clock) {
  std::string bytes;
  clock.encode(bytes);
  message.attachment.emplace_back(std::move(bytes));
}

Result<DotSet> attached_clock(const Message& message) {
  const SharedBytes bytes = attachment_of(message);
  Reader reader(bytes.view());
  Result<DotSet> clock = DotSet::decode(reader);
  if (!clock || !reader.finished()) return malformed(message);
  return clock;
}

std::string arc_bytes(ArcId arc) {
  std::string meta(1, static_cast<char>(arc.n));
  put_fixed(meta, arc.arc);
  return meta;
}

ArcId read_arc(Reader& reader) {
  const auto n = reader.fixed<std::uint8_t>();
  return {reader.fixed<ring::Arc>(), n};
}

std::string error_bytes(const Error& error) {
  std::string meta;
  put_varint(meta, static_cast<std::uint64_t>(error.code));
  put_sized(meta, std::string_view(error.message).substr(0, detail_size_max));
  return meta;
}

/// The head of every reply: 0, or an error and its sentence.
Status read_error(const Message& message, Reader& reader, StrictReader& strict) {
  const std::uint64_t code = strict.number(any);
  if (!strict.ok()) return malformed(message);
  if (code == 0) return {};
  std::string detail(strict.text(detail_size_max));
  if (!strict.ok() || !reader.finished()) return malformed(message);
  // A code of a later version still means that it failed.
  return Error{code <= last_error_code ? static_cast<ErrorCode>(code) : ErrorCode::io,
               std::move(detail)};
}

std::uint64_t checksum(std::string_view meta, std::string_view records) {
  return hash64(records, hash64(meta, checksum_seed));
}

void put_entry(std::string& meta, const ChunkEntry& entry) {
  put_sized(meta, entry.data_key);
  entry.names.encode(meta);
  put_varint(meta, entry.size);
}

bool read_entry(Reader& reader, StrictReader& strict, ChunkEntry& entry) {
  entry.data_key = strict.text(key_bytes_max);
  if (!strict.ok() || entry.data_key.empty()) return false;
  Result<DotSet> names = DotSet::decode(reader);
  if (!names) return false;
  entry.names = std::move(*names);
  entry.size = strict.number(attachment_size_max);
  return strict.ok();
}

/// What follows the checksum.
bool read_chunk(Reader& reader, Chunk& chunk) {
  StrictReader strict(reader);
  chunk.end = strict.text(key_bytes_max + 1);
  const std::uint64_t count = strict.number(entries_max);
  std::uint64_t left = chunk.records.size();
  for (std::uint64_t i = 0; i < count; ++i) {
    ChunkEntry entry;
    if (!strict.ok() || !read_entry(reader, strict, entry)) return false;
    if (!chunk.entries.empty() && entry.data_key <= chunk.entries.back().data_key) return false;
    if (!chunk.end.empty() && entry.data_key >= chunk.end) return false;
    if (entry.size > left) return false;
    left -= entry.size;
    chunk.entries.push_back(std::move(entry));
  }
  return strict.ok() && reader.finished() && left == 0;
}

}  // namespace

bool is_transfer_request(std::uint16_t kind) {
  switch (static_cast<TransferKind>(kind)) {
    case TransferKind::open:
    case TransferKind::round:
    case TransferKind::chunk:
    case TransferKind::close:
      return true;
    default:
      return false;
  }
}

Message encode(const OpenOrder& order) {
  std::string meta = arc_bytes(order.arc);
  put_fixed(meta, order.arc_count);
  put_fixed(meta, order.epoch);
  return message_of(TransferKind::open, std::move(meta));
}

Message encode(const RoundOrder& order) {
  std::string meta = arc_bytes(order.arc);
  put_fixed(meta, order.session);
  meta.push_back(order.full ? 1 : 0);
  Message message = message_of(TransferKind::round, std::move(meta));
  attach_clock(message, order.clock);
  return message;
}

Message encode(const ChunkOrder& order) {
  std::string meta = arc_bytes(order.arc);
  put_fixed(meta, order.session);
  put_sized(meta, order.start);
  return message_of(TransferKind::chunk, std::move(meta));
}

Message encode(const CloseOrder& order) {
  std::string meta = arc_bytes(order.arc);
  put_fixed(meta, order.session);
  return message_of(TransferKind::close, std::move(meta));
}

Message encode_reply(const Result<Opened>& answer) {
  if (!answer) return message_of(TransferKind::open_reply, error_bytes(answer.error()));
  std::string meta(1, 0);
  put_fixed(meta, answer->session);
  Message message = message_of(TransferKind::open_reply, std::move(meta));
  attach_clock(message, answer->clock);
  return message;
}

Message encode_reply(const Result<Round>& answer) {
  if (!answer) return message_of(TransferKind::round_reply, error_bytes(answer.error()));
  std::string meta(1, 0);
  meta.push_back(answer->full_needed ? 1 : 0);
  Message message = message_of(TransferKind::round_reply, std::move(meta));
  attach_clock(message, answer->clock);
  return message;
}

Message encode_reply(const Result<Chunk>& answer) {
  if (!answer) return message_of(TransferKind::chunk_reply, error_bytes(answer.error()));
  std::string body;
  put_sized(body, answer->end);
  put_varint(body, answer->entries.size());
  for (const ChunkEntry& entry : answer->entries) put_entry(body, entry);
  std::string meta(1, 0);
  put_fixed(meta, checksum(body, answer->records));
  Message message = message_of(TransferKind::chunk_reply, meta + body);
  if (!answer->records.empty()) message.attachment.push_back(answer->records);
  return message;
}

Message encode_close_reply() { return message_of(TransferKind::close_reply, std::string(1, 0)); }

Result<ArcId> transfer_arc(const Message& request) {
  Reader reader(request.meta);
  const ArcId arc = read_arc(reader);
  if (!is_transfer_request(request.kind) || !reader.ok()) return malformed(request);
  return arc;
}

Result<OpenOrder> decode_open(const Message& message) {
  Reader reader(message.meta);
  OpenOrder order;
  order.arc = read_arc(reader);
  order.arc_count = reader.fixed<std::uint32_t>();
  order.epoch = reader.fixed<Epoch>();
  if (!is(message, TransferKind::open) || !reader.finished()) return malformed(message);
  return order;
}

Result<RoundOrder> decode_round(const Message& message) {
  Reader reader(message.meta);
  RoundOrder order;
  order.arc = read_arc(reader);
  order.session = reader.fixed<std::uint64_t>();
  const auto full = reader.fixed<std::uint8_t>();
  if (!is(message, TransferKind::round) || !reader.finished() || full > 1)
    return malformed(message);
  order.full = full == 1;
  Result<DotSet> clock = attached_clock(message);
  if (!clock) return clock.error();
  order.clock = std::move(*clock);
  return order;
}

Result<ChunkOrder> decode_chunk(const Message& message) {
  Reader reader(message.meta);
  StrictReader strict(reader);
  ChunkOrder order;
  order.arc = read_arc(reader);
  order.session = reader.fixed<std::uint64_t>();
  order.start = strict.text(key_bytes_max + 1);
  if (!is(message, TransferKind::chunk) || !strict.ok() || !reader.finished())
    return malformed(message);
  return order;
}

Result<CloseOrder> decode_close(const Message& message) {
  Reader reader(message.meta);
  CloseOrder order;
  order.arc = read_arc(reader);
  order.session = reader.fixed<std::uint64_t>();
  if (!is(message, TransferKind::close) || !reader.finished()) return malformed(message);
  return order;
}

Result<Opened> decode_open_reply(const Message& message) {
  if (!is(message, TransferKind::open_reply)) return malformed(message);
  Reader reader(message.meta);
  StrictReader strict(reader);
  if (const Status answered = read_error(message, reader, strict); !answered)
    return answered.error();
  Opened opened;
  opened.session = reader.fixed<std::uint64_t>();
  if (!reader.finished() || opened.session == 0) return malformed(message);
  Result<DotSet> clock = attached_clock(message);
  if (!clock) return clock.error();
  opened.clock = std::move(*clock);
  return opened;
}

Result<Round> decode_round_reply(const Message& message) {
  if (!is(message, TransferKind::round_reply)) return malformed(message);
  Reader reader(message.meta);
  StrictReader strict(reader);
  if (const Status answered = read_error(message, reader, strict); !answered)
    return answered.error();
  const auto full_needed = reader.fixed<std::uint8_t>();
  if (!reader.finished() || full_needed > 1) return malformed(message);
  Round round;
  round.full_needed = full_needed == 1;
  Result<DotSet> clock = attached_clock(message);
  if (!clock) return clock.error();
  round.clock = std::move(*clock);
  return round;
}

Result<Chunk> decode_chunk_reply(const Message& message) {
  if (!is(message, TransferKind::chunk_reply)) return malformed(message);
  Reader reader(message.meta);
  StrictReader strict(reader);
  if (const Status answered = read_error(message, reader, strict); !answered)
    return answered.error();
  Chunk chunk;
  chunk.records = attachment_of(message);
  const auto expected = reader.fixed<std::uint64_t>();
  if (!reader.ok() || expected != checksum(reader.rest(), chunk.records))
    return Error{ErrorCode::corruption, "a chunk does not match its checksum"};
  if (!read_chunk(reader, chunk)) return malformed(message);
  return chunk;
}

}  // namespace ouro::kv
