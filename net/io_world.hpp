// The real world of a node: event loops on threads, the disk, the network.
#pragma once

#include "net/io_loop.hpp"
#include "net/posix_file_system.hpp"
#include "runtime/world.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace ouro::net {

struct IoWorldOptions {
  std::size_t loops = 1;  ///< Data loops; the control loop is one more.
  PeerOptions peers;
  std::string peer_host = "127.0.0.1";  ///< Where start_peers() listens.
  std::uint16_t peer_port = 0;          ///< 0: any free one.
};

/// In the order of a node's life: construct; open files and lanes; run(), inside which the node
/// lives and, once it knows who it is, start_peers(); stop() from within; destruct. One that knows
/// it before may listen() before run() instead.
class IoWorld final : public World {
 public:
  explicit IoWorld(const IoWorldOptions& options = IoWorldOptions());
  IoWorld(const IoWorld&) = delete;
  IoWorld& operator=(const IoWorld&) = delete;
  ~IoWorld() override;

  FileSystem& files() override { return files_; }
  std::size_t loop_count() const override { return loops_.size(); }
  Loop& loop(std::size_t index) override { return *loops_[index]; }
  Loop& control() override { return *control_; }
  /// A ThreadLane; those named flush... and compact... run behind the others.
  std::unique_ptr<Lane> make_lane(const std::string& name) override;

  Task<Status> start_peers(PeerIdentity identity) override;
  /// What start_peers() listens on, after it.
  std::uint16_t peer_port() const { return peer_port_; }

  /// Gives every loop's peers their name and one port to listen on (0: any), and returns the port.
  /// Before run(). Until it was called peers are unreachable from here.
  Result<std::uint16_t> listen(const PeerIdentity& identity, const std::string& host,
                               std::uint16_t port);

  PeerTransport& transport(std::size_t index) { return loops_[index]->transport(); }
  PeerTransport& control_transport() { return control_->transport(); }

  /// Closes all connections to and from peers and waits until no request of theirs is under way: to
  /// be awaited on one of the loops before what answers them is destroyed.
  Task<void> close_peers();

  /// Runs loop 0 on the calling thread, the others and control on their own; returns after stop().
  void run();
  /// From any thread, before or during run(). At once: let the work end first.
  void stop();

 private:
  PosixFileSystem files_;
  const std::string peer_host_;
  std::uint16_t peer_port_;
  std::unique_ptr<IoLoop> control_;  // outlives the loops that hand connections over to it
  std::vector<std::unique_ptr<IoLoop>> loops_;
};

}  // namespace ouro::net
