// The side of a moving arc that has the data.
#pragma once

#include "base/lane.hpp"
#include "cluster/view.hpp"
#include "engine/db.hpp"
#include "kv/fence.hpp"
#include "kv/home_store.hpp"
#include "kv/transfer_scan.hpp"
#include "kv/transfer_wire.hpp"
#include "runtime/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>

namespace ouro::kv {

struct TransferSourceLimits {
  std::size_t sessions = 16;                      ///< At once; more are answered busy.
  Duration idle = std::chrono::seconds(30);       ///< Then a session ends.
  Duration snapshot_age = std::chrono::hours(1);  ///< Snapshots keep old versions from compaction.
  ScanLimits scan;
};

/// Answers receivers about the arcs at home on one loop; for use on that loop only.
///
/// A session pins a snapshot of the engine from its first round on and is gone with the process: a
/// receiver whose session is not known any more opens another and goes on where it was.
class TransferSource {
 public:
  struct Parts {
    engine::Db& db;
    HomeStore& home;
    Lane& lane;  ///< Blocking reads; should not be the one that clients' reads wait for.
    Clock& clock;
    const cluster::Metadata& metadata;
    const Fence& fence;
    Actor self;  ///< This node in this run.
    TransferSourceLimits limits = {};
  };
  explicit TransferSource(Parts parts) : parts_(parts) {}

  /// To a transfer request of an arc at home here. Refused with stale_epoch while the fence of the
  /// arc is not at the receiver's epoch, and when the arc changes during a session; not_found for a
  /// session that is gone; busy for too many sessions.
  Task<Message> answer(NodeId from, Message request, Instant deadline);

  /// Ends sessions that nobody asked for a while. Called about once a second.
  void expire();
  std::size_t sessions() const { return sessions_.size(); }

 private:
  struct Session;
  using SessionPointer = std::shared_ptr<Session>;

  Task<Result<Opened>> open(NodeId from, OpenOrder order);
  Task<Result<Round>> begin_round(NodeId from, RoundOrder order);
  Task<Result<Chunk>> read_chunk(NodeId from, ChunkOrder order);
  Result<SessionPointer> find(NodeId from, ArcId arc, std::uint64_t session);
  Status still_valid(const Session& session) const;

  Parts parts_;
  std::uint64_t last_session_ = 0;
  std::map<std::uint64_t, SessionPointer> sessions_;
};

}  // namespace ouro::kv
