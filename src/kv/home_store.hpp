// Where every change of a key happens: one place per key and node, one change after the other.
//
// An arc has one home loop on a node. There its clock is kept in memory, ahead of the disk by the
// changes under way, and each read-merge-write of a key runs here over that newest state; so two
// writes of a key never lose each other and dots are minted in order. Clock, object and dot log go
// to the engine in one atomic batch (rule R3 of the replication model); what other nodes or clients
// see of a change waits until it is durable (R7).
#pragma once

#include "engine/db.hpp"
#include "kv/dot.hpp"
#include "kv/dot_set.hpp"
#include "kv/local_reader.hpp"
#include "kv/merge.hpp"
#include "kv/object.hpp"
#include "kv/stamp.hpp"
#include "kv/storage_key.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ouro::kv {

/// A client's write as its coordinator carries it out: a value, or none to delete.
struct LocalWrite {
  ArcId arc;
  std::string data_key;
  std::optional<Sibling> value;  ///< Without dot and stamp: they are given here.
  std::optional<DotSet> context;
};

/// A local write that is durable on this node.
struct Coordinated {
  Frame frame;     ///< For the other replicas (R5).
  DotSet context;  ///< For the client (R8).
  Dot dot;
  bool existed = false;
  std::size_t siblings = 0;
};

/// The arcs whose home is one event loop; for use on that loop only. Borrows what it is given.
class HomeStore {
 public:
  struct Parts {
    engine::Db& db;
    LocalReader& reader;
    Clock& clock;
    Actor self;            ///< This node in this run.
    std::size_t loop = 0;  ///< Arcs with arc % loop_count == loop are at home here.
    std::size_t loop_count = 1;
  };
  explicit HomeStore(Parts parts);

  /// Reads the clocks of all arcs at home here. Before anything else, on any thread.
  Status load();

  /// R4: mints a dot, replaces what the write covers, makes it durable. Errors: busy and
  /// invalid_argument (too many siblings) and closed: nothing happened; io and no_space:
  /// indeterminate.
  Task<Result<Coordinated>> coordinate(LocalWrite write);

  /// R6: merges a frame from another replica. Success: its effect is durable here.
  Task<Status> apply(ArcId arc, std::string data_key, Frame frame);

  /// Drops what only waited for dots that have been seen since: see unsettled keys in
  /// docs/replication.md. Bounded work per call; called about once a second.
  Task<void> settle();

 private:
  struct ArcState {
    DotSet seen;                ///< Of all changes queued so far, durable or not.
    std::uint64_t counter = 0;  ///< Of the last dot minted here in this run.
    /// The last dots minted here and their keys: known not to belong to any other key.
    std::deque<std::pair<Dot, std::string>> recent;
    bool unsettled = false;  ///< Some key of the arc may have a rest.
    bool grown = false;      ///< `seen` grew since the last settle().
  };
  struct KeyState {
    Object object;
    bool loaded = false;
    bool unsettled = false;  ///< The index names it.
    std::size_t users = 0;
    std::size_t pending = 0;  ///< Changes queued and not yet durable.
  };
  using Keys = std::map<std::string, KeyState>;
  class Hold;
  struct Draft;

  Task<Status> load_key(ArcId arc, Keys::iterator key);
  Task<Status> commit(ArcId arc, Keys::iterator key, Draft draft);
  engine::Batch batch_of(ArcId arc, const Keys::iterator& key, const Draft& draft) const;
  DotSet without_others(const ArcState& arc, const std::string& key, DotSet dots) const;
  Task<void> settle_key(ArcId arc, std::string data_key);
  Result<std::vector<std::string>> unsettled_keys(ArcId arc) const;

  Parts parts_;
  HybridClock stamps_;
  std::map<ArcId, ArcState> arcs_;
  Keys keys_;  ///< Keys with work under way.
  std::size_t under_way_ = 0;
};

}  // namespace ouro::kv
