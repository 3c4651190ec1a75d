#include "kv/write_path.hpp"

#include "kv/context.hpp"
#include "kv/failure.hpp"
#include "kv/targets.hpp"
#include "kv/write_quorum.hpp"
#include "runtime/coroutine.hpp"
#include "runtime/inbox.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace ouro::kv {
namespace {

struct Answer {
  NodeId node{};
  Status status;
};
using Answers = Inbox<Answer>;

// Goes on after the client was answered: a slow replica still gets the write.
Task<void> send(Collaborators with, NodeId node, Message frame, Instant deadline,
                std::shared_ptr<Answers> answers) {
  const auto reply =
      co_await with.loop.peers().call(node, PeerLane::foreground, std::move(frame), deadline);
  Status status;
  if (reply) {
    status = decode_apply_reply(*reply);
  } else {
    status = reply.error();
  }
  if (!status) with.lagging.add(node);
  Answer answer{node, std::move(status)};
  answers->send(std::move(answer));
}

std::optional<Failure> check_write(const WriteOrder& order) {
  if (auto wrong = check_name(order.name)) return wrong;
  if (order.value.size() > value_size_max)
    return invalid_request("a value has at most " + std::to_string(value_size_max) + " bytes");
  if (order.content_type.size() > content_type_size_max)
    return invalid_request("a content type has at most " + std::to_string(content_type_size_max) +
                           " bytes");
  return std::nullopt;
}

Failure bad_context(const Error& error) {
  Failure failure;
  failure.code = FailureCode::bad_context;
  failure.detail = error.message;
  return failure;
}

Failure stale_epoch(Epoch theirs, Epoch ours) {
  Failure failure;
  failure.code = FailureCode::stale_epoch;
  failure.retryable = true;
  failure.detail = "the request was sent at epoch " + std::to_string(theirs) +
                   " and this node is at " + std::to_string(ours) + ": try again";
  return failure;
}

}  // namespace

Task<Outcome<Written>> WritePath::write(WriteOrder order, Instant deadline) {
  if (auto wrong = check_write(order)) co_return std::move(*wrong);
  Placed placed = place(with_.metadata.view(), order.name);
  order.epoch = placed.view->epoch();
  const Outcome<std::size_t> w = checked_quorum("w", order.w, placed.w, placed.replicas.size());
  if (!w) co_return w.error();

  const auto reachable = [this](NodeId node) { return with_.loop.peers().reachable(node); };
  const std::vector<NodeId> candidates = write_coordinators(placed.replicas, with_.self, reachable);
  // Asked before anything is written: a write that cannot succeed leaves no trace.
  if (candidates.size() < *w) co_return quorum_not_met(candidates.size(), *w, false);

  for (const NodeId candidate : candidates) {
    if (candidate == with_.self)
      co_return co_await coordinate(std::move(order), std::move(placed), *w, deadline);
    bool delivered = false;
    Outcome<Written> outcome = co_await forward(candidate, order, deadline, &delivered);
    if (delivered) co_return outcome;
  }
  co_return quorum_not_met(0, *w, false);
}

Task<Outcome<Written>> WritePath::coordinate_for(WriteOrder order, Instant deadline) {
  if (auto wrong = check_write(order)) co_return std::move(*wrong);
  Placed placed = place(with_.metadata.view(), order.name);
  if (order.epoch != placed.view->epoch()) co_return stale_epoch(order.epoch, placed.view->epoch());
  if (std::ranges::find(placed.replicas, with_.self) == placed.replicas.end())
    co_return stale_epoch(order.epoch, placed.view->epoch());
  const Outcome<std::size_t> w = checked_quorum("w", order.w, placed.w, placed.replicas.size());
  if (!w) co_return w.error();
  co_return co_await coordinate(std::move(order), std::move(placed), *w, deadline);
}

// `delivered` tells whether the outcome is final; if not, the order certainly was not carried out.
Task<Outcome<Written>> WritePath::forward(NodeId to, WriteOrder order, Instant deadline,
                                          bool* delivered) {
  *delivered = true;
  Message message = encode(order);
  const auto reply =
      co_await with_.loop.peers().call(to, PeerLane::foreground, std::move(message), deadline);
  if (!reply) {
    const ErrorCode code = reply.error().code;
    if (code == ErrorCode::unreachable || code == ErrorCode::busy) {
      *delivered = false;
      co_return quorum_not_met(0, 1, false);
    }
    Failure failure = too_late(0, 1, true);
    if (code != ErrorCode::timeout) failure = quorum_not_met(0, 1, true);
    co_return failure;
  }
  Result<Outcome<Written>> outcome = decode_write_reply(*reply);
  if (!outcome) {
    Failure failure = quorum_not_met(0, 1, true);
    failure.detail = outcome.error().message;
    co_return failure;
  }
  co_return std::move(*outcome);
}

Task<Outcome<Written>> WritePath::coordinate(WriteOrder order, Placed placed, std::size_t w,
                                             Instant deadline) {
  LocalWrite write;
  write.arc = placed.arc;
  write.data_key = placed.data_key;
  if (order.context) {
    Result<DotSet> context = decode_context(*order.context, placed.key_hash);
    if (!context) co_return bad_context(context.error());
    write.context = std::move(*context);
  }
  if (!order.removes) {
    write.value.emplace();
    write.value->content_type = std::move(order.content_type);
    write.value->value = std::move(order.value);
  }
  Result<Coordinated> local = co_await with_.homes.coordinate(std::move(write));
  if (!local) co_return local_failure(local.error());
  Outcome<Written> outcome = co_await replicate(std::move(placed), std::move(*local), w, deadline);
  if (outcome && order.removes) outcome->etag.clear();
  co_return outcome;
}

Task<Outcome<Written>> WritePath::replicate(Placed placed, Coordinated local, std::size_t w,
                                            Instant deadline) {
  WriteQuorum quorum(placed.replicas, w);
  quorum.acknowledge(with_.self);

  ApplyOrder order;
  order.epoch = placed.view->epoch();
  order.data_key = placed.data_key;
  order.n = placed.arc.n;
  order.frame = std::move(local.frame);
  const Message frame = encode(order);
  const auto answers = std::make_shared<Answers>(with_.loop.clock());
  for (const NodeId node : placed.replicas) {
    if (node == with_.self) continue;
    if (with_.loop.peers().reachable(node)) {
      with_.nursery.spawn(send(with_, node, frame, deadline, answers));
    } else {
      with_.lagging.add(node);
      quorum.refuse(node);
    }
  }

  while (quorum.state() == WriteState::waiting) {
    const std::optional<Answer> answer = co_await answers->next(deadline);
    if (!answer) co_return too_late(quorum.acknowledged(), w, true);
    if (answer->status) {
      quorum.acknowledge(answer->node);
    } else {
      quorum.refuse(answer->node);
    }
  }
  if (quorum.state() == WriteState::lost) co_return quorum_not_met(quorum.acknowledged(), w, true);

  Written written;
  written.existed = local.existed;
  written.siblings = static_cast<unsigned>(local.siblings);
  written.context =
      encode_context(placed.key_hash, client_context(local.context, order.frame.live));
  written.etag = to_string(local.dot);
  written.acknowledged = static_cast<unsigned>(quorum.acknowledged());
  written.replicas = static_cast<unsigned>(placed.replicas.size());
  written.epoch = placed.view->epoch();
  co_return written;
}

}  // namespace ouro::kv
