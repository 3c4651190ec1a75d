// A busy life of a database, and what its content may be after any part of it.
#pragma once

#include "tests/engine/db_fixture.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ouro::engine {

// Batch i writes i to a key of its own kind in both tables, so that a state tells its prefix.
struct History {
  std::vector<Content> states[2] = {{Content{}}, {Content{}}};
  std::size_t submitted = 0;
  std::size_t durable = 0;  ///< Batches up to this one were acknowledged as on disk.
  std::optional<std::size_t> checkpoint;

  Batch next(Random& random) {
    ++submitted;
    Batch batch;
    for (TableId table = 0; table < 2; ++table) {
      Content state = states[table].back();
      const auto put = [&](const std::string& key, std::string value) {
        state[key] = value;
        batch.put(table, key, std::move(value));
      };
      const std::string number = std::to_string(submitted);
      put("batch", number);
      const std::string key = "key" + std::to_string(random.below(12));
      if (random.one_in(4)) {
        state.erase(key);
        batch.remove(table, key);
      } else {
        put(key, number + std::string(random.below(300), 'v'));
      }
      states[table].push_back(std::move(state));
    }
    return batch;
  }
};

constexpr std::size_t batches = 60;

// Ends at the first error: the machine has stopped.
inline void live(TestDb& db, History& history, std::uint64_t seed) {
  SeededRandom random(seed);
  if (!db.open()) return;
  bool ok = true;
  while (ok && history.submitted < batches) {
    const Durability durability = random.one_in(3) ? Durability::os : Durability::disk;
    const std::size_t number = history.submitted + 1;
    Batch batch = history.next(random);
    if (random.one_in(2)) {
      const auto done = db->commit_sync(std::move(batch), durability);
      ok = done.has_value();
      if (ok && durability == Durability::disk) history.durable = number;
    } else {
      const Status queued = db->commit(std::move(batch), durability,
                                       [&history, &ok, number, durability](Result<Sequence> done) {
                                         ok = ok && done.has_value();
                                         if (done && durability == Durability::disk)
                                           history.durable = number;
                                       });
      if (!queued && queued.error().code != ErrorCode::busy) break;
      if (!queued) {
        // Refused: it never existed.
        --history.submitted;
        for (auto& states : history.states) states.pop_back();
        db.lane.run_all();
        continue;
      }
    }
    if (random.one_in(2)) db.lane.run_one();
    if (number % 20 == 0) ok = ok && db->flush_sync();
    if (number == 45) ok = ok && db->compact_sync();
    if (number == 50) {
      db.lane.run_all();
      if (ok && db->checkpoint("copy")) history.checkpoint = number;
    }
  }
  db.lane.run_all();
}

// Which batch a database's content ends with; fails the test if it is no prefix.
inline std::size_t prefix_of(TestDb& db, const History& history) {
  const std::string last = db.get(0, "batch");
  const std::size_t number = last == "-" ? 0 : std::stoul(last);
  REQUIRE(number <= history.submitted);
  REQUIRE(db.content(0) == history.states[0][number]);
  REQUIRE(db.content(1) == history.states[1][number]);
  return number;
}

}  // namespace ouro::engine
