// Which bytes of the table files to check next, so that rot is found while replicas still have what
// it destroyed.
#pragma once

#include "engine/db.hpp"
#include "engine/table_verifier.hpp"
#include "engine/version.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>

namespace ouro::engine {

/// Goes through the table files in the order of their numbers, a bounded piece at a time. Files
/// that are made during a round belong to the next one, or a round would never end under writes.
/// For one thread at a time.
class Scrubber {
 public:
  /// Checks about `bytes` of the files of `version`. All file numbers below `next_number` have been
  /// given out. A file that cannot be read counts as damaged and is left at that place.
  ScrubProgress advance(const Version& version, std::uint64_t next_number, std::size_t bytes);

 private:
  /// The file after the last one, if the round has one left.
  TableFile next_file(const Version& version) const;

  std::uint64_t last_ = 0;       ///< Number of the file that is or was being checked; 0: none yet.
  std::uint64_t round_end_ = 0;  ///< Numbers from here on belong to the next round.
  TableFile file_;               ///< Null between files.
  std::unique_ptr<TableVerifier> verifier_;  ///< Of file_.
};

}  // namespace ouro::engine
