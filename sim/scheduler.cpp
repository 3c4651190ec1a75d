#include "sim/scheduler.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace ouro::sim {

// Entries are moved between maps by their nodes and their handlers never assigned: assignment of
// any_completion_handler is broken in Boost 1.81 (chriskohlhoff/asio#1180).

Scheduler::~Scheduler() {
  for (LifeState& state : states_) state.dead = true;  // a dying frame may not wait again
  std::map<Ticket, Entry> doomed;
  doomed.swap(agenda_);
  doomed.clear();
  shutdown();
  destroy();
}

Life Scheduler::new_life() {
  states_.push_back({});
  return Life(static_cast<std::uint32_t>(states_.size() - 1));
}

Scheduler::Ticket Scheduler::add(Life life, Instant due, Handler handler) {
  const Ticket ticket = new_ticket(std::max(due, now_));
  if (!is_dead(life)) agenda_.emplace(ticket, Entry{life, std::move(handler)});
  return ticket;
}

void Scheduler::hasten(Ticket ticket) {
  auto entry = agenda_.extract(ticket);
  if (!entry) return;
  entry.key() = new_ticket(now_);
  agenda_.insert(std::move(entry));
}

bool Scheduler::step() {
  if (agenda_.empty()) return false;
  auto next = agenda_.extract(agenda_.begin());
  now_ = next.key().first;
  const Life life = next.mapped().life;
  if (const Instant end = states_[to_index(life)].paused_until; end > now_) {
    next.key() = Ticket(end, ++last_);  // those that were in order before stay so
    agenda_.insert(std::move(next));
    return true;
  }
  ++events_;
  trace_.add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  trace_.add(static_cast<std::uint64_t>(life));
  std::move(next.mapped().handler)();
  return true;
}

void Scheduler::run_until(Instant end) {
  while (next_is_due(end)) step();
  now_ = std::max(now_, end);
}

void Scheduler::kill(Life life) {
  check(life != outside);
  states_[to_index(life)].dead = true;
  std::map<Ticket, Entry> doomed;  // unlinked first: a dying frame may touch the agenda
  for (auto at = agenda_.begin(); at != agenda_.end();) {
    const auto entry = at++;
    if (entry->second.life == life) doomed.insert(agenda_.extract(entry));
  }
}

void Scheduler::record(std::uint64_t kind, std::uint64_t who, std::uint64_t payload) noexcept {
  trace_.add(static_cast<std::uint64_t>(now_.time_since_epoch().count()));
  trace_.add(kind);
  trace_.add(who);
  trace_.add(payload);
}

}  // namespace ouro::sim
