// The listening side of the peer protocol: accepts connections and answers what comes on them.
#pragma once

#include "net/peer_connection.hpp"
#include "runtime/hello.hpp"
#include "runtime/nursery.hpp"
#include "runtime/peers.hpp"

#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace ouro::net {

/// Several loops of one process may listen on one port, and the kernel spreads the connections. It
/// would let another process of the same user join in unnoticed, so the first loop looks for one.
enum class PortUse : std::uint8_t { alone, first_of_several, another_of_several };

/// Where to listen.
struct PeerListen {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one.
  PortUse use = PortUse::alone;
};

/// For use on the context's executor. A connection with served_max requests or served_bytes_max
/// bytes under way is not read until some of them are answered, so the asking side feels it.
class PeerServer final : public std::enable_shared_from_this<PeerServer> {
 public:
  explicit PeerServer(PeerContext& context);
  ~PeerServer();

  /// Returns the port. Error busy when somebody else listens there.
  Result<std::uint16_t> listen(const PeerListen& where);

  /// Serves what take() brings; without a listener of its own.
  void begin_to_take() { taking_ = true; }
  /// A connection that another loop accepted. Closed at once after close().
  void take(HandedOver connection);

  /// Lets in only these from now on (and strangers), and closes what others opened before.
  void set_members(std::set<NodeId> members);

  void serve(PeerHandler& handler) { handler_ = &handler; }

  void tick(Instant now);
  Instant due() const;
  void excuse(Instant now);

  /// Closes the listener and all connections. Requests under way go on, their replies are dropped.
  void close();
  /// After close(): waits until no request is under way. To be awaited before the destructor.
  Task<void> finish();

  /// Why the last connection was turned away or lost; empty if none was.
  const std::string& last_failure() const noexcept { return last_failure_; }

 private:
  class Session;

  Status open(const asio::ip::tcp::endpoint& endpoint, bool shared_port);
  void accept();
  void accept_later();
  void accepted(asio::ip::tcp::socket socket);
  std::shared_ptr<Session> new_session();
  std::size_t strangers() const;
  void ended(std::uint64_t session, const Error& reason);
  void begin(std::shared_ptr<Session> session, Frame frame);
  Task<void> answer(std::shared_ptr<Session> session, Frame frame, Instant deadline);

  PeerContext& context_;
  PeerHandler* handler_ = nullptr;
  Admission admission_;
  bool taking_ = false;  // between the beginning and close()
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer accept_again_;
  std::map<std::uint64_t, std::shared_ptr<Session>> sessions_;
  std::uint64_t sessions_begun_ = 0;
  std::string last_failure_;
  Nursery nursery_;
};

}  // namespace ouro::net
