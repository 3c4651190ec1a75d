// What nodes say to each other about who is alive: records, packets, and the protocol's numbers.
#pragma once

#include "base/node_id.hpp"
#include "runtime/clock.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace ouro::cluster::swim {

/// How a member looks. An observation of one node, never a decision about membership.
enum class State : std::uint8_t { alive, suspect, dead };

/// Orders what is said about one member: the boot number of its run in the high half, in the low
/// half how often the run refuted a rumour. So a restart beats every rumour about the run before,
/// and only the member itself makes a greater one. 0: nothing was heard of it.
using Incarnation = std::uint64_t;
constexpr Incarnation first_incarnation(Boot boot) { return Incarnation{boot} << 32; }
constexpr Boot boot_of(Incarnation incarnation) { return static_cast<Boot>(incarnation >> 32); }

/// What a node finds wrong with itself: a set of the bits below. Bits that this build does not know
/// are passed on and count as trouble.
using Health = std::uint8_t;
constexpr Health health_good = 0;
constexpr Health health_loop_lag = 1;    ///< Its control loop ran late: it is paused or starved.
constexpr Health health_disk_stall = 2;  ///< Its disk takes very long.
constexpr Health health_overload = 4;    ///< It turns requests away.

/// What a node says of itself. A greater version replaces a lesser one of the same boot.
struct SelfReport {
  std::uint32_t version = 0;
  Health health = health_good;
  Epoch epoch = 0;        ///< Of the metadata that it has applied.
  std::uint64_t run = 0;  ///< The random number of its run; 0: not known.
  bool operator==(const SelfReport&) const = default;
};

/// Those who found a member silent themselves, in the order in which they were heard of. More than
/// four say nothing new.
class Accusers {
 public:
  static constexpr std::size_t limit = 4;

  /// False if the node was there already or there is no more room.
  bool add(NodeId node) {
    if (count_ == limit || std::find(begin(), end(), node) != end()) return false;
    nodes_[count_++] = node;
    return true;
  }
  std::size_t size() const { return count_; }
  const NodeId* begin() const { return nodes_.data(); }
  const NodeId* end() const { return nodes_.data() + count_; }
  bool operator==(const Accusers& other) const {
    return std::equal(begin(), end(), other.begin(), other.end());
  }

 private:
  std::array<NodeId, limit> nodes_{};
  std::uint8_t count_ = 0;
};

/// What one node says about one member, perhaps itself.
struct Record {
  NodeId id{};
  State state = State::alive;
  Incarnation incarnation = 0;
  SelfReport report;
  Accusers accusers;  ///< Of a suspect; empty otherwise.
  bool operator==(const Record&) const = default;
};

/// Stay as they are for ever: they are Message::kind on the wire.
enum class PacketKind : std::uint16_t {
  ping = 120,
  ack = 121,       ///< Answers a ping, or a ping_req whose target answered.
  ping_req = 122,  ///< "Ping `target` for me."
  nack = 123,      ///< Answers a ping_req whose target has not answered: "I am fine, it is not."
  gossip = 124,    ///< Only records; no answer.
};
/// The transport's answer to a gossip packet; carries nothing.
constexpr std::uint16_t gossip_taken = 125;

struct Packet {
  PacketKind kind{};
  std::uint32_t sequence = 0;   ///< Pairs an answer with its question; chosen by the asking side.
  NodeId target{};              ///< ping_req, ack, nack: whom it is about. Otherwise 0.
  std::vector<Record> records;  ///< The sender's own first.
  bool operator==(const Packet&) const = default;
};

/// The protocol's numbers. Times are multiplied where it says so, all others are exact.
struct Settings {
  using milliseconds = std::chrono::milliseconds;

  /// Between two probes, and how long one may take in all; times the local health multiplier.
  Duration probe_interval = milliseconds(1000);
  /// Then others are asked to try; times the local health multiplier.
  Duration probe_timeout = milliseconds(400);
  unsigned indirect_probes = 3;
  /// How often one member that looks dead is probed, so that a healed partition is noticed.
  Duration reconnect_interval = milliseconds(2000);

  /// While there are rumours: so often they go to this many random members.
  Duration gossip_interval = milliseconds(200);
  unsigned gossip_fanout = 3;
  /// A rumour is sent on this many times the binary logarithm of the number of members.
  unsigned transmissions_factor = 2;
  /// Of the records in one packet, without the sender's own and the receiver's.
  std::size_t record_bytes_max = 400;

  /// A suspicion that nobody else shares lasts `suspicion_factor` times the least time, which is
  /// base + step * log2(members); one that `confirmations` others share lasts the least time.
  Duration suspicion_base = milliseconds(1000);
  Duration suspicion_step = milliseconds(100);
  unsigned suspicion_factor = 3;
  unsigned confirmations = 3;

  /// The greatest score of the local health multiplier (which is one more). 0 turns off all that a
  /// node concludes about itself, for comparison.
  unsigned local_health_max = 8;
  /// A tick that comes later than this means that this node was paused or starved.
  Duration late_limit = milliseconds(500);
  Duration late_memory = milliseconds(10'000);

  /// Median round trips from which a member counts as slow, and below which it no longer does.
  Duration slow_from = milliseconds(250);
  Duration slow_until = milliseconds(100);
  /// How much more time a degraded member gets to answer and to refute.
  unsigned degraded_patience = 2;
};

}  // namespace ouro::cluster::swim
