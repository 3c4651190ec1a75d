// Where every change of a key happens: one place per key and node, one change after the other.
//
// An arc has one home loop on a node. There its clock is kept in memory, ahead of the disk by the
// changes under way, and each read-merge-write of a key runs here over that newest state; so two
// writes of a key never lose each other and dots are minted in order. Clock, object and dot log go
// to the engine in one atomic batch (rule R3 of the replication model); what other nodes or clients
// see of a change waits until it is durable (R7).
#pragma once

#include "base/function.hpp"
#include "engine/db.hpp"
#include "kv/dot.hpp"
#include "kv/dot_set.hpp"
#include "kv/fence.hpp"
#include "kv/local_reader.hpp"
#include "kv/merge.hpp"
#include "kv/object.hpp"
#include "kv/passed.hpp"
#include "kv/stamp.hpp"
#include "kv/storage_key.hpp"
#include "runtime/clock.hpp"
#include "runtime/task.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::kv {

/// A client's write as its coordinator carries it out: a value, or none to delete.
struct LocalWrite {
  ArcId arc;
  std::string data_key;
  std::optional<Sibling> value;  ///< Without dot and stamp: they are given here.
  std::optional<DotSet> context;
  Epoch epoch = never_stale;  ///< At which the operation started.
};

/// A local write that is durable on this node.
struct Coordinated {
  Frame frame;     ///< For the other replicas (R5).
  DotSet context;  ///< For the client (R8).
  Dot dot;
  bool existed = false;
  std::size_t siblings = 0;
};

/// What another replica holds of a key, merged as a part of many (R12, R13).
struct KeyFrame {
  std::string data_key;
  Frame frame;
};

/// Frames to be merged in one atomic batch.
struct StreamPart {
  ArcId arc;
  std::vector<KeyFrame> frames;  ///< Ascending by key, each once.
  /// The frames are all keys that a replica with this clock has there; any other key is absent.
  std::optional<Stretch> passed;
  std::vector<std::string> local_keys;  ///< With `passed`: the keys this node durably had there.
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
    const Fence* fence = nullptr;  ///< Null: nothing is ever fenced.
  };
  explicit HomeStore(Parts parts);

  /// Reads the clocks of all arcs at home here. Before anything else, on any thread.
  Status load();

  /// R4: mints a dot, replaces what the write covers, makes it durable. Errors: busy and
  /// invalid_argument (too many siblings) and closed: nothing happened; stale_epoch (older than the
  /// fence) and unreachable (this run may not mint dots yet: another replica must coordinate):
  /// nothing happened either; io and no_space: indeterminate.
  Task<Result<Coordinated>> coordinate(LocalWrite write);

  /// R6: merges a frame from another replica. Success: its effect is durable here. `epoch`: at
  /// which the frame's operation started; error stale_epoch, nothing happened, if the fence of the
  /// arc is past it.
  Task<Status> apply(ArcId arc, std::string data_key, Frame frame, Epoch epoch = never_stale);

  /// Drops what only waited for dots that have been seen since: see unsettled keys in
  /// docs/replication.md. Bounded work per call; called about once a second.
  Task<void> settle();

  // Moving an arc (home_transfer.cpp; docs/replication.md, "Moving an arc").

  /// The arc's clock, once it is durable (R7). It covers every operation that was let in before the
  /// call. Error busy, if the fence of the arc is not at `fence` yet; stale_epoch if it is past it.
  /// fence 0: whatever it is.
  Task<Result<DotSet>> durable_clock(ArcId arc, Epoch fence = 0);

  /// Notes which keys of a stretch change while it lives, for merge_part(). Only one for an arc.
  class Watch;
  friend class Watch;

  /// Merges all frames and nothing but them in one durable batch; with `passed` also the absence of
  /// all other keys there, and the end of the stream adopts the clock (R13). The stretch must begin
  /// at the arc's next() and be watched since before `local_keys` was read. Error stale_epoch if
  /// the arc is not writable here any more; busy while it is being dropped.
  Task<Status> merge_part(StreamPart part, const Watch* watch);

  /// How far a stream of the arc has come. Valid until the next await.
  const Passed& passed(ArcId arc);
  /// R17: this node has lost some of what the clock claims. The arc must then be streamed anew.
  Task<Status> forget_clock(ArcId arc);

  /// The removal of an arc begins: its clock goes, durably, and nothing is let in until
  /// finish_drop(), a restart included. Error invalid_argument while the arc is writable here.
  /// Counters of this run go on where they were: no dot is minted twice.
  Task<Status> begin_drop(ArcId arc);
  /// Durably removes rows of an arc that is being dropped.
  Task<Status> remove_rows(ArcId arc, engine::TableId table, std::vector<std::string> keys);
  Task<Status> finish_drop(ArcId arc);
  bool dropping(ArcId arc) const;
  /// The arcs of which a removal has begun and not ended, perhaps in an earlier run.
  std::vector<ArcId> drops() const;
  /// The arcs at home here of which this node has anything.
  std::vector<ArcId> arcs() const;

 private:
  struct ArcState {
    DotSet seen;                ///< Of all changes queued so far, durable or not.
    std::uint64_t counter = 0;  ///< Of the last dot minted here in this run.
    /// The last dots minted here and their keys: known not to belong to any other key.
    std::deque<std::pair<Dot, std::string>> recent;
    bool unsettled = false;   ///< Some key of the arc may have a rest.
    bool grown = false;       ///< `seen` grew since the last settle().
    Passed passed;            ///< Of all changes queued so far; part of every key's rest.
    std::size_t pending = 0;  ///< Changes queued and not yet durable.
    std::size_t parts = 0;    ///< Those of them that may change more than one key.
    bool clock_row = false;   ///< There is one on the disk, or on the way there.
    bool stream_row = false;  ///< Readers were told to look for one.
    bool dropping = false;
    std::uint64_t drops = 0;  ///< That have ended.
    Watch* watch = nullptr;
  };
  struct KeyState {
    ArcId arc;
    Object object;  ///< Its rest is without what `passed` says.
    bool loaded = false;
    bool unsettled = false;  ///< The index names it.
    std::size_t users = 0;
    std::size_t pending = 0;  ///< Changes queued and not yet durable.
  };
  using Keys = std::map<std::string, KeyState>;
  class Hold;
  class UnderWay;
  struct Draft;
  struct PartDraft;
  using Holds = std::map<std::string_view, std::unique_ptr<Hold>>;

  Task<Status> load_key(ArcId arc, Keys::iterator key);
  Task<Status> commit(ArcId arc, Keys::iterator key, Draft draft);
  engine::Batch batch_of(ArcId arc, const Keys::iterator& key, const Draft& draft) const;
  static void put_key(engine::Batch& batch, ArcId arc, const Keys::iterator& key,
                      const Object& object);
  DotSet without_others(const ArcState& arc, const std::string& key, DotSet dots) const;
  Task<void> settle_key(ArcId arc, std::string data_key);
  Result<std::vector<std::string>> unsettled_keys(ArcId arc) const;

  // home_transfer.cpp
  Status load_streams();
  Status admit(ArcId arc, Epoch epoch) const;
  static DotSet fold_passed(const ArcState& arc, const std::string& key, Object& object);
  Task<Status> queue(ArcId arc, engine::Batch batch, UniqueFunction<void()> install);
  static void nothing_to_install() {}
  Task<Status> hold_changed(const StreamPart& part, const Watch* watch, Holds& holds);
  PartDraft merge_frames(const ArcState& arc, const StreamPart& part, const Holds& holds);
  Task<Status> commit_part(StreamPart part, Holds& holds);
  static void install_part(ArcState& arc, PartDraft& draft);
  void expect_stream_row(ArcState& arc);
  void release_stream_row(ArcState& arc);
  Task<Status> replace_passed(ArcId arc, Passed passed);
  Task<void> settle_streams(ArcId arc);
  static void forget(ArcState& arc, bool clock_row);

  Parts parts_;
  HybridClock stamps_;
  std::map<ArcId, ArcState> arcs_;
  Keys keys_;  ///< Keys with work under way.
  std::size_t under_way_ = 0;
};

/// Borrows the store; made and destroyed on its loop.
class HomeStore::Watch {
 public:
  Watch(HomeStore& store, ArcId arc, std::string start, std::string end);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  friend class HomeStore;
  void note(const std::string& key);

  HomeStore& store_;
  ArcId arc_;
  Stretch stretch_;  // without a clock
  std::set<std::string> changed_;
};

}  // namespace ouro::kv
