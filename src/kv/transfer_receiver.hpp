// The side of a moving arc that gets the data, and the way in which data goes for good.
#pragma once

#include "base/lane.hpp"
#include "cluster/view.hpp"
#include "engine/db.hpp"
#include "kv/governor.hpp"
#include "kv/home_store.hpp"
#include "kv/transfer_scan.hpp"
#include "kv/transfer_wire.hpp"
#include "runtime/peers.hpp"

#include <cstdint>
#include <functional>
#include <set>
#include <string>

namespace ouro::kv {

/// "Bring this node's copy of the arc up to what `source` had when its fence was at `epoch`."
struct PullOrder {
  ArcId arc;
  NodeId source{};
  Epoch epoch = 0;  ///< At which writing to both lists began: the session of the arc's move.
  Instant deadline;
};

/// What a pull reached. All of it is durable.
struct Pulled {
  DotSet fence_clock;  ///< The source's clock as of its fence; covered by `clock`.
  DotSet clock;        ///< Of this node when the pull ended.
  std::uint64_t keys = 0, bytes = 0, chunks = 0, rounds = 0, sessions = 0;
};

/// What an arc holds at one moment: with equal clocks (and no rests) the sums must be equal (R16).
struct Content {
  DotSet clock;
  ContentSum sum;
};

/// For the arcs at home on one loop; for use on that loop only. Borrows everything.
class TransferReceiver {
 public:
  struct Parts {
    engine::Db& db;
    HomeStore& home;
    Lane& lane;  ///< Blocking reads.
    Clock& clock;
    Peers& peers;
    const cluster::Metadata& metadata;
    Governor& governor;
    ScanLimits limits = {};
  };
  explicit TransferReceiver(Parts parts) : parts_(parts) {}

  /// Streams the arc if this node has no clock of it (or was streaming it), else differences, until
  /// the clock here durably covers the source's as of its fence. Tries again through lost messages
  /// and short restarts of the source until the deadline; goes on where an earlier pull of this
  /// node was cut off, whatever its source. Errors: timeout, also of a source that answers nothing
  /// for a few seconds; busy, another pull or drop of the arc runs; stale_epoch, this node's view
  /// or the source's is newer than the order; closed, after end(); what the engine answers.
  Task<Result<Pulled>> pull(PullOrder order);

  /// The sum over a durable snapshot of this node's copy, at the governor's pace.
  Task<Result<Content>> content(ArcId arc);

  /// Cuts off what is under way, for the node ends.
  Task<void> end();

  /// Removes everything that this node has of an arc: objects, clock, marks, dot log. For an arc
  /// that nobody writes here any more: refused with invalid_argument while Fence::writable(). May
  /// be cut off anywhere and called again (HomeStore::drops() names the arcs to call it for
  /// after a restart).
  Task<Status> drop(ArcId arc);

 private:
  struct Pull;
  /// Nothing else moves or removes the arc while it lives.
  class Exclusive {
   public:
    Exclusive(TransferReceiver& receiver, ArcId arc);
    ~Exclusive();
    Exclusive(const Exclusive&) = delete;
    Exclusive& operator=(const Exclusive&) = delete;
    Status status() const;  ///< busy if something does already.

   private:
    TransferReceiver& receiver_;
    ArcId arc_;
    bool alone_;
  };

  ArcSnapshot latest(ArcId arc) const;
  Task<Status> attempt(Pull& pull);
  Task<Status> run_round(Pull& pull, bool full, DotSet mine, bool* full_needed);
  Task<Status> stream(Pull& pull, DotSet clock);
  Task<Status> take_chunk(Pull& pull, std::string start, Chunk chunk, const DotSet& clock);
  Task<Status> take_differences(Pull& pull, DotSet clock, DotSet mine);
  Task<Result<Chunk>> fetch(Pull& pull, std::string start);
  Status check_wanted(const PullOrder& order) const;
  Task<Result<Message>> ask(Pull& pull, Message request);
  Task<Status> clear_arc(ArcId arc);
  Task<Status> clear(ArcId arc, engine::TableId table, engine::Range range, bool exclusive);
  Task<Result<FoundKeys>> find_rows(ArcId arc, engine::TableId table, engine::Range range,
                                    std::string start);

  Parts parts_;
  std::set<ArcId> under_way_;
  bool ending_ = false;
};

}  // namespace ouro::kv
