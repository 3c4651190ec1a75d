// One operation fails during an open or a read, or the disk fills up for good: the answer is right
// or it is that error, and once the cause is gone everything acknowledged is there.
#include "tests/engine/history.hpp"
#include "tests/engine/range_fixture.hpp"
#include "tests/engine/torture.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ouro::engine {
namespace {

constexpr sim::CrashPolicy keep{sim::UnsyncedBytes::kept, sim::UnsyncedNames::kept, 0};
constexpr ErrorCode codes[] = {ErrorCode::io, ErrorCode::no_space};

/// A busy life that was killed after some change of the disk, and what it had shown by then.
struct Killed {
  std::unique_ptr<sim::FileSystem> files;
  History history;
};

Killed killed_after(std::uint64_t change, std::uint64_t seed) {
  Killed killed;
  sim::FileSystem files(seed);
  files.stop_after_change(change);
  TestDb db(files);
  live(db, killed.history, seed);
  killed.files = files.after_crash(keep, seed);
  return killed;
}

std::uint64_t changes_of_life(std::uint64_t seed) {
  sim::FileSystem files(seed);
  TestDb db(files);
  History history;
  live(db, history, seed);
  return files.changes();
}

// False once `k` lies behind the last operation of an open.
bool check_open_fault(const Killed& killed, std::uint64_t k, ErrorCode code) {
  const auto files = killed.files->after_crash(keep, 1);
  files->fail_operation(k, code);
  TestDb db(*files);
  const Status opened = db.open();
  const bool reached = files->operations() > k;
  if (!opened) {
    CAPTURE(to_string(opened.error()));
    REQUIRE(reached);
    REQUIRE(opened.error().code == code);
  }
  files->fail_operation(UINT64_MAX, code);
  if (opened) REQUIRE(prefix_of(db, killed.history) >= killed.history.durable);
  REQUIRE(db.reopen());
  REQUIRE(prefix_of(db, killed.history) >= killed.history.durable);
  check_whole(db);
  return reached;
}

TEST_CASE("an open that fails at any operation says so, and the next one mends it",
          "[engine][fault]") {
  for (std::uint64_t number = 1; number <= torture::pick(1, 2); ++number) {
    const std::uint64_t seed = torture::seed(number);
    const std::uint64_t end = changes_of_life(seed);
    for (std::uint64_t change = 3; change < end; change += torture::pick(20, 2)) {
      const Killed killed = killed_after(change, seed);
      for (const ErrorCode code : codes)
        for (std::uint64_t k = 0;; ++k) {
          CAPTURE(seed, change, k, name(code));
          if (!check_open_fault(killed, k, code)) break;
        }
    }
  }
}

/// Reads in every way there is. Each answer must be right, or the error that was asked for.
class ReaderOfAll {
 public:
  ReaderOfAll(TestDb& db, const Content& expected, ErrorCode code)
      : db_(db), expected_(expected), code_(code) {}

  void read() {
    gets();
    multi_get();
    scan();
    static_cast<void>(accept(db_->verify()));
    db_->scrub(1 << 20);
    const auto exported = db_->export_range(0, {}, "export");
    if (accept(exported)) REQUIRE(exported->entries == expected_.size());
    static_cast<void>(accept(db_->checkpoint("copy")));
    static_cast<void>(accept(db_->compact_sync()));
  }

 private:
  template <class T>
  bool accept(const T& result) {
    if (result) return true;
    CAPTURE(to_string(result.error()));
    REQUIRE(result.error().code == code_);
    return false;
  }

  void gets() {
    for (const auto& [key, value] : expected_) {
      const auto found = db_->get(0, key);
      if (accept(found)) REQUIRE((*found && (*found)->view() == value));
    }
    const auto missing = db_->get(0, "k1000");
    if (accept(missing)) REQUIRE_FALSE(*missing);
  }

  void multi_get() {
    std::vector<Lookup> lookups;
    for (const auto& [key, value] : expected_) lookups.push_back({0, key, {}});
    if (!accept(db_->get(lookups))) return;
    for (const Lookup& lookup : lookups)
      REQUIRE((lookup.value && lookup.value->view() == expected_.at(std::string(lookup.key))));
  }

  void scan() {
    const auto it = db_->scan(0, {});
    auto at = expected_.begin();
    for (; it->valid(); it->next(), ++at) {
      REQUIRE(at != expected_.end());
      REQUIRE((it->key() == at->first && it->value() == at->second));
    }
    if (accept(it->status())) REQUIRE(at == expected_.end());
  }

  TestDb& db_;
  const Content& expected_;
  ErrorCode code_;
};

TEST_CASE("a read that fails at any operation says so and is right the next time",
          "[engine][fault]") {
  sim::FileSystem prepared;
  Content expected;
  {
    RangeDb source(prepared);
    source.fill();
    expected = source.model;
  }
  Options options = small_options();
  options.memory_bytes = 0;
  for (const ErrorCode code : codes) {
    for (std::uint64_t k = 0, reached = 1; reached > 0; k += torture::pick(3, 1)) {
      CAPTURE(k, name(code));
      const auto files = prepared.after_crash(keep, 1);
      TestDb db(*files, options);
      REQUIRE(db.open());
      files->fail_operation(files->operations() + k, code);
      const std::uint64_t fails_at = files->operations() + k;
      ReaderOfAll(db, expected, code).read();
      reached = files->operations() > fails_at ? 1 : 0;
      files->fail_operation(UINT64_MAX, code);
      REQUIRE(db.content(0) == expected);
      REQUIRE(db.reopen());
      REQUIRE(db.content(0) == expected);
      check_whole(db);
    }
  }
}

TEST_CASE("a disk that stays full from any operation on loses nothing acknowledged",
          "[engine][fault]") {
  for (std::uint64_t number = 1; number <= torture::pick(1, 3); ++number) {
    const std::uint64_t seed = torture::seed(number);
    const std::uint64_t end = changes_of_life(seed);
    for (std::uint64_t k = 0; k < end; k += torture::pick(2, 1)) {
      CAPTURE(seed, k);
      sim::FileSystem files(seed);
      std::uint64_t changes = 0;
      files.fail_when([&](sim::Operation operation, const std::string&) {
        // A full disk still removes.
        const bool full = changes_disk(operation) && operation != sim::Operation::remove;
        return full && changes++ >= k ? std::optional(ErrorCode::no_space) : std::nullopt;
      });
      History history;
      TestDb db(files);
      live(db, history, seed);
      if (db.is_open()) REQUIRE(prefix_of(db, history) >= history.durable);
      files.fail_when(nullptr);
      // With room again it goes on, or says for good why it does not.
      if (db.is_open()) {
        db.lane.run_all();
        const auto written = db.put(1, "more", "room");
        if (!written) REQUIRE(written.error().code == ErrorCode::closed);
        if (written) REQUIRE(db.remove(1, "more"));
      }
      REQUIRE(db.reopen());
      REQUIRE(prefix_of(db, history) >= history.durable);
      REQUIRE(db->compact_sync());
      check_whole(db);
    }
  }
}

}  // namespace
}  // namespace ouro::engine
