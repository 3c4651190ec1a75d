#include "kv/store.hpp"

#include "kv/epochs.hpp"
#include "runtime/coroutine.hpp"

#include <string>
#include <utility>

namespace ouro::kv {
namespace {

Message refused() {
  Message message;
  message.kind = static_cast<std::uint16_t>(MessageKind::refused);
  return message;
}

}  // namespace

Task<Outcome<Found>> Store::get(Get request) { return reads_.get(std::move(request)); }

Task<Outcome<Written>> Store::put(Put request) {
  WriteOrder order;
  order.name = std::move(request.name);
  order.value = std::move(request.value);
  order.content_type = std::move(request.content_type);
  order.context = std::move(request.context);
  order.w = request.w;
  return writes_.write(std::move(order), request.deadline);
}

Task<Outcome<Written>> Store::remove(Remove request) {
  WriteOrder order;
  order.name = std::move(request.name);
  order.removes = true;
  order.context = std::move(request.context);
  order.w = request.w;
  return writes_.write(std::move(order), request.deadline);
}

Task<Message> Store::answer(NodeId from, Message request, Instant deadline) {
  if (is_transfer_request(request.kind)) {
    const auto answered = co_await with_.homes.answer_transfer(from, std::move(request), deadline);
    co_return answered.value_or(refused());
  }
  switch (static_cast<MessageKind>(request.kind)) {
    case MessageKind::write:
      co_return co_await answer_write(std::move(request), deadline);
    case MessageKind::apply:
      co_return co_await answer_apply(std::move(request), deadline);
    case MessageKind::fetch:
      co_return co_await answer_fetch(std::move(request), deadline);
    default:
      co_return refused();
  }
}

Task<Message> Store::answer_write(Message request, Instant deadline) {
  Result<WriteOrder> order = decode_write(request);
  if (!order) co_return refused();
  const Outcome<Written> outcome = co_await writes_.coordinate_for(std::move(*order), deadline);
  co_return encode_write_reply(outcome);
}

Task<Message> Store::answer_apply(Message request, Instant deadline) {
  Result<ApplyOrder> order = decode_apply(request);
  if (!order) co_return refused();
  Task<Result<ArcId>> admitted = admit(order->epoch, order->data_key, order->n, deadline);
  const Result<ArcId> arc = co_await std::move(admitted);
  const Epoch epoch = with_.metadata.view()->epoch();
  if (!arc) co_return encode_apply_reply(arc.error(), epoch);
  const Status applied = co_await with_.homes.apply(*arc, std::move(order->data_key),
                                                    std::move(order->frame), order->epoch);
  co_return encode_apply_reply(applied, epoch);
}

Task<Message> Store::answer_fetch(Message request, Instant deadline) {
  Result<FetchOrder> order = decode_fetch(request);
  if (!order) co_return refused();
  Task<Result<ArcId>> admitted = admit(order->epoch, order->data_key, order->n, deadline);
  const Result<ArcId> arc = co_await std::move(admitted);
  const Epoch epoch = with_.metadata.view()->epoch();
  if (!arc) co_return encode_fetch_reply(arc.error(), epoch);
  Result<LocalObject> local = co_await with_.reader.read(*arc, std::move(order->data_key));
  if (!local) co_return encode_fetch_reply(local.error(), epoch);
  FetchAnswer answer;
  answer.digest = digest(local->object);
  answer.context = filled_context(local->object, local->seen);
  if (!order->digest_only) answer.object = std::move(local->object);
  co_return encode_fetch_reply(std::move(answer), epoch);
}

// A request of an older epoch may be for replicas that are none any more; of a newer one, for what
// this node has not heard of yet.
Task<Result<ArcId>> Store::admit(Epoch epoch, std::string_view data_key, unsigned n,
                                 Instant deadline) {
  Task<bool> catch_up = reach_epoch(with_.metadata, with_.loop.clock(), epoch, deadline);
  const bool caught_up = co_await std::move(catch_up);
  if (!caught_up)
    co_return Error{ErrorCode::stale_epoch,
                    "the request is of epoch " + std::to_string(epoch) +
                        ", which this node has not heard of: is it cut off from the others?"};
  co_return arc_for_replica(*with_.metadata.view(), epoch, data_key, n, with_.self);
}

}  // namespace ouro::kv
