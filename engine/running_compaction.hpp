// The compaction under way: which of its parts anybody works on.
#pragma once

#include "engine/compaction.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace ouro::engine {

/// One compaction that several lanes may work on at once. All members are guarded by the database's
/// compaction lock, which is not held while a part is stepped.
struct RunningCompaction {
  /// What somebody may do next.
  struct Piece {
    bool prepares = false;
    std::size_t part = 0;
  };

  explicit RunningCompaction(std::unique_ptr<CompactionJob> job_) : job(std::move(job_)) {}

  /// The first piece that nobody works on, from `preferred` on (lanes that prefer different parts
  /// keep out of each other's way); nothing if all are finished or worked on, or one has failed.
  std::optional<Piece> next(std::size_t preferred) const {
    if (failed) return std::nullopt;
    if (!prepared) return busy == 0 ? std::optional<Piece>({true, 0}) : std::nullopt;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const std::size_t part = (preferred + i) % parts.size();
      if (parts[part] == State::waiting) return Piece{false, part};
    }
    return std::nullopt;
  }

  bool all_finished() const { return prepared && unfinished == 0; }

  enum class State : std::uint8_t { waiting, busy, finished };

  const std::unique_ptr<CompactionJob> job;
  bool prepared = false;
  std::vector<State> parts;
  std::size_t unfinished = 0;
  std::size_t busy = 0;  ///< How many threads are at work on it.
  std::optional<Error> failed;
};

}  // namespace ouro::engine
