// A runtime with no outside world: one thread, invented time, interleaving drawn from a seed.
#pragma once

#include "base/random.hpp"
#include "runtime/clock.hpp"
#include "sim/trace.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/execution_context.hpp>

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace ouro::sim {

/// One run of one simulated process. A node that restarts begins a new life. Life 0 is the world
/// itself and is never killed.
enum class Life : std::uint32_t {};
constexpr Life outside{0};

/// Asio asks a runtime only for an executor, so this is a whole runtime. Every ready handler and
/// every waiting timer is one entry in one agenda, ordered by due time and then by a seeded draw:
/// what a first-in first-out queue would hide is found.
///
/// Nothing that runs here may use Asio's own timers or sockets: those would start a real thread.
class Scheduler : public asio::execution_context {  // not final: Asio derives from it to probe it
 public:
  using Handler = asio::any_completion_handler<void()>;
  using Ticket = std::pair<Instant, std::uint64_t>;

  struct executor_type {
    Scheduler* scheduler;
    Life life;
    bool operator==(const executor_type&) const noexcept = default;
    Scheduler& query(asio::execution::context_t) const noexcept { return *scheduler; }
    static constexpr auto query(asio::execution::blocking_t) noexcept {
      return asio::execution::blocking.never;
    }
    template <class F>
    void execute(F task) const {
      scheduler->add(life, scheduler->now(), Handler(std::move(task)));
    }
  };

  explicit Scheduler(std::uint64_t seed) : order_(seed), draws_(seed ^ 0xd1b54a32d192ed03u) {}
  /// Whatever still waits is destroyed where it stands.
  ~Scheduler();

  executor_type get_executor() noexcept { return executor(outside); }
  executor_type executor(Life life) noexcept { return {this, life}; }

  /// Time since the simulation began.
  Instant now() const noexcept { return now_; }
  /// A random number for the test itself; does not change the order of events.
  std::uint64_t draw() { return draws_.next(); }
  Random& random() { return draws_; }

  Life new_life();
  bool is_dead(Life life) const { return states_[to_index(life)].dead; }

  /// Runs `handler` at `due` or now, whichever is later, unless its life ends before: then it is
  /// destroyed unrun, here and now if the life is dead already.
  Ticket add(Life life, Instant due, Handler handler);
  /// Moves what waits under `ticket`, if it still waits, to now.
  void hasten(Ticket ticket);

  /// Runs the next handler, first moving time to when it is due. False when nothing is left.
  bool step();
  /// Steps until nothing is due before `end`, then moves time there.
  void run_until(Instant end);
  void run_for(Duration time) { run_until(now_ + time); }
  /// Steps until `done()` or until nothing is due before `limit` from now. Returns done().
  template <class Done>
  bool run_until(Done done, Duration limit) {
    const Instant end = now_ + limit;
    while (!done()) {
      if (!next_is_due(end)) return false;
      step();
    }
    return true;
  }

  /// kill -9: every coroutine of this life is destroyed where it stands and none will start.
  /// Coroutines that wait for a Reply held by some object end with that object.
  void kill(Life life);
  /// Nothing of this life runs before `end`: a stopped process, a long collection of a neighbour.
  void pause(Life life, Instant end) { states_[to_index(life)].paused_until = end; }

  /// Adds an event to the trace: what it was, whose it was, what it carried.
  void record(std::uint64_t kind, std::uint64_t who, std::uint64_t payload) noexcept;
  /// The fingerprint of all events so far.
  std::uint64_t trace() const noexcept { return trace_.value(); }
  std::uint64_t events() const noexcept { return events_; }

 private:
  struct Entry {
    Life life;
    Handler handler;
  };
  struct LifeState {
    bool dead = false;
    Instant paused_until{};
  };

  static std::size_t to_index(Life life) { return static_cast<std::size_t>(life); }
  Ticket new_ticket(Instant due) {
    return Ticket(due, (order_.next() << 32) | ++last_);  // high half shuffles, low half is unique
  }
  bool next_is_due(Instant end) const {
    return !agenda_.empty() && agenda_.begin()->first.first <= end;
  }

  Instant now_{};
  std::uint32_t last_ = 0;
  std::uint64_t events_ = 0;
  std::vector<LifeState> states_{LifeState{}};
  std::map<Ticket, Entry> agenda_;
  SeededRandom order_;
  SeededRandom draws_;
  Trace trace_;
};

}  // namespace ouro::sim
