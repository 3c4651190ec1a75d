#include "kv/mover.hpp"

#include "base/coding.hpp"
#include "base/hash.hpp"
#include "cluster/arc_lists.hpp"
#include "runtime/coroutine.hpp"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

namespace ouro::kv {
namespace {

using namespace std::chrono_literals;

constexpr Duration look_again = 1s;
constexpr Duration try_again = 500ms;
constexpr Duration telling_time = 5s;
/// One pull goes on where it was after this; it bounds how long a change of plan goes unnoticed.
constexpr Duration pull_time = 60s;
constexpr std::size_t fetches_max = 4;

/// This arc's sums for all N, as one number.
std::uint64_t combine(const std::vector<std::uint64_t>& hashes) {
  std::string bytes;
  for (const std::uint64_t hash : hashes) put_fixed(bytes, hash);
  return hash64(bytes);
}

}  // namespace

Mover::Mover(Parts parts)
    : parts_(std::move(parts)),
      timer_(parts_.control.clock().make_timer()),
      nursery_(parts_.control.executor(), parts_.control.clock()) {}

void Mover::start() { nursery_.spawn(run()); }

void Mover::wake() { timer_->wake(); }

Task<void> Mover::close() {
  closing_ = true;
  timer_->wake();
  co_await parts_.homes.end_transfers();
  co_await nursery_.close();
}

std::vector<Transfer> Mover::transfers() const {
  std::vector<Transfer> transfers;
  for (const auto& [arc, transfer] : under_way_) transfers.push_back(transfer);
  return transfers;
}

Task<void> Mover::run() {
  while (!closing_) {
    begin_fetches();
    if (!dropping_) nursery_.spawn(drop_left());
    if (!closing_) co_await timer_->wait_until(parts_.control.clock().now() + look_again);
  }
}

void Mover::begin_fetches() {
  const std::shared_ptr<const cluster::State> state = parts_.metadata.state();
  if (!state->change) return;
  const cluster::ArcLists lists(*state);
  for (ring::Arc arc = 0; arc < state->arc_count(); ++arc) {
    const cluster::ArcMove& move = state->change->arcs[arc];
    if (move.phase != cluster::ArcPhase::write_both) continue;
    if (under_way_.size() >= fetches_max) return;
    if (under_way_.contains(arc)) continue;
    const std::vector<NodeId> waited_for = uncovered(*state, lists, arc);
    if (std::ranges::find(waited_for, parts_.self) == waited_for.end()) continue;
    Transfer& transfer = under_way_[arc];
    transfer.arc = arc;
    transfer.session = move.session;
    transfer.since = parts_.control.clock().now();
    nursery_.spawn(fetch(arc, state->change->id, move.session));
  }
}

Task<void> Mover::fetch(ring::Arc arc, Epoch change, Epoch session) {
  const auto goes_on = [&] {
    const std::shared_ptr<const cluster::State> state = parts_.metadata.state();
    return !closing_ && state->change && state->change->id == change &&
           state->change->arcs[arc].phase == cluster::ArcPhase::write_both &&
           state->change->arcs[arc].session == session;
  };
  while (goes_on()) {
    const Status fetched = co_await fetch_all(arc, session);
    if (fetched) {
      const Result<std::uint64_t> hash = co_await content_of(arc, parts_.metadata.view()->counts());
      if (hash) {
        co_await tell(arc, change, session, *hash);
        break;
      }
      under_way_[arc].problem = hash.error().message;
    } else {
      under_way_[arc].problem = fetched.error().message;
    }
    if (goes_on())
      co_await sleep_until(parts_.control.clock(), parts_.control.clock().now() + try_again);
  }
  under_way_.erase(arc);
  timer_->wake();
}

Task<Status> Mover::fetch_all(ring::Arc arc, Epoch session) {
  const std::shared_ptr<const cluster::State> state = parts_.metadata.state();
  const cluster::ArcLists lists(*state);
  std::set<NodeId> sources;
  for (const unsigned n : lists.counts()) {
    const std::vector<NodeId> receivers = lists.receivers(arc, n);
    if (std::ranges::find(receivers, parts_.self) == receivers.end()) continue;
    std::vector<NodeId> owners = lists.lists(arc, n).old_list;
    sources.insert(owners.begin(), owners.end());
    under_way_[arc].sources.assign(sources.begin(), sources.end());
    const ArcId id{arc, static_cast<std::uint8_t>(n)};
    const Status fetched = co_await fetch_one(id, session, std::move(owners));
    if (!fetched) co_return fetched.error();
  }
  co_return Status();
}

// What this node has must meet every acknowledged write: it covers all old owners that answer, and
// at least a majority of them, unless the operator gave the others up.
Task<Status> Mover::fetch_one(ArcId arc, Epoch session, std::vector<NodeId> old_owners) {
  const std::shared_ptr<const cluster::State> state = parts_.metadata.state();
  std::vector<NodeId> present, silent;
  std::size_t here = 0;
  const auto liveness = parts_.liveness.view();
  for (const NodeId node : old_owners) {
    if (node == parts_.self) {
      here = 1;  // where lists get shorter those who stay must know all that the others know
      continue;
    }
    const cluster::Member* const known = member(*state, node);
    if (known == nullptr || known->lost) continue;
    const cluster::MemberLiveness* const seen = liveness->find(node);
    const bool dead = seen != nullptr && seen->state == cluster::swim::State::dead;
    (dead ? silent : present).push_back(node);
  }
  const std::size_t needed =
      std::min(old_owners.size() / 2 + 1, here + present.size() + silent.size());
  if (here + present.size() < needed)
    co_return Error{ErrorCode::unreachable,
                    "too few of the nodes that had arc " + std::to_string(arc.arc) +
                        " answer: start them, or declare them lost (ouro cluster lost)"};
  for (const NodeId source : present) {
    PullOrder order{arc, source, session, parts_.control.clock().now() + pull_time};
    const Result<Pulled> pulled = co_await parts_.homes.pull(std::move(order));
    if (!pulled) co_return pulled.error();
    under_way_[arc.arc].keys += pulled->keys;
    under_way_[arc.arc].bytes += pulled->bytes;
  }
  co_return Status();
}

Task<Result<std::uint64_t>> Mover::content_of(ring::Arc arc, std::vector<unsigned> counts) {
  std::vector<std::uint64_t> hashes;
  for (const unsigned n : counts) {
    const ArcId id{arc, static_cast<std::uint8_t>(n)};
    const Result<Content> content = co_await parts_.homes.content(id);
    if (!content) co_return content.error();
    hashes.push_back(content->sum.hash);
  }
  co_return combine(hashes);
}

Task<void> Mover::tell(ring::Arc arc, Epoch change, Epoch session, std::uint64_t hash) {
  cluster::Command command;
  command.body = cluster::Covered{change, session, arc, parts_.self, hash};
  command.origin.wall_us = parts_.control.clock().wall();
  const Instant deadline = parts_.control.clock().now() + telling_time;
  // Without an answer the arc is found uncovered again, and pulled again: at once, for nothing
  // differs.
  static_cast<void>(co_await parts_.metadata.propose(std::move(command), deadline));
}

// What no list gives to this node any more. A node is in no list only after everybody else covers
// what it had, so nothing is lost by it.
Task<void> Mover::drop_left() {
  dropping_ = true;
  const std::vector<ArcId> held = co_await parts_.homes.arcs();
  for (const ArcId arc : held) {
    if (closing_) break;
    if (parts_.metadata.view()->replicas(arc.arc, arc.n).contains(parts_.self)) continue;
    // Refused or failed: seen again at the next look.
    static_cast<void>(co_await parts_.homes.drop(arc));
  }
  dropping_ = false;
}

}  // namespace ouro::kv
