#include "kv/write_path.hpp"

#include "kv/context.hpp"
#include "kv/epochs.hpp"
#include "kv/failure.hpp"
#include "kv/targets.hpp"
#include "kv/write_quorum.hpp"
#include "runtime/coroutine.hpp"
#include "runtime/inbox.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

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

Failure stale_epoch(Epoch epoch, bool indeterminate) {
  Failure failure;
  failure.code = FailureCode::stale_epoch;
  failure.retryable = true;
  failure.indeterminate = indeterminate;
  failure.detail = "the cluster changed while the request was under way (it began at epoch " +
                   std::to_string(epoch) + "): ";
  failure.detail += indeterminate
                        ? "the write may still take effect; read the key, or write it again"
                        : "nothing was done; try again";
  return failure;
}

bool is_stale(const Outcome<Written>& outcome) {
  return !outcome && outcome.error().code == FailureCode::stale_epoch &&
         !outcome.error().indeterminate;
}

// The quorums of a write: of the arc's list, and while the arc moves of the other list too.
JointQuorum quorum_of(const Placed& placed, std::optional<unsigned> requested, std::size_t w) {
  const auto list = [](std::span<const NodeId> nodes) {
    return std::vector<NodeId>(nodes.begin(), nodes.end());
  };
  std::optional<WriteQuorum> joint;
  if (const std::size_t size = placed.replicas.joint.size(); size > 0)
    joint.emplace(list(placed.replicas.joint),
                  std::min(size, quorum_size(requested.value_or(placed.w), size)));
  return JointQuorum(WriteQuorum(list(placed.replicas.writes), w), std::move(joint));
}

std::vector<NodeId> others(const cluster::Replicas& replicas, NodeId self) {
  std::vector<NodeId> nodes(replicas.writes.begin(), replicas.writes.end());
  for (const NodeId node : replicas.joint)
    if (std::ranges::find(nodes, node) == nodes.end()) nodes.push_back(node);
  std::erase(nodes, self);
  return nodes;
}

}  // namespace

/// A write that is durable at its coordinator, on its way to the others.
struct WritePath::Spreading {
  KeyName name;
  std::optional<unsigned> requested;  // W, where the client said one
  Placed placed;
  std::size_t w = 0;
  Coordinated local;
  Instant deadline;
};

Task<Outcome<Written>> WritePath::write(WriteOrder order, Instant deadline) {
  if (auto wrong = check_write(order)) co_return std::move(*wrong);
  while (true) {
    order.epoch = with_.metadata.view()->epoch();
    Outcome<Written> outcome = co_await write_once(order, deadline);
    if (!is_stale(outcome)) co_return outcome;
    Task<bool> newer = reach_epoch(with_.metadata, with_.loop.clock(), order.epoch + 1, deadline);
    if (!co_await std::move(newer)) co_return outcome;
  }
}

Task<Outcome<Written>> WritePath::write_once(WriteOrder order, Instant deadline) {
  Placed placed = place(with_.metadata.view(), order.name);
  order.epoch = placed.view->epoch();
  const auto w = checked_quorum("w", order.w, placed.w, placed.replicas.writes.size());
  if (!w) co_return w.error();

  const auto reachable = [this](NodeId node) { return with_.loop.peers().reachable(node); };
  const std::vector<NodeId> candidates =
      write_coordinators(placed.replicas.writes, with_.self, reachable);
  // Asked before anything is written: a write that cannot succeed leaves no trace.
  if (candidates.size() < *w) co_return quorum_not_met(candidates.size(), *w, false);

  // A node that has just started may not coordinate yet; one that is ahead of this one knows of
  // other replicas. Either has done nothing, so the next is asked.
  Outcome<Written> outcome = quorum_not_met(0, *w, false);
  for (const NodeId candidate : candidates) {
    bool delivered = true;
    if (candidate == with_.self) {
      outcome = co_await coordinate(order, placed, *w, deadline);
    } else {
      outcome = co_await forward(candidate, order, deadline, &delivered);
    }
    if (delivered && !is_stale(outcome)) co_return outcome;
  }
  co_return outcome;
}

Task<Outcome<Written>> WritePath::coordinate_for(WriteOrder order, Instant deadline) {
  if (auto wrong = check_write(order)) co_return std::move(*wrong);
  Task<bool> caught_up = reach_epoch(with_.metadata, with_.loop.clock(), order.epoch, deadline);
  if (!co_await std::move(caught_up)) co_return stale_epoch(order.epoch, false);
  Placed placed = place(with_.metadata.view(), order.name);
  if (order.epoch < placed.view->changed_at(placed.arc.arc) ||
      !placed.replicas.contains(with_.self))
    co_return stale_epoch(order.epoch, false);
  const auto w = checked_quorum("w", order.w, placed.w, placed.replicas.writes.size());
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
  write.epoch = placed.view->epoch();
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
  const bool not_let_in = !local && (local.error().code == ErrorCode::stale_epoch ||
                                     local.error().code == ErrorCode::unreachable);
  if (not_let_in) co_return stale_epoch(placed.view->epoch(), false);
  if (!local) co_return local_failure(local.error());
  Spreading job{std::move(order.name), order.w, std::move(placed), w, std::move(*local), deadline};
  Outcome<Written> outcome = co_await spread(std::move(job));
  if (outcome && order.removes) outcome->etag.clear();
  co_return outcome;
}

Task<Outcome<Written>> WritePath::spread(Spreading job) {
  while (true) {
    bool stale = false;
    Outcome<Written> outcome = co_await spread_once(job, &stale);
    if (outcome || !stale) co_return outcome;
    const Epoch epoch = job.placed.view->epoch();
    Task<bool> newer = reach_epoch(with_.metadata, with_.loop.clock(), epoch + 1, job.deadline);
    if (!co_await std::move(newer)) co_return stale_epoch(epoch, true);
    const Status renewed = co_await renew(job);
    if (!renewed) co_return stale_epoch(epoch, true);
  }
}

// The write belongs to other replicas since: it is told to them as a new operation of the new
// epoch, made of what is durable here now.
Task<Status> WritePath::renew(Spreading& job) {
  Placed placed = place(with_.metadata.view(), job.name);
  const auto w = checked_quorum("w", job.requested, placed.w, placed.replicas.writes.size());
  if (!w || placed.data_key != job.placed.data_key || placed.arc != job.placed.arc)
    co_return Error{ErrorCode::stale_epoch, "the bucket was changed or dropped"};
  Result<LocalObject> held = co_await with_.reader.read(placed.arc, placed.data_key);
  if (!held) co_return held.error();
  // Once the arc was given away nothing here tells what became of the write.
  if (!held->seen.contains(job.local.dot))
    co_return Error{ErrorCode::stale_epoch, "this node does not hold the arc any more"};
  job.local.frame = {held->object.live, filled_context(held->object, held->seen), {job.local.dot}};
  job.placed = std::move(placed);
  job.w = *w;
  co_return Status();
}

// `stale`: a replica refused because of the epoch.
Task<Outcome<Written>> WritePath::spread_once(const Spreading& job, bool* stale) {
  JointQuorum quorum = quorum_of(job.placed, job.requested, job.w);
  quorum.acknowledge(with_.self);

  ApplyOrder order;
  order.epoch = job.placed.view->epoch();
  order.data_key = job.placed.data_key;
  order.n = job.placed.arc.n;
  order.frame = job.local.frame;
  const Message frame = encode(order);
  const auto answers = std::make_shared<Answers>(with_.loop.clock());
  for (const NodeId node : others(job.placed.replicas, with_.self)) {
    if (with_.loop.peers().reachable(node)) {
      with_.nursery.spawn(send(with_, node, frame, job.deadline, answers));
    } else {
      with_.lagging.add(node);
      quorum.refuse(node);
    }
  }

  while (quorum.state() == WriteState::waiting) {
    const std::optional<Answer> answer = co_await answers->next(job.deadline);
    if (!answer)
      co_return too_late(quorum.critical().acknowledged(), quorum.critical().required(), true);
    if (answer->status) {
      quorum.acknowledge(answer->node);
    } else {
      *stale = *stale || answer->status.error().code == ErrorCode::stale_epoch;
      quorum.refuse(answer->node);
    }
  }
  if (quorum.state() == WriteState::lost)
    co_return quorum_not_met(quorum.critical().acknowledged(), quorum.critical().required(), true);
  co_return written(job, quorum.critical().acknowledged());
}

Written WritePath::written(const Spreading& job, std::size_t acknowledged) const {
  Written written;
  written.existed = job.local.existed;
  written.siblings = static_cast<unsigned>(job.local.siblings);
  written.context =
      encode_context(job.placed.key_hash, client_context(job.local.context, job.local.frame.live));
  written.etag = to_string(job.local.dot);
  written.acknowledged = static_cast<unsigned>(acknowledged);
  written.replicas = static_cast<unsigned>(job.placed.replicas.writes.size());
  written.epoch = job.placed.view->epoch();
  return written;
}

}  // namespace ouro::kv
