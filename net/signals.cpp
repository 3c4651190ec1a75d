#include "net/signals.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <utility>

namespace ouro::net {

struct Signals::Impl : std::enable_shared_from_this<Signals::Impl> {
  Impl(const asio::any_io_executor& executor, std::function<void(int)> callback)
      : set(executor, SIGINT, SIGTERM), on_signal(std::move(callback)) {}

  void wait() {
    set.async_wait([self = shared_from_this()](const boost::system::error_code& error, int number) {
      if (error || self->ended) return;
      self->on_signal(number);
      if (!self->ended) self->wait();
    });
  }

  asio::signal_set set;
  std::function<void(int)> on_signal;
  bool ended = false;
};

Signals::Signals(asio::any_io_executor executor, std::function<void(int)> on_signal)
    : impl_(std::make_shared<Impl>(executor, std::move(on_signal))) {
  impl_->wait();
}

Signals::~Signals() {
  impl_->ended = true;
  boost::system::error_code ignored;
  impl_->set.clear(ignored);
  impl_->set.cancel(ignored);
}

}  // namespace ouro::net
