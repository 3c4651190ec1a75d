// The record of an object: a head, then the values.
#include "base/check.hpp"
#include "base/hash.hpp"
#include "kv/object.hpp"
#include "kv/request.hpp"
#include "kv/strict_reader.hpp"

#include <limits>
#include <utility>

namespace ouro::kv {

namespace {

constexpr char record_version = 1;
constexpr std::uint64_t head_seed = 0x6f626a656374;  // sets heads apart from other hashed bytes

std::uint32_t checksum_of(std::string_view head) {
  return static_cast<std::uint32_t>(hash64(head, head_seed));
}

Error damaged(std::string_view what) {
  return {ErrorCode::corruption, "object record: " + std::string(what)};
}

void put_sibling(std::string& out, const Sibling& sibling) {
  check(well_formed(sibling.dot));
  check(sibling.content_type.size() <= content_type_size_max);
  check(sibling.meta.size() <= meta_size_max);
  check(sibling.idempotency_key.size() <= idempotency_key_size_max);
  check(sibling.value.size() <= value_size_max);
  put_varint(out, to_integer(sibling.dot.actor.node));
  put_varint(out, sibling.dot.actor.boot);
  put_varint(out, sibling.dot.counter);
  put_fixed(out, sibling.stamp.packed);
  put_varint(out, sibling.expires);
  put_sized(out, sibling.content_type);
  put_sized(out, sibling.meta);
  put_sized(out, sibling.idempotency_key);
  put_varint(out, sibling.value.size());
}

/// Reads all but the value, and its size into `value_size`.
Sibling read_sibling(Reader& reader, StrictReader& strict, std::size_t& value_size) {
  constexpr std::uint64_t max32 = std::numeric_limits<std::uint32_t>::max();
  Sibling sibling;
  sibling.dot.actor.node = NodeId(static_cast<std::uint32_t>(strict.number(max32)));
  sibling.dot.actor.boot = static_cast<Boot>(strict.number(max32));
  sibling.dot.counter = strict.number(counter_max);
  sibling.stamp.packed = reader.fixed<std::uint64_t>();
  sibling.expires = strict.number(std::numeric_limits<std::uint64_t>::max());
  sibling.content_type = strict.text(content_type_size_max);
  sibling.meta = strict.text(meta_size_max);
  sibling.idempotency_key = strict.text(idempotency_key_size_max);
  value_size = strict.number(value_size_max);
  return sibling;
}

/// Fills `object` from a head whose checksum was right; its values are cut from `values`.
Status read_head(std::string_view head, SharedBytes values, Object& object) {
  Reader reader(head);
  StrictReader strict(reader);
  const std::uint64_t count = strict.number(sibling_count_max);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::size_t size = 0;
    Sibling sibling = read_sibling(reader, strict, size);
    if (!strict.ok()) return damaged("a value's description is malformed");
    if (!well_formed(sibling.dot)) return damaged("a dot is not well formed");
    if (!object.live.empty() && sibling.dot <= object.live.back().dot)
      return damaged("values are out of order");
    if (size > values.size()) return damaged("a value is cut short");
    sibling.value = values.part(0, size);
    values = values.part(size);
    object.live.push_back(std::move(sibling));
  }
  if (!strict.ok()) return damaged("the number of values is malformed");
  Result<DotSet> rest = DotSet::decode(reader);
  if (!rest) return damaged(rest.error().message);
  if (!reader.finished()) return damaged("the head is longer than its content");
  if (!values.empty()) return damaged("bytes follow the values");
  object.rest = std::move(*rest);
  return {};
}

}  // namespace

std::vector<SharedBytes> encode_record(const Object& object) {
  check(object.live.size() <= sibling_count_max);
  std::string head;
  put_varint(head, object.live.size());
  for (std::size_t i = 0; i < object.live.size(); ++i) {
    check(i == 0 || object.live[i - 1].dot < object.live[i].dot);
    put_sibling(head, object.live[i]);
  }
  object.rest.encode(head);

  std::string front(1, record_version);
  front.reserve(head.size() + 15);
  put_fixed(front, checksum_of(head));
  put_sized(front, head);

  std::vector<SharedBytes> pieces;
  pieces.reserve(1 + object.live.size());
  pieces.emplace_back(std::move(front));
  for (const Sibling& sibling : object.live) pieces.push_back(sibling.value);
  return pieces;
}

Result<Object> decode_record(const SharedBytes& record) {
  Reader reader(record.view());
  StrictReader strict(reader);
  const auto version = reader.fixed<char>();
  const auto checksum = reader.fixed<std::uint32_t>();
  if (!reader.ok()) return damaged("shorter than its fixed part");
  if (version != record_version)
    return Error{ErrorCode::unsupported, "object record: version " + std::to_string(int{version}) +
                                             ", this build knows 1 only; start a later one"};
  const std::string_view head = strict.text(record.size());
  if (!strict.ok()) return damaged("the head is cut short");
  if (checksum_of(head) != checksum) return damaged("the head does not match its checksum");
  Object object;
  const SharedBytes values = record.part(record.size() - reader.rest().size());
  const Status status = read_head(head, values, object);
  if (!status) return status.error();
  return object;
}

}  // namespace ouro::kv
