// One TCP connection between two nodes: the Hello, frames in both directions, and its heartbeat.
#pragma once

#include "base/function.hpp"
#include "base/random.hpp"
#include "net/frame_reader.hpp"
#include "net/handed_over.hpp"
#include "net/peer_options.hpp"
#include "net/send_queue.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::net {

/// What all parts of one transport share. Outlives them.
struct PeerContext {
  asio::any_io_executor executor;
  Clock& clock;
  Random& random;
  PeerOptions options;
  PeerIdentity identity;
  PeerCounters counters;
  /// Asks the transport for a tick at this time or earlier.
  std::function<void(Instant)> wake_at;
  /// A peer has connected to this loop, so it is up.
  std::function<void(NodeId)> peer_arrived;
  /// Where accepted connections of the control lane go. Empty: they stay.
  std::function<void(HandedOver)> hand_over;
};

/// For a request's header: at least 1.
std::uint32_t milliseconds_until(Instant deadline, Instant now);

/// For use on the context's executor only. Held by shared pointers, because the socket's pending
/// operations keep it alive; after close() it calls nobody any more. All frames that were queued
/// during one turn of the loop leave in one write, and so do all that gathered while it lasted.
///
/// Nothing arriving for silence_max (while it reads at all) closes it; so that the other side sees
/// the same of us, a ping goes out after `heartbeat` without a write.
class PeerConnection final : public std::enable_shared_from_this<PeerConnection> {
 public:
  /// What happens on the connection. Each of these may close it.
  class Events {
   public:
    virtual ~Events() = default;
    /// Of accepted ones: whether this peer, whose Hello was right, is let in. Unless it is, it is
    /// told so and the connection ends.
    virtual Status admit(const Hello&) { return {}; }
    /// Of accepted ones: another loop has it now. The last event: it may destroy the Events.
    virtual void on_handed_over() {}
    /// The peer's Hello was as it should be; frames may be sent and will come.
    virtual void on_open(const Hello& peer) = 0;
    /// A request, reply or error frame.
    virtual void on_frame(Frame frame) = 0;
    /// Whether another frame may come; after false, resume() when it may.
    virtual bool wants_frames() = 0;
    /// It ended by itself. The last event: it may destroy the Events.
    virtual void on_closed(const Error& reason) = 0;
  };

  PeerConnection(PeerContext& context, Events& events);

  /// Connects to `expected` and says Hello first.
  void dial(const std::string& host, std::uint16_t port, NodeId expected, PeerLane lane);
  /// Connects to whoever it is on the control lane, and calls itself a stranger.
  void introduce(const std::string& host, std::uint16_t port);
  /// Serves a connection that a peer opened: waits for its Hello, then answers with ours.
  void adopt(asio::ip::tcp::socket socket);
  /// The same for one that another loop accepted and whose Hello it read.
  void adopt(asio::ip::tcp::socket socket, const std::array<char, hello_size>& hello);

  /// Queues a frame; it leaves after the Hello. Nothing happens once closed.
  void send(const FrameHeader& header, const Message& message);
  /// What is queued now is the last: after it the peer sees the end of the stream.
  void send_no_more();
  /// Larger frames break it from now on; in bytes of meta and attachment.
  void limit_frames(std::size_t meta, std::size_t attachment) { reader_.limit(meta, attachment); }
  /// Bytes queued and not written yet.
  std::size_t queued() const noexcept { return queue_.size(); }
  /// Where in the stream the next frame will begin, and up to where bytes were given to the kernel.
  std::uint64_t queue_end() const noexcept { return queue_.end(); }
  std::uint64_t given_end() const noexcept { return queue_.gathered_end(); }

  /// Reads again after wants_frames() said no.
  void resume();

  /// Looks at silence and heartbeat; `now` is the clock's. due() says when to call it next.
  void tick(Instant now);
  Instant due() const;
  /// Forgives the silence so far: this process itself was not running.
  void excuse(Instant now) { heard_ = now; }

  bool open() const noexcept { return open_; }
  bool closed() const noexcept { return events_ == nullptr; }
  /// Ends it without an event.
  void close();
  /// Ends it with the event.
  void fail(Error reason);

 private:
  void begin_dial(const std::string& host, std::uint16_t port);
  void set_socket_options();
  void connect(const std::vector<asio::ip::tcp::endpoint>& endpoints);
  PeerIdentity identity() const { return stranger_ ? PeerIdentity() : context_.identity; }
  void send_hello(const Hello& hello, UniqueFunction<void()> then);
  void read_hello();
  void hello_arrived();
  void answer_arrived(const Result<Hello>& hello);
  void caller_arrived(const Result<Hello>& hello);
  void hand_over();
  void become_open(const Hello& peer);
  void read();
  void arrived(std::size_t count);
  void deliver();
  void frame_arrived(Frame frame);
  void schedule_write();
  void write();

  PeerContext& context_;
  Events* events_;  // null once closed
  asio::ip::tcp::socket socket_;
  asio::ip::tcp::resolver resolver_;

  bool dialled_ = false;
  bool stranger_ = false;  // says so of itself
  NodeId expected_{};      // of a dialled one
  PeerLane lane_ = PeerLane::foreground;
  bool open_ = false;
  std::string hello_out_;
  std::array<char, hello_size> hello_in_{};

  FrameReader reader_;
  std::vector<Frame> arrived_;
  std::size_t delivered_ = 0;  // of arrived_
  bool reading_ = false;
  Instant heard_;

  SendQueue queue_;
  std::vector<std::string_view> pieces_;
  std::vector<asio::const_buffer> buffers_;
  bool write_scheduled_ = false;
  bool writing_ = false;
  bool last_queued_ = false;
  Instant sent_;
};

}  // namespace ouro::net
