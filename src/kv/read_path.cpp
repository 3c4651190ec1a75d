#include "kv/read_path.hpp"

#include "kv/context.hpp"
#include "kv/epochs.hpp"
#include "kv/failure.hpp"
#include "kv/placed.hpp"
#include "kv/read_quorum.hpp"
#include "kv/targets.hpp"
#include "kv/wire.hpp"
#include "runtime/coroutine.hpp"
#include "runtime/inbox.hpp"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

namespace ouro::kv {
namespace {

using namespace std::chrono_literals;

// A replica that has not answered for so long is not waited for alone: the next one is asked too.
constexpr Duration patience = 200ms;
// Repairs are worth as much as a write and have nobody waiting for them.
constexpr Duration repair_time = 5s;

struct Answer {
  NodeId node{};
  bool digest_only = false;
  Result<FetchAnswer> fetched = FetchAnswer{};
};
using Answers = Inbox<Answer>;

Task<Result<FetchAnswer>> fetch(Collaborators with, NodeId node, FetchOrder order,
                                Instant deadline) {
  Message message = encode(order);
  const auto reply =
      co_await with.loop.peers().call(node, PeerLane::foreground, std::move(message), deadline);
  if (!reply) co_return reply.error();
  co_return decode_fetch_reply(*reply);
}

Task<void> ask(Collaborators with, NodeId node, FetchOrder order, Instant deadline,
               std::shared_ptr<Answers> answers) {
  const bool digest_only = order.digest_only;
  Result<FetchAnswer> fetched = co_await fetch(with, node, std::move(order), deadline);
  Answer answer{node, digest_only, std::move(fetched)};
  answers->send(std::move(answer));
}

// Sends what the read found to a replica that holds less or other.
Task<void> repair(Collaborators with, NodeId node, ApplyOrder order) {
  const Instant deadline = with.loop.clock().now() + repair_time;
  Message message = encode(order);
  const auto reply =
      co_await with.loop.peers().call(node, PeerLane::foreground, std::move(message), deadline);
  if (!reply || !decode_apply_reply(*reply)) with.lagging.add(node);
}

Task<void> repair_here(Collaborators with, ArcId arc, ApplyOrder order) {
  // A failed disk shows itself to the next request; this one was answered well without it.
  static_cast<void>(co_await with.homes.apply(arc, std::move(order.data_key),
                                              std::move(order.frame), order.epoch));
}

// Looks whether a node that is known to have missed writes missed this key's.
Task<void> check_lagging(Collaborators with, NodeId node, FetchOrder order, ApplyOrder known,
                         std::uint64_t known_digest) {
  const Instant deadline = with.loop.clock().now() + repair_time;
  const Result<FetchAnswer> held = co_await fetch(with, node, std::move(order), deadline);
  if (!held || held->digest == known_digest) co_return;
  co_await repair(with, node, std::move(known));
}

/// One read under way.
class Reading {
 public:
  Reading(Collaborators with, Placed placed, std::vector<NodeId> order, std::size_t r,
          Instant deadline)
      : with_(with),
        placed_(std::move(placed)),
        order_(std::move(order)),
        quorum_(replicas(order_, with.self), r),
        required_(r),
        deadline_(deadline),
        answers_(std::make_shared<Answers>(with.loop.clock())) {}

  /// Did a replica refuse because of the epoch?
  bool stale() const { return stale_; }

  Task<Outcome<Found>> run() {
    // The first is asked for the object, the rest of R for digests.
    while (next_ < required_) co_await ask_next();
    while (quorum_.state() == ReadState::waiting || quorum_.state() == ReadState::need_data) {
      if (quorum_.state() == ReadState::need_data) ask_for_objects();
      const Instant wait_until = std::min(deadline_, with_.loop.clock().now() + patience);
      std::optional<Answer> answer = co_await answers_->next(wait_until);
      if (answer) take(std::move(*answer));
      if (with_.loop.clock().now() >= deadline_ && !answer)
        co_return too_late(quorum_.answered(), required_, false);
      const bool stuck = quorum_.state() == ReadState::waiting && (!answer || outstanding_ == 0);
      if (stuck && next_ < order_.size()) co_await ask_next();
    }
    if (quorum_.state() == ReadState::lost)
      co_return quorum_not_met(quorum_.answered(), required_, false);
    repair_others();
    co_return found();
  }

 private:
  static std::vector<ReadReplica> replicas(const std::vector<NodeId>& order, NodeId self) {
    std::vector<ReadReplica> replicas;
    for (const NodeId node : order) replicas.push_back({node, true, node == self});
    return replicas;
  }

  FetchOrder fetch_order(bool digest_only) const {
    return {placed_.view->epoch(), placed_.data_key, placed_.arc.n, digest_only};
  }

  Task<void> ask_next() {
    const NodeId node = order_[next_++];
    if (node == with_.self) {
      const Result<LocalObject> local = co_await with_.reader.read(placed_.arc, placed_.data_key);
      asked_in_full_.insert(node);
      if (local) {
        quorum_.add_data(node, local->object, filled_context(local->object, local->seen));
      } else {
        quorum_.add_failure(node);
      }
      co_return;
    }
    request(node, next_ > 1);
  }

  void request(NodeId node, bool digest_only) {
    if (!digest_only) asked_in_full_.insert(node);
    ++outstanding_;
    with_.nursery.spawn(ask(with_, node, fetch_order(digest_only), deadline_, answers_));
  }

  void ask_for_objects() {
    for (const NodeId node : quorum_.needed())
      if (!asked_in_full_.contains(node)) request(node, false);
  }

  void take(Answer answer) {
    --outstanding_;
    if (!answer.fetched) {
      stale_ = stale_ || answer.fetched.error().code == ErrorCode::stale_epoch;
      quorum_.add_failure(answer.node);
    } else if (answer.digest_only) {
      quorum_.add_digest(answer.node, answer.fetched->digest, answer.fetched->context);
    } else {
      quorum_.add_data(answer.node, std::move(*answer.fetched->object), answer.fetched->context);
    }
  }

  ApplyOrder apply_order(Frame frame) const {
    ApplyOrder order;
    order.epoch = placed_.view->epoch();
    order.data_key = placed_.data_key;
    order.n = placed_.arc.n;
    order.frame = std::move(frame);
    return order;
  }

  void repair_others() {
    for (auto& [node, frame] : quorum_.repairs()) {
      ApplyOrder order = apply_order(std::move(frame));
      if (node == with_.self) {
        with_.nursery.spawn(repair_here(with_, placed_.arc, std::move(order)));
      } else {
        with_.nursery.spawn(repair(with_, node, std::move(order)));
      }
    }
    const Peers& peers = with_.loop.peers();
    const Frame known{quorum_.answer().live, quorum_.context(), {}};
    for (std::size_t i = next_; i < order_.size(); ++i) {
      const NodeId node = order_[i];
      const bool may_lag = peers.was_lost(node) || with_.lagging.contains(node);
      if (!may_lag || !peers.reachable(node)) continue;
      with_.nursery.spawn(check_lagging(with_, node, fetch_order(true), apply_order(known),
                                        digest(quorum_.answer())));
    }
  }

  Found found() const {
    Found found;
    const std::vector<Sibling>& live = quorum_.answer().live;
    for (const Sibling& sibling : live)
      found.values.push_back({sibling.value, sibling.content_type, to_string(sibling.dot),
                              sibling.stamp.microseconds()});
    std::ranges::stable_sort(found.values, std::ranges::greater{}, &FoundValue::modified);
    found.context = encode_context(placed_.key_hash, client_context(quorum_.context(), live));
    found.answered = static_cast<unsigned>(quorum_.answered());
    found.replicas = static_cast<unsigned>(placed_.replicas.reads.size());
    found.epoch = placed_.view->epoch();
    return found;
  }

  Collaborators with_;
  Placed placed_;
  std::vector<NodeId> order_;
  ReadQuorum quorum_;
  std::size_t required_;
  Instant deadline_;
  std::shared_ptr<Answers> answers_;
  std::set<NodeId> asked_in_full_;
  std::size_t next_ = 0;         // in order_: who is asked next
  std::size_t outstanding_ = 0;  // requests to others without an answer yet
  bool stale_ = false;
};

}  // namespace

Task<Outcome<Found>> ReadPath::get(Get request) {
  if (auto wrong = check_name(request.name)) co_return std::move(*wrong);
  while (true) {
    Placed placed = place(with_.metadata.view(), request.name);
    const Epoch epoch = placed.view->epoch();
    const auto r = checked_quorum("r", request.r, placed.r, placed.replicas.reads.size());
    if (!r) co_return r.error();
    const auto reachable = [this](NodeId node) { return with_.loop.peers().reachable(node); };
    std::vector<NodeId> order = order_for_read(placed.replicas.reads, with_.self, reachable);
    Reading reading(with_, std::move(placed), std::move(order), *r, request.deadline);
    Outcome<Found> outcome = co_await reading.run();
    if (outcome || !reading.stale()) co_return outcome;
    // The arc has other replicas since: asked again, under the newer view.
    Task<bool> newer = reach_epoch(with_.metadata, with_.loop.clock(), epoch + 1, request.deadline);
    if (!co_await std::move(newer)) co_return outcome;
  }
}

}  // namespace ouro::kv
