// SimPeers::introduce(): one connection, one request, one answer.
#include "runtime/coroutine.hpp"
#include "runtime/hello.hpp"
#include "sim/sim_frame.hpp"
#include "sim/sim_peers.hpp"

#include <utility>

namespace ouro::sim {

// Lives in the frame of the coroutine that waits for it.
struct SimPeers::Introduction {
  std::unique_ptr<Timer> timer;
  std::string request;  // empty once sent
  ConnectionId connection = 0;
  std::optional<Result<Message>> result = {};

  void end(Result<Message> outcome) {
    if (result) return;
    result.emplace(std::move(outcome));
    timer->wake();
  }
};

class SimPeers::Introduced {
 public:
  Introduced(SimPeers& peers, std::uint64_t ticket, Introduction& introduction)
      : peers_(peers), ticket_(ticket) {
    peers_.introductions_.emplace(ticket, &introduction);
  }
  Introduced(const Introduced&) = delete;
  Introduced& operator=(const Introduced&) = delete;
  ~Introduced() { peers_.introductions_.erase(ticket_); }

 private:
  SimPeers& peers_;
  std::uint64_t ticket_;
};

Task<Result<Message>> SimPeers::introduce(std::string host, std::uint16_t, Message request,
                                          Instant deadline) {
  if (!stranger_may_ask(request))
    co_return Error{ErrorCode::invalid_argument,
                    "a stranger's request to " + host + " is too large or has an attachment"};
  if (deadline <= end_.clock.now())
    co_return Error{ErrorCode::timeout, "the deadline had passed before " + host + " was asked"};
  FrameHeader header;
  header.stream = 1;
  header.deadline_ms = milliseconds_until(deadline);
  Introduction introduction{end_.clock.make_timer(), encode_frame(header, request)};
  const std::uint64_t ticket = ++last_ticket_;
  const Introduced registration(*this, ticket, introduction);
  end_.network.dial(end_.endpoint, host, PeerLane::control, ticket);
  while (!introduction.result && end_.clock.now() < deadline)
    co_await introduction.timer->wait_until(deadline);
  if (introduction.connection != 0) end_.network.reset(introduction.connection);
  if (introduction.result) co_return std::move(*introduction.result);
  const ErrorCode code = introduction.request.empty() ? ErrorCode::timeout : ErrorCode::unreachable;
  co_return Error{code, host + " did not answer in time"};
}

SimPeers::Introduction* SimPeers::find_introduction(ConnectionId connection) {
  for (const auto& [ticket, introduction] : introductions_)
    if (introduction->connection == connection) return introduction;
  return nullptr;
}

bool SimPeers::introduction_dialled(std::uint64_t ticket, ConnectionId connection) {
  const auto found = introductions_.find(ticket);
  if (found == introductions_.end()) return false;
  Introduction& introduction = *found->second;
  introduction.connection = connection;
  if (connection == 0)
    introduction.end(Error{ErrorCode::unreachable, "nobody listens at the address"});
  else
    end_.network.send(connection, end_.endpoint, encode_hello(hello_of({}, PeerLane::control)));
  return true;
}

bool SimPeers::introduction_received(ConnectionId connection, const std::string& bytes) {
  Introduction* const introduction = find_introduction(connection);
  if (!introduction) return false;
  if (!introduction->request.empty()) {
    const Result<Hello> hello = decode_hello(bytes);
    if (!hello)
      introduction->end(Error{ErrorCode::unreachable, hello.error().message});
    else if (const Status fits = check_answer({}, *hello, {}, PeerLane::control); fits)
      end_.network.send(connection, end_.endpoint, std::exchange(introduction->request, {}));
    else
      introduction->end(fits.error());
    return true;
  }
  Result<WholeFrame> frame = decode_frame(bytes);
  if (!frame)
    introduction->end(Error{ErrorCode::connection_lost, frame.error().message});
  else if (frame->header.type == FrameType::reply)
    introduction->end(std::move(frame->message));
  else
    introduction->end(decode_error(frame->message.meta));
  return true;
}

bool SimPeers::introduction_broken(ConnectionId connection) {
  Introduction* const introduction = find_introduction(connection);
  if (!introduction) return false;
  introduction->connection = 0;
  const ErrorCode code =
      introduction->request.empty() ? ErrorCode::connection_lost : ErrorCode::unreachable;
  introduction->end(Error{code, "the connection broke"});
  return true;
}

}  // namespace ouro::sim
