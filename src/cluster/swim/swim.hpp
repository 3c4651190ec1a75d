// Who looks alive: SWIM with Lifeguard as a pure state machine.
#pragma once

#include "base/random.hpp"
#include "cluster/swim/members.hpp"
#include "cluster/swim/rumours.hpp"
#include "cluster/swim/types.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace ouro::cluster::swim {

/// A packet on its way out.
struct Envelope {
  NodeId to{};
  Packet packet;
  Instant deadline;  ///< An answer after this is of no use.
};

/// A member came to look different.
struct Event {
  NodeId node{};
  State state{};
  bool degraded = false;
};

/// One node's failure detector. It has no clock, no network and no threads: the owner calls tick()
/// when next_due() has come, hands in what arrives, and sends what take_packets() gives.
///
/// SWIM (Das, Gupta, Motivala 2002): each interval one member is probed, in an order that is
/// shuffled anew for every round; if it is silent, a few others are asked to probe it; if they hear
/// nothing either it is suspected, and dead if it does not refute that in time. What is learnt
/// rides on the packets that are sent anyway. Lifeguard (Dadgar, Phillips, Currey 2018): a node
/// that has reason to mistrust itself gives others more time, a suspicion is settled the sooner the
/// more nodes share it, and a suspect is told at once.
///
/// Beyond them: every ping and ack is filled up with records of members in turn, so all nodes come
/// to agree on all of the state at a cost that does not depend on the size of the cluster; a member
/// that is suspected by somebody else is probed at once by a few that are drawn by lot, so that
/// confirmations need not wait for its turn; a node that notices that it was paused lets all clocks
/// of others stand still for that long.
class Swim {
 public:
  /// `random` outlives this. `boot` is greater in each run of the node, and not 0.
  Swim(Settings settings, NodeId self, Boot boot, Random& random, Instant now);

  /// Who is a member, with or without this node itself. Others are ignored in what is heard.
  void set_members(std::vector<NodeId> nodes, Instant now);
  /// What this node says of itself; its version is counted here.
  void set_report(Epoch epoch, std::uint64_t run);
  void set_health(Health health);

  /// Does what is due. Calling it early is harmless.
  void tick(Instant now);
  /// When tick() has something to do; always less than a probe interval after the last tick.
  Instant next_due() const;
  void receive(NodeId from, const Packet& packet, Instant now);
  /// The transport says that the packet with this sequence did certainly not arrive.
  void undelivered(NodeId to, std::uint32_t sequence, Instant now);
  /// There is a hint that the member died or came back: probes it now.
  void probe_now(NodeId node, Instant now);

  /// What to send and what happened since the last call.
  std::vector<Envelope> take_packets() { return std::exchange(packets_, {}); }
  std::vector<Event> take_events() { return std::exchange(events_, {}); }

  const Members& members() const { return members_; }
  NodeId self() const { return self_; }
  Incarnation incarnation() const { return own_.incarnation; }
  const SelfReport& report() const { return own_.report; }
  /// 0 when nothing speaks against this node's own health.
  unsigned local_health() const { return local_health_; }
  /// Another run of this node with a greater boot number has been heard of.
  bool superseded() const { return superseded_; }

 private:
  struct Probe {
    NodeId target{};
    std::uint32_t sequence = 0;
    Instant sent, indirect_due, end;
    unsigned helpers = 0;      ///< That were asked.
    unsigned nacks = 0;        ///< Of them.
    bool indirect = false;     ///< Helpers have been asked, or there are none.
    bool unreachable = false;  ///< The ping itself did not arrive.
    bool timed = true;         ///< The time of the answer means something.
  };
  struct Relay {
    NodeId asked_by{}, target{};
    std::uint32_t their_sequence = 0, sequence = 0;
    Instant nack_due;
  };

  // swim.cpp: taking part
  void take_packet(NodeId from, const Packet& packet, Instant now);
  void learn(const Record& record, Instant now);
  void learn_about_self(const Record& record);
  void take_in(const Member& member, Change change);
  void report_change(const Member& member);
  void confirm_by_lot(NodeId node, Instant now);
  void settle_suspicions(Instant now);
  Instant suspicion_end(const Member& member) const;
  void notice_pause(Instant now);
  void set_own_health();
  void announce();
  void gossip(Instant now);
  void send(NodeId to, Packet packet, Instant deadline, bool fill);
  void add_records(NodeId to, std::vector<Record>& records, bool fill);
  /// Up to `count` members that look no worse than `worst`.
  std::vector<NodeId> draw(std::size_t count, State worst, NodeId except);
  std::size_t cluster_size() const { return members_.size() + 1; }

  // swim_probe.cpp: probing
  void probe_next(Instant now);
  bool start_probe(NodeId node, Instant now);
  void ping(NodeId node, std::uint32_t sequence, Instant deadline);
  void reconnect(Instant now);
  void ask_others(Probe& probe, Instant now);
  void check_probes(Instant now);
  void probe_failed(const Probe& probe, Instant now);
  void suspect(Member& member, Instant now);
  void answered(NodeId from, const Packet& packet, Instant now);
  void refused(NodeId from, const Packet& packet, Instant now);
  void help(NodeId from, const Packet& packet, Instant now);
  void refuse(const Relay& relay, Instant now);
  void time_answer(Member& member, Duration time);
  void recheck(NodeId node);
  void adjust_local_health(int by);
  Duration stretched(Duration time) const { return time * (local_health_ + 1); }

  Settings settings_;
  NodeId self_;
  Random& random_;
  Members members_;
  Record own_;
  Health told_health_ = health_good;  // by the owner
  bool superseded_ = false;

  std::uint32_t last_sequence_;
  std::vector<NodeId> order_;  // of this round of probes
  std::size_t next_in_order_ = 0;
  std::deque<NodeId> rechecks_;  // out of turn
  bool rechecked_ = false;       // by the last probe
  std::vector<Probe> probes_;
  std::deque<Probe> failed_;  // lately: their answers may still come
  std::vector<Relay> relays_;
  std::vector<NodeId> suspects_;
  Rumours rumours_;
  std::size_t next_fill_ = 0;
  unsigned local_health_ = 0;

  Instant last_tick_, expected_, late_until_;
  Instant next_probe_, next_gossip_, next_reconnect_;

  std::vector<Envelope> packets_;
  std::vector<Event> events_;
};

}  // namespace ouro::cluster::swim
