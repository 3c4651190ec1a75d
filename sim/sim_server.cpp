#include "sim/sim_server.hpp"

#include "base/check.hpp"
#include "runtime/coroutine.hpp"
#include "sim/sim_frame.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <vector>

namespace ouro::sim {
namespace {

bool fits(const Message& message) {
  return message.meta.size() <= meta_size_max && message.attachment_size() <= attachment_size_max;
}

}  // namespace

SimServer::SimServer(SimEnd& end, std::function<void(NodeId)> arrived)
    : end_(end), arrived_(std::move(arrived)) {}

void SimServer::set_members(std::set<NodeId> members) {
  admission_.set_members(std::move(members));
  std::vector<ConnectionId> unwelcome;
  for (const auto& [connection, session] : sessions_)
    if (!admission_.welcome(session.peer)) unwelcome.push_back(connection);
  for (const ConnectionId connection : unwelcome) close(connection);
}

bool SimServer::received(ConnectionId connection, const std::string& bytes) {
  const auto found = sessions_.find(connection);
  if (found == sessions_.end()) return false;
  if (found->second.greeted)
    request_arrived(connection, found->second, bytes);
  else
    greet(connection, found->second, bytes);
  return true;
}

void SimServer::greet(ConnectionId connection, Session& session, const std::string& bytes) {
  const Result<Hello> hello = decode_hello(bytes);
  if (!hello) return close(connection);
  Hello own = hello_of(end_.identity, hello->lane);
  Status allowed = check_caller(end_.identity, *hello);
  if (allowed) {
    allowed = admission_.check(*hello, strangers());
    if (!allowed) own = refusal(end_.identity, hello->lane);
  }
  end_.network.send(connection, end_.endpoint, encode_hello(own));
  if (!allowed) {
    sessions_.erase(connection);
    return end_.network.finish(connection, end_.endpoint);
  }
  session.greeted = true;
  session.peer = hello->node;
  session.stranger = is_stranger(*hello);
  if (session.stranger)
    limit_stay(connection);
  else
    arrived_(hello->node);
}

void SimServer::limit_stay(ConnectionId connection) {
  end_.scheduler.add(end_.life, end_.scheduler.now() + stranger_time_max,
                     Scheduler::Handler([this, connection] { close(connection); }));
}

std::size_t SimServer::strangers() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(sessions_, [](const auto& entry) { return entry.second.stranger; }));
}

void SimServer::close(ConnectionId connection) {
  if (sessions_.erase(connection) > 0) end_.network.reset(connection);
}

void SimServer::request_arrived(ConnectionId connection, Session& session,
                                const std::string& bytes) {
  Result<WholeFrame> frame = decode_frame(bytes);
  if (!frame) return close(connection);
  const FrameHeader& header = frame->header;
  if (header.type != FrameType::request) return;
  const bool too_much = session.asked || !stranger_may_ask(frame->message);
  if (session.stranger && too_much) return close(connection);
  session.asked = true;
  const Instant deadline = end_.clock.now() + std::chrono::milliseconds(header.deadline_ms);
  answer(connection, session.peer, header.stream, std::move(frame->message), deadline);
}

void SimServer::reply(ConnectionId connection, std::string frame) {
  end_.network.send(connection, end_.endpoint, std::move(frame));
  const auto found = sessions_.find(connection);
  if (found != sessions_.end() && found->second.stranger)
    end_.network.finish(connection, end_.endpoint);
}

void SimServer::refuse(ConnectionId connection, std::uint64_t stream, const Error& error) {
  FrameHeader header;
  header.type = FrameType::error;
  header.stream = stream;
  const Message message{0, encode_error(error), {}};
  reply(connection, encode_frame(header, message));
}

void SimServer::answer(ConnectionId connection, NodeId from, std::uint64_t stream, Message request,
                       Instant deadline) {
  const std::string name = "node " + std::to_string(to_integer(end_.identity.node));
  if (!handler_)
    return refuse(connection, stream, Error{ErrorCode::unreachable, name + " does not serve yet"});
  if (answering_ >= end_.network.options().calls_max * peer_lane_count)
    return refuse(connection, stream, Error{ErrorCode::busy, name + " is busy"});
  asio::co_spawn(end_.scheduler.executor(end_.life),
                 work(connection, from, stream, std::move(request), deadline),
                 [](std::exception_ptr escaped) { check(escaped == nullptr); });
}

Task<void> SimServer::work(ConnectionId connection, NodeId from, std::uint64_t stream,
                           Message request, Instant deadline) {
  struct Counted {
    explicit Counted(std::size_t& n) : count(n) { ++count; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() { --count; }
    std::size_t& count;
  };
  const Counted counted(answering_);
  Task<Message> answering = handler_->answer(from, std::move(request), deadline);
  const Message message = co_await std::move(answering);
  if (!fits(message)) {
    const Error error{ErrorCode::invalid_argument, "the answer is too large to be sent"};
    refuse(connection, stream, error);
    co_return;
  }
  FrameHeader header;
  header.type = FrameType::reply;
  header.stream = stream;
  reply(connection, encode_frame(header, message));
}

}  // namespace ouro::sim
