// Readers, updates and the end of old states.
#include "engine/current_state.hpp"

#include "tests/support/catch.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <span>
#include <thread>
#include <utility>

namespace ouro::engine {
namespace {

/// Far beyond what the work takes; only a thread that waits for ever gets there.
constexpr std::chrono::seconds never{20};

std::shared_ptr<Generation> generation() {
  return std::make_shared<Generation>(std::make_shared<Memtable>(std::span<const TableSpec>(), 0),
                                      1);
}

struct Fixture {
  std::atomic<int> scheduled{0};
  CurrentState state{[this] { ++scheduled; }};

  /// A generation that only the state holds from now on.
  std::weak_ptr<Generation> replace_generation() {
    auto next = generation();
    state.update([&](ReadState& changed) { changed.active = next; });
    return next;
  }
};

TEST_CASE("a replaced state lives until its last reader has left and it was freed", "[engine]") {
  Fixture f;
  const auto first = f.replace_generation();
  {
    const auto reading = f.state.read();
    f.replace_generation();
    CHECK(reading->active == first.lock());
  }
  CHECK(f.scheduled == 1);
  CHECK_FALSE(first.expired());
  f.state.free_disposed();
  CHECK(first.expired());
}

TEST_CASE("a state that nobody reads goes with the update that replaces it", "[engine]") {
  Fixture f;
  const auto first = f.replace_generation();
  f.replace_generation();
  CHECK(first.expired());
  CHECK(f.scheduled == 0);
}

// Every end of a reading may be the one that finds an old state unused, those within update() too.
// Were the old one put aside under the lock that update() holds, the thread would wait for itself.
TEST_CASE("a reading that ends within an update may dispose of an old state", "[engine][thread]") {
  const auto f = std::make_shared<Fixture>();
  std::packaged_task<bool()> task([f] {
    const auto first = f->replace_generation();
    using Reading = Published<ReadState>::Reading;
    std::unique_ptr<Reading> reading(new Reading(f->state.read()));
    f->replace_generation();
    f->state.update([&](ReadState&) { reading.reset(); });
    const bool kept = !first.expired();
    f->state.free_disposed();
    return kept && first.expired();
  });
  auto finished = task.get_future();
  std::thread thread(std::move(task));
  const bool ended = finished.wait_for(never) == std::future_status::ready;
  if (ended)
    thread.join();
  else
    thread.detach();  // it holds the fixture
  REQUIRE(ended);
  CHECK(finished.get());
  CHECK(f->scheduled == 1);
}

}  // namespace
}  // namespace ouro::engine
