#include "net/io_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace ouro::net {

struct IoLoop::Context : asio::io_context {
  Context() : asio::io_context(1) {}
  using asio::io_context::shutdown;  // destroys the waiting handlers before their objects go
};

IoLoop::IoLoop(const PeerOptions& options)
    : context_(std::make_unique<Context>()),
      clock_(context_->get_executor()),
      transport_(context_->get_executor(), clock_, random_, options) {}

IoLoop::~IoLoop() { end(); }

void IoLoop::end() {
  transport_.stop();
  context_->shutdown();
}

asio::any_io_executor IoLoop::executor() { return context_->get_executor(); }

void IoLoop::run() noexcept {
  const auto even_if_idle = asio::make_work_guard(*context_);
  context_->run();
}

void IoLoop::stop() { context_->stop(); }

}  // namespace ouro::net
