// Which reads wait for proof that their leader still leads? (6.4)
#pragma once

#include "raft/types.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ouro::raft {

/// Reads of one leader in one term, confirmed in rounds of heartbeats: those that arrive while a
/// round is under way share the next one.
class ReadQueue {
 public:
  struct Read {
    std::uint64_t id;
    NodeId from;  ///< Who asked.
    Index index = 0;
  };
  static constexpr std::size_t reads_max = 4096;

  /// False if too many wait.
  bool add(std::uint64_t id, NodeId from);
  /// Begins a round if none is under way and somebody waits: all of them shall see `commit`.
  bool begin_round(Index commit);
  /// The newest round that was begun, which heartbeats carry; 0: none.
  std::uint64_t round() const { return round_; }
  /// A majority answered `round`: what may be read.
  std::vector<Read> confirm(std::uint64_t round);
  /// The leader is none any more: all of them.
  std::vector<Read> give_up();

 private:
  std::vector<Read> waiting_;
  std::vector<Read> asking_;
  std::uint64_t round_ = 0;
};

}  // namespace ouro::raft
