#include "net/http_connection.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <cstring>
#include <exception>

namespace ouro::net {
namespace {

using boost::system::error_code;

constexpr std::size_t buffer_size = 16 << 10;
constexpr std::size_t body_room_min = 4 << 10;
/// Responses wait for each other up to here; one alone may be larger.
constexpr std::size_t batch_max = 256 << 10;
/// Enough for a client that sends the whole of a value that is too large before it reads why: a
/// connection closed on unread bytes would be reset, and the answer lost.
constexpr std::size_t linger_bytes_max = 16 << 20;

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpConnections> shared,
                               asio::ip::tcp::socket socket)
    : shared_(std::move(shared)),
      socket_(std::move(socket)),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_size)),
      capacity_(buffer_size),
      scanner_(shared_->options.limits),
      body_(shared_->options.limits),
      linger_left_(linger_bytes_max) {
  index_ = shared_->open.size();
  shared_->open.push_back(this);
  error_code ignored;  // a connection that is broken already fails its first read
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
}

HttpConnection::~HttpConnection() { close(); }

void HttpConnection::start() {
  now_ = shared_->clock.now();
  deadline_ = now_ + shared_->options.idle_timeout;
  await_input();
}

void HttpConnection::start_refused() {
  now_ = shared_->clock.now();
  refuse({.status = 503, .code = "overloaded", .detail = "there are too many connections"});
  run();
}

void HttpConnection::close() {
  if (phase_ == Phase::closed) return;
  phase_ = Phase::closed;
  error_code ignored;
  socket_.close(ignored);
  shared_->body_bytes -= body_accounted_;
  body_accounted_ = 0;
  parked_.reset();
  shared_->open[index_] = shared_->open.back();
  shared_->open[index_]->index_ = index_;
  shared_->open.pop_back();
  shared_->closed->wake();
}

bool HttpConnection::is_idle() const {
  return phase_ == Phase::head && begin_ == end_ && batch_.empty();
}

void HttpConnection::finish() {
  if (is_idle()) close();
}

bool HttpConnection::body_is_slow(Instant now) const {
  const Duration late = now - body_started_ - shared_->options.body_grace;
  if (late <= Duration::zero()) return false;
  const auto seconds = std::chrono::duration<double>(late).count();
  return static_cast<double>(body_received_) <
         seconds * static_cast<double>(shared_->options.body_rate_min);
}

void HttpConnection::sweep(Instant now) {
  const auto self = shared_from_this();
  now_ = now;
  if (writing_) {
    if (now >= write_deadline_) close();
  } else if (phase_ == Phase::lingering || is_idle()) {
    if (now >= deadline_) close();
  } else if (phase_ == Phase::head) {
    if (now >= deadline_ && refuse_slow("the head of the request took too long")) run();
  } else if (phase_ == Phase::body && body_is_slow(now)) {
    if (refuse_slow("the body of the request came too slowly")) run();
  }
}

bool HttpConnection::refuse_slow(std::string_view detail) {
  return refuse({.status = 408, .code = "request_timeout", .detail = std::string(detail)});
}

/// Does all that can be done without waiting, then waits for what is needed next.
void HttpConnection::run() {
  if (running_) return;
  running_ = true;
  do {
    while (step()) {
    }
  } while (flush());
  running_ = false;
  if (phase_ != Phase::closed) await_input();
}

bool HttpConnection::step() {
  switch (phase_) {
    case Phase::head:
      return step_head();
    case Phase::body:
      return step_body();
    case Phase::answering:
      return step_answer();
    default:
      return false;
  }
}

bool HttpConnection::step_head() {
  const HttpServerOptions& options = shared_->options;
  if (last_ || writing_ || begin_ == end_) return false;
  if (batch_.count() >= options.pipelining_max || batch_.size() >= batch_max) return false;
  if (!head_started_) {
    head_started_ = true;
    deadline_ = now_ + options.head_timeout;
  }
  switch (scanner_.scan({buffer_.get() + begin_, end_ - begin_})) {
    case HeadScanner::Progress::need_more:
      return false;
    case HeadScanner::Progress::bad:
      return refuse(scanner_.problem());
    default:
      break;
  }
  const std::size_t size = scanner_.size();
  scanner_.reset();
  make_room(size, body_room_min);
  const std::string_view head(buffer_.get() + begin_, size);
  begin_ += size;
  body_begin_ = begin_;
  return on_head(head);
}

bool HttpConnection::on_head(std::string_view bytes) {
  if (const auto problem = parse_head(bytes, request_.head, traits_)) return refuse(*problem);
  const HttpHead& head = request_.head;
  request_.received = now_;
  phase_ = Phase::body;
  HttpHandler::Admission admission = shared_->handler.admit(head);
  if (admission.refusal.status != 0) {
    if (head.chunked || head.content_length > 0) admission.refusal.close = true;
    respond(std::move(admission.refusal));
    return true;
  }
  body_.start(head, admission.body_size_max);
  body_started_ = now_;
  body_received_ = 0;
  if (body_.bad()) return refuse(body_.problem());
  if (!account_body()) return true;
  if (traits_.expects_continue && begin_ == end_ && !body_.done()) batch_.add_continue();
  return true;
}

/// Counts what the body holds against the bound on all bodies.
bool HttpConnection::account_body() {
  shared_->body_bytes += body_.held() - body_accounted_;
  body_accounted_ = body_.held();
  if (shared_->body_bytes <= shared_->options.body_bytes_max) return true;
  // Nothing is being read into it now: its memory is free before the refusal is even written.
  body_.reset();
  shared_->body_bytes -= body_accounted_;
  body_accounted_ = 0;
  refuse({.status = 503,
          .code = "overloaded",
          .detail = "the bodies of requests under way hold too much memory: try again later"});
  return false;
}

bool HttpConnection::step_body() {
  const std::size_t used = body_.feed({buffer_.get() + begin_, end_ - begin_});
  begin_ += used;
  body_received_ += used;
  if (body_.bad()) return refuse(body_.problem());
  if (!account_body()) return true;
  if (!body_.done()) return false;
  request_.body = body_.take();
  phase_ = Phase::answering;
  start_answer();
  return true;
}

void HttpConnection::start_answer() {
  if (!task_started_) {
    task_started_ = true;
    asio::co_spawn(shared_->executor, answer_requests(shared_from_this()),
                   [](std::exception_ptr error) {
                     if (error) std::rethrow_exception(error);
                   });
    return;
  }
  check(parked_.has_value());
  Parked task(std::move(*parked_));
  parked_.reset();
  task();
}

Task<void> HttpConnection::answer_requests(std::shared_ptr<HttpConnection> self) {
  HttpConnection* const connection = self.get();
  auto park = [connection](auto handler) { connection->park(std::move(handler)); };
  for (;;) {
    HttpResponse response;
    response.status = 0;
    try {
      Task<HttpResponse> answer = connection->shared_->handler.answer(connection->request_);
      response = co_await std::move(answer);
    } catch (...) {
      response.status = 0;  // answered 500 below: one broken request must not end the others
    }
    connection->response_.emplace(std::move(response));
    auto next =
        asio::async_initiate<const asio::use_awaitable_t<>, void()>(park, asio::use_awaitable);
    co_await std::move(next);
  }
}

/// The task has answered and waits for the next request.
void HttpConnection::park(Parked parked) {
  if (phase_ == Phase::closed) return;  // and so ends the task
  parked_.emplace(std::move(parked));
  if (running_) return;
  const auto self = shared_from_this();
  now_ = shared_->clock.now();
  run();
}

bool HttpConnection::step_answer() {
  if (!response_ || !parked_) return false;
  HttpResponse response = std::move(*response_);
  response_.reset();
  request_.body = SharedBytes();
  if (response.status == 0)
    return refuse({.status = 500, .code = "internal", .detail = "the request failed unexpectedly"});
  respond(std::move(response));
  return true;
}

void HttpConnection::respond(HttpResponse response) {
  last_ = last_ || response.close || !traits_.keep_alive || shared_->finishing;
  const ResponseContext context = {.head_request = request_.head.method == HttpMethod::head,
                                   .version_1_0 = traits_.version_1_0,
                                   .close = last_,
                                   .date = shared_->date};
  batch_.add(std::move(response), context);
  phase_ = Phase::head;
  head_started_ = false;
  deadline_ = now_ + shared_->options.idle_timeout;
  if (begin_ == end_) begin_ = end_ = 0;
  if (last_) return;  // a refused body may still be read into
  shared_->body_bytes -= body_accounted_;
  body_accounted_ = 0;
}

/// Answers a request that cannot be answered properly; what follows it cannot be trusted.
bool HttpConnection::refuse(const HttpProblem& problem) {
  if (phase_ == Phase::head) request_.head.method = HttpMethod::other;
  last_ = true;
  respond(shared_->handler.refuse(problem.status, problem.code, problem.detail));
  return true;
}

/// Writes what is ready. True if all of it is gone, so that more may be done.
bool HttpConnection::flush() {
  if (phase_ == Phase::closed || writing_ || batch_.empty()) return false;
  while (!batch_.empty()) {
    error_code error;
    const std::size_t count = socket_.write_some(batch_.buffers(), error);
    if (error == asio::error::would_block || error == asio::error::try_again) {
      writing_ = true;
      write_deadline_ = now_ + shared_->options.write_stall;
      socket_.async_wait(asio::ip::tcp::socket::wait_write,
                         [self = shared_from_this()](const error_code& failure) {
                           self->writing_ = false;
                           if (self->phase_ == Phase::closed) return;
                           if (failure) return self->close();
                           self->now_ = self->shared_->clock.now();
                           self->run();
                         });
      return false;
    }
    if (error) {
      close();
      return false;
    }
    batch_.written(count);
  }
  return true;
}

void HttpConnection::await_input() {
  if (writing_ || phase_ == Phase::answering) return;
  if (last_ && phase_ == Phase::head) return linger();
  if (reading_) return;
  if (phase_ == Phase::head) {
    if (shared_->finishing && is_idle()) return close();
    if (end_ == capacity_) make_room(end_ - begin_, 1);
  }
  if (phase_ == Phase::body && begin_ == end_) begin_ = end_ = body_begin_;
  read();
}

/// Provides for `room` bytes after the first `keep` unread ones. Only between two requests.
void HttpConnection::make_room(std::size_t keep, std::size_t room) {
  if (capacity_ - begin_ >= keep + room) return;
  const std::size_t unread = end_ - begin_;
  std::size_t capacity = capacity_;
  while (capacity < keep + room) capacity *= 2;
  if (capacity == capacity_) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, unread);
  } else {
    auto larger = std::make_unique_for_overwrite<char[]>(capacity);
    std::memcpy(larger.get(), buffer_.get() + begin_, unread);
    buffer_ = std::move(larger);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = unread;
}

void HttpConnection::read() {
  const std::span<char> direct = phase_ == Phase::body ? body_.space() : std::span<char>();
  asio::mutable_buffer target(buffer_.get() + end_, capacity_ - end_);
  if (phase_ == Phase::lingering) target = asio::mutable_buffer(buffer_.get(), capacity_);
  if (!direct.empty()) target = asio::mutable_buffer(direct.data(), direct.size());
  reading_ = true;
  socket_.async_read_some(target, [self = shared_from_this(), into_body = !direct.empty()](
                                      const error_code& error, std::size_t count) {
    self->reading_ = false;
    if (into_body && self->phase_ == Phase::body) {
      self->body_.filled(count);
      self->body_received_ += count;
    }
    self->on_read(error, into_body ? 0 : count);
  });
}

void HttpConnection::on_read(const error_code& error, std::size_t count) {
  if (phase_ == Phase::closed) return;
  if (error) return close();
  if (phase_ == Phase::lingering) {
    if (count >= linger_left_) return close();
    linger_left_ -= count;
    return read();
  }
  now_ = shared_->clock.now();
  end_ += count;
  run();
}

/// Says that nothing more will be sent, and listens on for a while: closing with unread bytes would
/// reset the connection, perhaps before the client has read the last response.
void HttpConnection::linger() {
  phase_ = Phase::lingering;
  deadline_ = now_ + shared_->options.linger;
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (!reading_) read();
}

}  // namespace ouro::net
