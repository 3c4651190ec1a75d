#include "kv/store.hpp"

#include "runtime/coroutine.hpp"

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

Task<Message> Store::answer(NodeId, Message request, Instant deadline) {
  switch (static_cast<MessageKind>(request.kind)) {
    case MessageKind::write:
      co_return co_await answer_write(std::move(request), deadline);
    case MessageKind::apply:
      co_return co_await answer_apply(std::move(request));
    case MessageKind::fetch:
      co_return co_await answer_fetch(std::move(request));
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

Task<Message> Store::answer_apply(Message request) {
  Result<ApplyOrder> order = decode_apply(request);
  if (!order) co_return refused();
  const Epoch epoch = with_.metadata.view()->epoch();
  const Result<ArcId> arc = admit(order->epoch, order->data_key, order->n);
  if (!arc) co_return encode_apply_reply(arc.error(), epoch);
  const Status applied =
      co_await with_.homes.apply(*arc, std::move(order->data_key), std::move(order->frame));
  co_return encode_apply_reply(applied, epoch);
}

Task<Message> Store::answer_fetch(Message request) {
  Result<FetchOrder> order = decode_fetch(request);
  if (!order) co_return refused();
  const Epoch epoch = with_.metadata.view()->epoch();
  const Result<ArcId> arc = admit(order->epoch, order->data_key, order->n);
  if (!arc) co_return encode_fetch_reply(arc.error(), epoch);
  Result<LocalObject> local = co_await with_.reader.read(*arc, std::move(order->data_key));
  if (!local) co_return encode_fetch_reply(local.error(), epoch);
  FetchAnswer answer;
  answer.digest = digest(local->object);
  answer.context = filled_context(local->object, local->seen);
  if (!order->digest_only) answer.object = std::move(local->object);
  co_return encode_fetch_reply(std::move(answer), epoch);
}

// A request of another epoch may be for replicas that are none any more: refused, and told so.
Result<ArcId> Store::admit(Epoch epoch, const std::string& data_key, unsigned n) const {
  const std::shared_ptr<const cluster::View> view = with_.metadata.view();
  if (epoch != view->epoch())
    return Error{ErrorCode::stale_epoch, "the request is of epoch " + std::to_string(epoch) +
                                             ", this node is at " + std::to_string(view->epoch())};
  return arc_for_replica(*view, data_key, n, with_.self);
}

}  // namespace ouro::kv
