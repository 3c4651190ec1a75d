// Who looks alive, who is slow, and who has applied what: the shell around swim::Swim.
#pragma once

#include "base/published.hpp"
#include "cluster/swim/swim.hpp"
#include "runtime/nursery.hpp"
#include "runtime/world.hpp"

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace ouro::cluster {

/// What this node last saw and heard of another member. Observations, not decisions: the metadata
/// log alone says who is a member.
struct MemberLiveness {
  NodeId id{};
  swim::State state = swim::State::alive;
  Instant since;                            ///< When it came to look like this.
  swim::Incarnation incarnation = 0;        ///< 0: nothing was heard of it yet.
  bool slow = false;                        ///< It answers this node slowly.
  swim::Health health = swim::health_good;  ///< What it finds wrong with itself.
  Duration round_trip_last{};               ///< Of this node's probes; 0 before the first answer.
  Duration round_trip_median{};             ///< Of the last five.
  Epoch epoch = 0;                          ///< Of the metadata that it had applied,
  std::uint64_t run = 0;                    ///< the number of its run,
  Instant reported;                         ///< and when that was heard, perhaps from a third node.

  /// It lives, but should not be asked first.
  bool degraded() const { return slow || health != swim::health_good; }
  bool operator==(const MemberLiveness&) const = default;
};

/// All other members at one moment.
struct LivenessView {
  std::vector<MemberLiveness> members;  ///< Sorted by id, without this node.
  unsigned local_health = 0;            ///< 0 when nothing speaks against this node itself.
  bool superseded = false;              ///< A later run of this node is about; it should stop.

  /// Null if it is no member.
  const MemberLiveness* find(NodeId node) const;
};

/// Runs the failure detector on one loop, the control loop; everything is for use on that loop
/// only, except view(). The loop's peers carry its messages; the owner's PeerHandler hands in the
/// requests for which takes() is true.
class Liveness {
 public:
  struct Self {
    NodeId id{};
    Boot boot = 0;  ///< Greater in each run; not 0.
    std::uint64_t run = 0;
  };
  /// Called after a member came to look different, with view() already new.
  using OnChange = std::function<void(const swim::Event&)>;

  Liveness(Loop& loop, Self self, swim::Settings settings = {});

  // Before or after start(), and again whenever it changes:
  void set_members(std::vector<NodeId> nodes);  ///< With or without this node.
  void set_applied(Epoch epoch);                ///< The metadata that this node has applied.
  void set_health(swim::Health health);         ///< What the owner finds wrong with this node.
  void on_change(OnChange callback) { on_change_ = std::move(callback); }

  void start();
  /// Waits for what is under way, 5 s at most. No answer() may begin after it.
  Task<void> close();

  static bool takes(std::uint16_t kind) { return kind >= 120 && kind <= 139; }
  Task<Message> answer(NodeId from, Message request, Instant deadline);

  /// Any thread. Changes of state show at once, all else within a second. Never null.
  std::shared_ptr<const LivenessView> view() const { return view_.share(); }

 private:
  class Answer;
  using Question = std::pair<NodeId, std::uint32_t>;

  Task<void> run();
  Task<void> carry(swim::Envelope envelope);
  void flush();
  void look_at_connections();
  void publish();

  Loop& loop_;
  const Self self_;
  swim::Swim swim_;
  std::unique_ptr<Timer> timer_;
  std::map<Question, std::shared_ptr<Answer>> answers_;  // that the core still owes
  std::set<NodeId> connected_;                           // as the peers last said
  Instant next_look_, next_publication_;
  Published<LivenessView> view_;
  OnChange on_change_;
  bool closing_ = false;
  Nursery nursery_;  // last: what runs in it refers to all of the above
};

}  // namespace ouro::cluster
