// Runs one task on a scheduler from a test, and hands out what it returned.
#pragma once

#include "base/check.hpp"
#include "runtime/coroutine.hpp"
#include "sim/scheduler.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace ouro::sim {

/// Keeps the task's result where its starter can find it.
template <class T>
Task<void> run_into(std::shared_ptr<std::optional<T>> result, Task<T> task) {
  result->emplace(co_await std::move(task));
}

/// Starts `task` in `life`. The result appears in what is returned when the task has ended.
template <class T>
std::shared_ptr<const std::optional<T>> start(Scheduler& scheduler, Life life, Task<T> task) {
  const auto result = std::make_shared<std::optional<T>>();
  asio::co_spawn(scheduler.executor(life), run_into(result, std::move(task)),
                 [](std::exception_ptr escaped) { check(escaped == nullptr); });
  return result;
}

/// Steps the simulation until `task` has ended; nothing if it did not within `limit` of virtual
/// time (it then goes on with the next step, or ends with its life).
template <class T>
std::optional<T> run(Scheduler& scheduler, Life life, Task<T> task, Duration limit) {
  const auto result = start(scheduler, life, std::move(task));
  scheduler.run_until([&result] { return result->has_value(); }, limit);
  return *result;
}

/// The same for a task without a result: whether it ended.
inline bool run(Scheduler& scheduler, Life life, Task<void> task, Duration limit) {
  const auto ended = std::make_shared<bool>(false);
  asio::co_spawn(scheduler.executor(life), std::move(task), [ended](std::exception_ptr escaped) {
    check(escaped == nullptr);
    *ended = true;
  });
  return scheduler.run_until([&ended] { return *ended; }, limit);
}

}  // namespace ouro::sim
