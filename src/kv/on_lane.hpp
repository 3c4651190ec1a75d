// Blocking work from a coroutine: done on a lane, its result brought back to the caller's loop.
#pragma once

#include "base/lane.hpp"
#include "base/result.hpp"
#include "runtime/reply.hpp"

#include <utility>

namespace ouro::kv {

/// Calls `work()`, which answers a Result<T>, on `lane`. What it refers to must live until it has
/// run: it is destroyed unrun, with the waiting coroutine, when the lane is.
template <class T, class Work>
Task<Result<T>> on_lane(Lane& lane, Work work) {
  auto start = [&lane, &work](Reply<Result<T>> reply) {
    lane.post([work = std::move(work), reply = std::move(reply)]() mutable { reply(work()); });
  };
  auto waiting = await_reply<Result<T>>(start);
  co_return co_await std::move(waiting);
}

}  // namespace ouro::kv
