// From callbacks to coroutines: awaiting what somebody will answer later, perhaps on another
// thread.
#pragma once

#include "runtime/coroutine.hpp"

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <utility>

namespace ouro {

/// The means to answer one waiting coroutine, once, from any thread. The coroutine resumes on its
/// own executor, never inside the call. A Reply that is destroyed unanswered destroys the coroutine
/// where it stands: that is how a killed node's work ends, and nothing else may drop one.
template <class T>
class Reply {
 public:
  using Handler = asio::any_completion_handler<void(T)>;

  Reply(Handler handler, asio::any_io_executor executor)
      : handler_(std::move(handler)), executor_(std::move(executor)) {}

  void operator()(T value) {
    asio::post(executor_, [handler = std::move(handler_), value = std::move(value)]() mutable {
      std::move(handler)(std::move(value));
    });
  }

 private:
  Handler handler_;
  asio::any_io_executor executor_;
};

/// Calls `start(Reply<T>)` and suspends until it is answered. `start` runs before this returns to
/// the event loop. T must be default-constructible and movable.
///
///   Task<Status> flushed = await_reply<Status>([&db](Reply<Status> reply) {
///   db.flush(std::move(reply)); }); const Status status = co_await std::move(flushed);
///
/// (Name the task first: g++ 12 miscompiles a lambda inside a co_await statement.)
template <class T, class Start>
Task<T> await_reply(Start start) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  auto initiation = [&start, &executor](auto handler) {
    start(Reply<T>(typename Reply<T>::Handler(std::move(handler)), executor));
  };
  auto waiting =
      asio::async_initiate<const asio::use_awaitable_t<>, void(T)>(initiation, asio::use_awaitable);
  co_return co_await std::move(waiting);
}

/// Runs `task` on `executor` (another event loop of this node) and brings its result back.
template <class T>
Task<T> on_executor(asio::any_io_executor executor, Task<T> task) {
  return asio::co_spawn(std::move(executor), std::move(task), asio::use_awaitable);
}

}  // namespace ouro
