#include "node/scrub.hpp"

#include "runtime/reply.hpp"

#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <utility>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

/// So small that reads which need the disk hardly notice.
constexpr std::size_t piece_bytes = 256 * 1024;
/// A small database need not be read without end.
constexpr Duration rest_between_rounds = 1h;

Duration time_for(std::uint64_t bytes, std::size_t bytes_per_second) {
  return Duration(static_cast<Duration::rep>(bytes * 1'000'000'000 / bytes_per_second));
}

void report(const std::string& name, const engine::ScrubProgress& progress) {
  for (const std::string& damage : progress.damage)
    spdlog::error("msg=\"stored data is damaged\" database={} what=\"{}\"", name, damage);
  if (progress.round_complete) spdlog::debug("msg=\"scrub round complete\" database={}", name);
}

}  // namespace

Scrub::Scrub(std::vector<Source> sources, Lane& lane, Loop& loop, std::size_t bytes_per_second)
    : sources_(std::move(sources)),
      lane_(lane),
      loop_(loop),
      bytes_per_second_(bytes_per_second),
      timer_(loop.clock().make_timer()),
      nursery_(loop.executor(), loop.clock()) {}

void Scrub::start() {
  if (bytes_per_second_ > 0) nursery_.spawn(run());
}

Task<void> Scrub::close() {
  closing_ = true;
  timer_->wake();
  co_await nursery_.close();
}

Task<void> Scrub::run() {
  while (!closing_) {
    for (Source& source : sources_) co_await round(source);
    if (!closing_) co_await pause(rest_between_rounds);
  }
}

Task<void> Scrub::round(Source& source) {
  while (!closing_) {
    auto start = [this, &source](Reply<engine::ScrubProgress> reply) {
      lane_.post(
          [&db = source.db, reply = std::move(reply)]() mutable { reply(db.scrub(piece_bytes)); });
    };
    auto piece = await_reply<engine::ScrubProgress>(start);
    const engine::ScrubProgress progress = co_await std::move(piece);
    report(source.name, progress);
    if (progress.round_complete) co_return;
    if (!closing_) co_await pause(time_for(progress.bytes, bytes_per_second_));
  }
}

Task<void> Scrub::pause(Duration time) { co_await timer_->wait_until(loop_.clock().now() + time); }

}  // namespace ouro::node
