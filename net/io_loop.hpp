// One event loop of a real node: an io_context and what belongs to it.
#pragma once

#include "net/io_clock.hpp"
#include "net/peer_transport.hpp"
#include "net/system_random.hpp"
#include "runtime/world.hpp"

#include <memory>

namespace ouro::net {

/// Destroys, when it is destroyed, every coroutine that still waits on it, so whatever those refer
/// to must still be there or they must have ended.
class IoLoop final : public Loop {
 public:
  explicit IoLoop(const PeerOptions& options);
  ~IoLoop() override;
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  asio::any_io_executor executor() override;
  Clock& clock() override { return clock_; }
  Peers& peers() override { return transport_; }
  Random& random() override { return random_; }
  PeerTransport& transport() { return transport_; }

  /// Runs the loop on the calling thread until stop(). An exception that escapes ends the process.
  void run() noexcept;
  /// From any thread; at once, whatever is under way.
  void stop();
  /// Destroys what waits on it, as the destructor does. For loops whose coroutines wait for each
  /// other: all end before the first is destroyed. Not while it runs.
  void end();

 private:
  struct Context;  // keeps io_context out of this header
  std::unique_ptr<Context> context_;
  IoClock clock_;
  SystemRandom random_;
  PeerTransport transport_;
};

}  // namespace ouro::net
