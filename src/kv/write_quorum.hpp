// When has a replicated write succeeded? Pure counting: no clock, no network.
#pragma once

#include "base/node_id.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace ouro::kv {

enum class WriteState : std::uint8_t { waiting, met, lost };

/// Counts the eventual holders of one write. A vote is one primary, by its own durable copy or by a
/// hint for it at a fallback: the two are one vote, and so are several hints on one disk. A hint at
/// another primary counts for nothing.
class WriteQuorum {
 public:
  /// `primaries`: each node once. 1 <= required <= primaries.size() (checked).
  WriteQuorum(std::vector<NodeId> primaries, std::size_t required);

  /// `primary` has it durably. Others than the primaries are ignored, and so are repetitions.
  void acknowledge(NodeId primary);
  /// `holder` has a durable hint for `primary`.
  void acknowledge_hint(NodeId primary, NodeId holder);
  /// Nobody will acknowledge for `primary` any more. Votes that were cast stay.
  void refuse(NodeId primary);

  /// `lost` as soon as the answers still to come cannot reach `required`. Never leaves `met`.
  WriteState state() const;

  std::size_t acknowledged() const;            ///< Votes.
  std::size_t primaries_acknowledged() const;  ///< Votes by the primaries themselves.
  std::size_t refused() const;                 ///< Primaries that refused and have no vote.
  std::size_t required() const noexcept { return required_; }
  std::size_t replicas() const noexcept { return votes_.size(); }

 private:
  struct Vote {
    NodeId primary{};
    bool own = false;
    bool refused = false;
    std::vector<NodeId> hint_holders;
  };

  Vote* find(NodeId primary);
  std::vector<bool> voted() const;

  std::vector<Vote> votes_;
  std::size_t required_;
};

/// A write while its arc moves from one list of replicas to another: it needs a quorum of each, so
/// that readers of either find it (joint consensus, after Ongaro 2014, 4.3).
class JointQuorum {
 public:
  JointQuorum(WriteQuorum first, std::optional<WriteQuorum> second)
      : first_(std::move(first)), second_(std::move(second)) {}

  void acknowledge(NodeId node);
  void refuse(NodeId node);
  WriteState state() const;  ///< `met` when both are, `lost` as soon as one is.

  /// Of the list that is further from its quorum: what to tell the client.
  const WriteQuorum& critical() const;

 private:
  WriteQuorum first_;
  std::optional<WriteQuorum> second_;
};

}  // namespace ouro::kv
