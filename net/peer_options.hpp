// What a peer transport is told, and what it tells: identity, limits, counters.
#pragma once

#include "base/counters.hpp"
#include "base/node_id.hpp"
#include "runtime/clock.hpp"
#include "runtime/message.hpp"
#include "runtime/peers.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace ouro::net {

struct PeerOptions {
  PeerLane kept = PeerLane::foreground;                  ///< Dialled at once and always again.
  std::size_t calls_max = 4096;                          ///< Under way per peer and lane.
  std::size_t queued_bytes_max = std::size_t{64} << 20;  ///< Not yet written, per peer and lane.
  std::size_t served_max = 1024;                         ///< Requests under way per connection.
  std::size_t served_bytes_max = std::size_t{64} << 20;  ///< Their bytes and unwritten replies.
  std::size_t accepted_max = 1024;                       ///< Connections that peers opened.
  Duration stranger_time = stranger_time_max;            ///< Longest stay of one.
  Duration heartbeat = std::chrono::milliseconds(500);   ///< Longest time of sending nothing.
  Duration silence_max = std::chrono::seconds(2);        ///< Then a connection counts as dead.
  Duration backoff_min = std::chrono::milliseconds(50);  ///< Between dials, doubling
  Duration backoff_max = std::chrono::seconds(1);        ///< up to this, plus up to half as much.
};

/// May be read from any thread.
struct PeerCounters {
  Counter calls;
  Counter calls_timed_out;
  Counter calls_lost;         ///< Ended connection_lost.
  Counter calls_unreachable;  ///< Ended unreachable: nothing was written.
  Counter calls_refused;      ///< Ended busy here.
  Counter requests_served;
  Counter requests_late;  ///< Their deadline had passed before they were begun.
  Counter bytes_sent;
  Counter bytes_received;
  Counter writes;  ///< System calls: bytes_sent / writes tells how well frames share them.
  Counter connections_opened;
  Counter connections_lost;
  Counter dials_failed;
  Counter hellos_refused;
  Counter frames_damaged;
  Counter frames_unknown;
};

/// One connection's state, for diagnostics.
struct PeerLinkStatus {
  NodeId node{};
  PeerLane lane = PeerLane::foreground;
  bool open = false;
  Boot boot = 0;             ///< As the peer's last Hello said; 0 if there was none.
  std::size_t calls = 0;     ///< Under way.
  std::string last_failure;  ///< Why the last connection or dial ended; empty if none did.
};

}  // namespace ouro::net
