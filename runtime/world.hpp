// All that a node may ask of the world it runs in. net/ has the real one, sim/ an invented one.
#pragma once

#include "base/file_system.hpp"
#include "base/lane.hpp"
#include "base/random.hpp"
#include "runtime/clock.hpp"
#include "runtime/peers.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace ouro {

/// One event loop of a node, and the world as seen from it. Everything in it is for use on that
/// loop only, except the executor, to which any thread may post.
class Loop {
 public:
  virtual ~Loop() = default;
  virtual asio::any_io_executor executor() = 0;
  virtual Clock& clock() = 0;
  virtual Peers& peers() = 0;
  virtual Random& random() = 0;
};

/// Outlives the node.
class World {
 public:
  virtual ~World() = default;
  virtual FileSystem& files() = 0;

  /// Loops 0 .. loop_count() - 1, at least one. The number stays the same for the node's run.
  virtual std::size_t loop_count() const = 0;
  virtual Loop& loop(std::size_t index) = 0;

  /// One more loop, none of the above, for what must go on however busy those are: membership,
  /// consensus, metadata. What peers ask on PeerLane::control is read and answered here.
  virtual Loop& control() = 0;

  /// Settles who this process is, on all loops: from then on they accept peers and dial them. Once,
  /// awaited on any loop. Error busy when somebody else listens at this node's address.
  virtual Task<Status> start_peers(PeerIdentity identity) = 0;

  /// A new lane for blocking work; `name` (at most 15 characters) shows in debuggers.
  virtual std::unique_ptr<Lane> make_lane(const std::string& name) = 0;
};

}  // namespace ouro
