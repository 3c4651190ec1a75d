#include "kv/storage_key.hpp"

#include "base/coding.hpp"
#include "kv/request.hpp"
#include "kv/strict_reader.hpp"

#include <limits>

namespace ouro::kv {

namespace {

constexpr char clock_tag = 'c';
constexpr char rest_tag = 'r';
constexpr char stream_tag = 't';
constexpr char drop_tag = 'd';

void put_arc(std::string& out, ArcId arc) {
  out.push_back(static_cast<char>(arc.n));
  put_big32(out, arc.arc);
}

ArcId read_arc(Reader& reader) {
  const auto n = reader.fixed<std::uint8_t>();
  return {reader.big32(), n};
}

Error malformed(std::string_view table) {
  return {ErrorCode::corruption,
          "table " + std::string(table) + ": a key is malformed; run ouro verify on this node"};
}

std::string arc_key(char tag, ArcId arc) {
  std::string bytes(1, tag);
  put_arc(bytes, arc);
  return bytes;
}

Result<ArcId> parse_arc_key(char expected, std::string_view bytes) {
  Reader reader(bytes);
  const auto tag = reader.fixed<char>();
  const ArcId arc = read_arc(reader);
  if (!reader.finished() || tag != expected) return malformed("clocks");
  return arc;
}

}  // namespace

std::string data_key_prefix(ring::Token token, std::string_view bucket, std::uint64_t generation) {
  std::string bytes;
  put_big64(bytes, token);
  put_sized(bytes, bucket);
  put_varint(bytes, generation);
  return bytes;
}

std::string data_key(const DataKey& parts) {
  std::string bytes = data_key_prefix(parts.token, parts.bucket, parts.generation);
  bytes.append(parts.key);
  return bytes;
}

Result<DataKey> parse_data_key(std::string_view bytes) {
  Reader reader(bytes);
  StrictReader strict(reader);
  DataKey parts;
  parts.token = reader.big64();
  parts.bucket = strict.text(bucket_size_max);
  parts.generation = strict.number(std::numeric_limits<std::uint64_t>::max());
  parts.key = reader.rest();
  if (!strict.ok() || parts.bucket.empty() || parts.key.empty()) return malformed("data");
  return parts;
}

std::string clock_prefix() { return std::string(1, clock_tag); }
std::string stream_prefix() { return std::string(1, stream_tag); }
std::string drop_prefix() { return std::string(1, drop_tag); }

std::string clock_key(ArcId arc) { return arc_key(clock_tag, arc); }
std::string stream_key(ArcId arc) { return arc_key(stream_tag, arc); }
std::string drop_key(ArcId arc) { return arc_key(drop_tag, arc); }

Result<ArcId> parse_clock_key(std::string_view bytes) { return parse_arc_key(clock_tag, bytes); }
Result<ArcId> parse_stream_key(std::string_view bytes) { return parse_arc_key(stream_tag, bytes); }
Result<ArcId> parse_drop_key(std::string_view bytes) { return parse_arc_key(drop_tag, bytes); }

std::string rest_prefix(ArcId arc) {
  std::string bytes(1, rest_tag);
  put_arc(bytes, arc);
  return bytes;
}

std::string rest_key(ArcId arc, std::string_view data_key) {
  return rest_prefix(arc).append(data_key);
}

Result<std::string_view> parse_rest_key(std::string_view bytes) {
  Reader reader(bytes);
  const auto tag = reader.fixed<char>();
  read_arc(reader);
  if (!reader.ok() || tag != rest_tag || reader.rest().empty()) return malformed("clocks");
  return reader.rest();
}

std::string change_prefix(ArcId arc) {
  std::string bytes;
  put_arc(bytes, arc);
  return bytes;
}

std::string change_key(ArcId arc, const Dot& dot) {
  std::string bytes = change_prefix(arc);
  put_big32(bytes, to_integer(dot.actor.node));
  put_big32(bytes, dot.actor.boot);
  put_big64(bytes, dot.counter);
  return bytes;
}

Result<ChangeKey> parse_change_key(std::string_view bytes) {
  Reader reader(bytes);
  ChangeKey key;
  key.arc = read_arc(reader);
  key.dot.actor.node = NodeId(reader.big32());
  key.dot.actor.boot = reader.big32();
  key.dot.counter = reader.big64();
  if (!reader.finished() || !well_formed(key.dot)) return malformed("changes");
  return key;
}

std::string prefix_end(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (!prefix.empty()) ++prefix.back();
  return prefix;
}

}  // namespace ouro::kv
