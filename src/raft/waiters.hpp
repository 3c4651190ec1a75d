// Who waits for the group to get somewhere? Not part of the interface; has Asio in it.
#pragma once

#include "raft/core.hpp"
#include "runtime/inbox.hpp"

#include <algorithm>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace ouro::raft {

/// For one loop.
class Waiters {
 public:
  using Outcome = Inbox<Result<Index>>;
  using ReadInbox = Inbox<ReadResult>;

  explicit Waiters(Clock& clock) : clock_(clock), gone_(clock.make_timer()) {}

  /// Lives in the coroutine of each caller, so that the group does not end before they have.
  class Visit {
   public:
    explicit Visit(Waiters& waiters) : waiters_(waiters) { ++waiters_.visits_; }
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    ~Visit() {
      if (--waiters_.visits_ == 0) waiters_.gone_->wake();
    }

   private:
    Waiters& waiters_;
  };
  Task<void> all_gone() {
    while (visits_ > 0) co_await gone_->wait_until(Instant::max());
  }

  // Proposals.
  std::shared_ptr<Outcome> expect(Index index, Term term) {
    auto outcome = std::make_shared<Outcome>(clock_);
    proposals_.emplace(index, Proposal{term, outcome});
    return outcome;
  }
  void forget(Index index, const std::shared_ptr<Outcome>& outcome) {
    const auto [begin, end] = proposals_.equal_range(index);
    const auto found =
        std::find_if(begin, end, [&](const auto& each) { return each.second.outcome == outcome; });
    if (found != end) proposals_.erase(found);
  }
  /// Only one term's entry can be applied at an index: the others never will be.
  void applied(Index index, Term term) {
    const auto [begin, end] = proposals_.equal_range(index);
    for (auto each = begin; each != end; ++each) {
      if (each->second.term == term) {
        each->second.outcome->send(index);
      } else {
        each->second.outcome->send(Error{
            ErrorCode::not_leader,
            "another leader's entry took the proposal's place: it was not carried out, try again"});
      }
    }
    proposals_.erase(begin, end);
  }
  /// A snapshot came in place of the entries up to `index`.
  void skipped(Index index) {
    const Error unknown{ErrorCode::connection_lost,
                        "a snapshot took the place of the log: whether the proposal is in it is "
                        "not known"};
    end_proposals(proposals_.upper_bound(index), unknown);
  }

  // Reads.
  std::shared_ptr<ReadInbox> ask(std::uint64_t id) {
    auto inbox = std::make_shared<ReadInbox>(clock_);
    reads_.emplace(id, inbox);
    return inbox;
  }
  void forget_read(std::uint64_t id) { reads_.erase(id); }
  void read(const ReadResult& result) {
    const auto found = reads_.find(result.id);
    if (found != reads_.end()) found->second->send(result);
  }

  // Everything else.
  Task<void> change(Instant deadline) {
    const auto timer = clock_.make_timer();
    const Listed listed(timers_, *timer);
    co_await timer->wait_until(deadline);
  }
  void something_changed() {
    for (Timer* timer : timers_) timer->wake();
  }

  void end(const Error& error) {
    end_proposals(proposals_.end(), error);
    for (const auto& [id, inbox] : reads_) inbox->send({id, std::nullopt});
    something_changed();
  }

 private:
  struct Proposal {
    Term term;
    std::shared_ptr<Outcome> outcome;
  };
  class Listed {
   public:
    Listed(std::list<Timer*>& timers, Timer& timer)
        : timers_(timers), place_(timers.insert(timers.end(), &timer)) {}
    Listed(const Listed&) = delete;
    Listed& operator=(const Listed&) = delete;
    ~Listed() { timers_.erase(place_); }

   private:
    std::list<Timer*>& timers_;
    std::list<Timer*>::iterator place_;
  };

  void end_proposals(std::multimap<Index, Proposal>::iterator end, const Error& error) {
    for (auto each = proposals_.begin(); each != end; ++each) each->second.outcome->send(error);
    proposals_.erase(proposals_.begin(), end);
  }

  Clock& clock_;
  std::unique_ptr<Timer> gone_;
  std::size_t visits_ = 0;
  std::multimap<Index, Proposal> proposals_;
  std::map<std::uint64_t, std::shared_ptr<ReadInbox>> reads_;
  std::list<Timer*> timers_;
};

}  // namespace ouro::raft
