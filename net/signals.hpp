// How the operating system asks the process to end.
#pragma once

#include "runtime/task.hpp"

#include <functional>
#include <memory>

namespace ouro::net {

/// Calls back on `executor` for every SIGINT and SIGTERM the process receives while this lives,
/// with the signal's number. For use on that executor; at most one at a time in a process.
class Signals {
 public:
  Signals(asio::any_io_executor executor, std::function<void(int)> on_signal);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ouro::net
