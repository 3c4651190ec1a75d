#include "kv/wire.hpp"

#include "messages.pb.h"

#include <utility>

namespace ouro::kv {
namespace {

constexpr auto last_error_code = static_cast<std::uint32_t>(ErrorCode::stale_epoch);
constexpr auto last_failure_code = static_cast<std::uint32_t>(FailureCode::no_space);

template <class Proto>
Message pack(MessageKind kind, const Proto& proto) {
  Message message;
  message.kind = static_cast<std::uint16_t>(kind);
  proto.SerializeToString(&message.meta);
  return message;
}

template <class Proto>
Result<Proto> unpack(MessageKind kind, const Message& message) {
  Proto proto;
  if (message.kind != static_cast<std::uint16_t>(kind) || !proto.ParseFromString(message.meta))
    return Error{ErrorCode::corruption, "a peer's message of kind " + std::to_string(message.kind) +
                                            " does not decode: are both nodes of one version?"};
  return proto;
}

std::string bytes_of(const DotSet& dots) {
  std::string bytes;
  dots.encode(bytes);
  return bytes;
}

Result<DotSet> dots_of(std::string_view bytes) {
  Reader reader(bytes);
  Result<DotSet> dots = DotSet::decode(reader);
  if (dots && !reader.finished())
    return Error{ErrorCode::corruption, "a peer's dot set has bytes left over"};
  return dots;
}

SharedBytes attachment_of(const Message& message) {
  return message.attachment.empty() ? SharedBytes() : message.attachment.front();
}

template <class Proto>
void put_error(Proto& proto, const Error& error) {
  proto.set_error(static_cast<std::uint32_t>(error.code));
  proto.set_detail(error.message);
}

template <class Proto>
Status error_of(const Proto& proto) {
  if (proto.error() == 0) return {};
  // A code of a later version still means that it failed.
  const bool known = proto.error() <= last_error_code;
  return Error{known ? static_cast<ErrorCode>(proto.error()) : ErrorCode::io, proto.detail()};
}

}  // namespace

Message encode(const WriteOrder& order) {
  wire::WriteRequest proto;
  proto.set_epoch(order.epoch);
  proto.set_bucket(order.name.bucket);
  proto.set_key(order.name.key);
  proto.set_removes(order.removes);
  proto.set_content_type(order.content_type);
  proto.set_has_context(order.context.has_value());
  if (order.context) proto.set_context_token(*order.context);
  proto.set_w(order.w.value_or(0));
  Message message = pack(MessageKind::write, proto);
  if (!order.value.empty()) message.attachment.push_back(order.value);
  return message;
}

Result<WriteOrder> decode_write(const Message& message) {
  const Result<wire::WriteRequest> proto = unpack<wire::WriteRequest>(MessageKind::write, message);
  if (!proto) return proto.error();
  WriteOrder order;
  order.epoch = proto->epoch();
  order.name = {proto->bucket(), proto->key()};
  order.removes = proto->removes();
  order.value = attachment_of(message);
  order.content_type = proto->content_type();
  if (proto->has_context()) order.context = proto->context_token();
  if (proto->w() != 0) order.w = proto->w();
  return order;
}

Message encode(const ApplyOrder& order) {
  wire::ApplyRequest proto;
  proto.set_epoch(order.epoch);
  proto.set_data_key(order.data_key);
  proto.set_n(order.n);
  proto.set_context(bytes_of(order.frame.context));
  DotSet names;
  for (const Dot& dot : order.frame.names) names.add(dot);
  proto.set_names(bytes_of(names));
  Message message = pack(MessageKind::apply, proto);
  if (!order.frame.live.empty()) message.attachment = encode_record(Object{order.frame.live, {}});
  return message;
}

Result<ApplyOrder> decode_apply(const Message& message) {
  constexpr std::uint64_t names_max = 65'536;
  const Result<wire::ApplyRequest> proto = unpack<wire::ApplyRequest>(MessageKind::apply, message);
  if (!proto) return proto.error();
  ApplyOrder order;
  order.epoch = proto->epoch();
  order.data_key = proto->data_key();
  order.n = static_cast<std::uint8_t>(proto->n());
  Result<DotSet> context = dots_of(proto->context());
  if (!context) return context.error();
  order.frame.context = std::move(*context);
  const Result<DotSet> names = dots_of(proto->names());
  if (!names) return names.error();
  if (names->dot_count() > names_max)
    return Error{ErrorCode::corruption, "a peer's frame names too many dots"};
  for (const Interval& interval : names->intervals())
    for (std::uint64_t counter = interval.first; counter <= interval.last; ++counter)
      order.frame.names.push_back({interval.actor, counter});
  const SharedBytes record = attachment_of(message);
  if (record.empty()) return order;
  Result<Object> object = decode_record(record);
  if (!object) return object.error();
  order.frame.live = std::move(object->live);
  return order;
}

Message encode(const FetchOrder& order) {
  wire::FetchRequest proto;
  proto.set_epoch(order.epoch);
  proto.set_data_key(order.data_key);
  proto.set_n(order.n);
  proto.set_digest_only(order.digest_only);
  return pack(MessageKind::fetch, proto);
}

Result<FetchOrder> decode_fetch(const Message& message) {
  const Result<wire::FetchRequest> proto = unpack<wire::FetchRequest>(MessageKind::fetch, message);
  if (!proto) return proto.error();
  FetchOrder order;
  order.epoch = proto->epoch();
  order.data_key = proto->data_key();
  order.n = static_cast<std::uint8_t>(proto->n());
  order.digest_only = proto->digest_only();
  return order;
}

Message encode_write_reply(const Outcome<Written>& outcome) {
  wire::WriteReply proto;
  if (outcome) {
    proto.set_acknowledged(outcome->acknowledged);
    proto.set_existed(outcome->existed);
    proto.set_siblings(outcome->siblings);
    proto.set_context_token(outcome->context);
    proto.set_etag(outcome->etag);
    proto.set_replicas(outcome->replicas);
    proto.set_epoch(outcome->epoch);
  } else {
    const Failure failure = outcome.error();
    proto.set_failure(static_cast<std::uint32_t>(failure.code));
    proto.set_detail(failure.detail);
    proto.set_retryable(failure.retryable);
    proto.set_indeterminate(failure.indeterminate);
    proto.set_acknowledged(failure.acknowledged);
    proto.set_needed(failure.needed);
  }
  return pack(MessageKind::write_reply, proto);
}

Result<Outcome<Written>> decode_write_reply(const Message& message) {
  const Result<wire::WriteReply> proto =
      unpack<wire::WriteReply>(MessageKind::write_reply, message);
  if (!proto) return proto.error();
  if (proto->failure() == 0) {
    return Outcome<Written>(Written{proto->existed(), proto->siblings(), proto->context_token(),
                                    proto->etag(), proto->acknowledged(), proto->replicas(),
                                    proto->epoch()});
  }
  Failure failure;
  failure.code = proto->failure() <= last_failure_code ? static_cast<FailureCode>(proto->failure())
                                                       : FailureCode::storage;
  failure.detail = proto->detail();
  failure.retryable = proto->retryable();
  failure.indeterminate = proto->indeterminate();
  failure.acknowledged = proto->acknowledged();
  failure.needed = proto->needed();
  return Outcome<Written>(std::move(failure));
}

Message encode_apply_reply(const Status& status, Epoch epoch) {
  wire::ApplyReply proto;
  proto.set_epoch(epoch);
  if (!status) put_error(proto, status.error());
  return pack(MessageKind::apply_reply, proto);
}

Status decode_apply_reply(const Message& message) {
  const Result<wire::ApplyReply> proto =
      unpack<wire::ApplyReply>(MessageKind::apply_reply, message);
  if (!proto) return proto.error();
  return error_of(*proto);
}

Message encode_fetch_reply(const Result<FetchAnswer>& answer, Epoch epoch) {
  wire::FetchReply proto;
  proto.set_epoch(epoch);
  if (!answer) {
    put_error(proto, answer.error());
    return pack(MessageKind::fetch_reply, proto);
  }
  proto.set_digest(answer->digest);
  proto.set_context(bytes_of(answer->context));
  Message message = pack(MessageKind::fetch_reply, proto);
  if (answer->object && !answer->object->live.empty())
    message.attachment = encode_record(Object{answer->object->live, {}});
  return message;
}

Result<FetchAnswer> decode_fetch_reply(const Message& message) {
  const Result<wire::FetchReply> proto =
      unpack<wire::FetchReply>(MessageKind::fetch_reply, message);
  if (!proto) return proto.error();
  if (const Status answered = error_of(*proto); !answered) return answered.error();
  FetchAnswer answer;
  answer.digest = proto->digest();
  Result<DotSet> context = dots_of(proto->context());
  if (!context) return context.error();
  answer.context = std::move(*context);
  answer.object.emplace();
  const SharedBytes record = attachment_of(message);
  if (record.empty()) return answer;
  Result<Object> object = decode_record(record);
  if (!object) return object.error();
  answer.object = std::move(*object);
  return answer;
}

}  // namespace ouro::kv
