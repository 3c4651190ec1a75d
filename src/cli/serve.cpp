#include "cli/serve.hpp"

#include "api/health_routes.hpp"
#include "cli/exit_code.hpp"
#include "cli/process.hpp"
#include "cli/report.hpp"
#include "net/http_server.hpp"
#include "net/io_world.hpp"
#include "net/posix_file_system.hpp"
#include "net/signals.hpp"
#include "node/node.hpp"
#include "runtime/coroutine.hpp"
#include "runtime/nursery.hpp"
#include "runtime/reply.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ouro::cli {
namespace {

constexpr Duration drain_max = std::chrono::seconds(5);
constexpr Duration look_again = std::chrono::milliseconds(5);

void start_log(const std::string& level) {
  auto logger = spdlog::stderr_logger_mt("ouro");
  logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%eZ level=%l %v", spdlog::pattern_time_type::utc);
  logger->set_level(spdlog::level::from_str(level == "warn" ? "warning" : level));
  logger->flush_on(spdlog::level::info);
  spdlog::set_default_logger(std::move(logger));
}

Result<Config> read_config(const ServeCommand& command) {
  if (!command.config) return settle_config(command, std::nullopt);
  net::PosixFileSystem files;
  const Result<std::string> text = files.read_file(*command.config);
  if (!text) return text.error();
  return settle_config(command, *text);
}

node::NodeConfig node_config(const Config& config) {
  const cluster::Node& self = config.node();
  node::NodeConfig made;
  made.directory = config.data_dir;
  if (config.founds()) {
    made.founding = config.cluster;
    made.self = self.id;
  }
  for (const PeerPlace& place : config.join) made.seeds.push_back({place.host, place.port});
  made.name = self.name;
  made.zone = self.zone;
  made.weight = self.weight;
  made.host = self.host;
  made.http_port = self.http_port;
  made.peer_port = self.peer_port;
  made.memory_bytes = config.memory_mib << 20;
  made.memtable_bytes = config.memtable_mib << 20;
  made.scrub_bytes_per_second = config.scrub_mib_per_second << 20;
  return made;
}

/// Ends the process while coroutines still wait on the loops and refer to the node. What is on disk
/// is complete at every moment, so nothing is lost by it. On any thread.
[[noreturn]] void leave(const Status& status) {
  if (!status) {
    spdlog::error("msg=\"node ends\" why=\"{}\"", to_string(status.error()));
    say_error(status.error().message, "");
  }
  spdlog::default_logger()->flush();  // other threads may still log
  end_process(status ? done : failed);
}

void print_now(const std::string& line) {
  fmt::print("ouro {}: {}\n", api::version(), line);
  std::fflush(stdout);
}

/// A node in its world. All of it on loop 0.
class Run {
 public:
  Run(const Config& config, net::IoWorld& world, node::Node& node)
      : config_(config),
        world_(world),
        node_(node),
        nursery_(world.loop(0).executor(), world.loop(0).clock()) {}

  void begin() { nursery_.spawn(come_up()); }

  /// Asked to: in order, and the second time at once.
  void end(int signal) {
    spdlog::info("msg=\"node ends\" signal={}", signal);
    if (ending_) return world_.stop();
    ending_ = true;
    nursery_.spawn(drain());
  }

  bool drained() const { return drained_; }

 private:
  Task<void> come_up() {
    announce_start();
    const Status ready = co_await node_.ready();
    if (!ending_) {
      if (!ready) leave(ready);
      opening_ = true;
      const Status listening = co_await listen();
      if (!listening) leave(listening);
      announce();
    }
    up_ = true;
  }

  net::HttpServerOptions options(bool share_port) const {
    net::HttpServerOptions options;
    options.host = *config_.bind;
    options.port = config_.node().http_port;
    options.share_port = share_port;
    return options;
  }

  Task<Status> listen_on(std::size_t index, bool share_port) {
    Loop& loop = world_.loop(index);
    auto server = net::HttpServer::listen(loop.executor(), loop.clock(), node_.http(index),
                                          options(share_port));
    if (!server) co_return server.error();
    servers_.push_back(*std::move(server));
    co_return Status();
  }

  /// A listener on each loop. Several share the port, and the system deals connections out.
  Task<Status> listen() {
    // Alone first: ports that are shared would also be shared with another process unnoticed.
    const Status alone = co_await listen_on(0, false);
    if (!alone || world_.loop_count() == 1) co_return alone;
    servers_.clear();
    for (std::size_t i = 0; i < world_.loop_count(); ++i) {
      Task<Status> listening = on_executor(world_.loop(i).executor(), listen_on(i, true));
      const Status shared = co_await std::move(listening);
      if (!shared) co_return shared;
    }
    co_return Status();
  }

  // Clients first, then peers, then what is still under way.
  Task<void> drain() {
    Clock& clock = world_.loop(0).clock();
    const Instant deadline = clock.now() + drain_max;
    while (opening_ && !up_) co_await sleep_until(clock, clock.now() + look_again);
    co_await stop_servers(deadline);
    co_await world_.close_peers();
    co_await node_.close();
    while (!up_) co_await sleep_until(clock, clock.now() + look_again);
    drained_ = true;
    world_.stop();
  }

  Task<void> stop_servers(Instant deadline) {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      Task<void> stopped = on_executor(world_.loop(i).executor(), servers_[i]->stop(deadline));
      co_await std::move(stopped);
    }
  }

  void announce_start() const {
    if (config_.join.empty()) return;
    std::string places;
    for (const PeerPlace& place : config_.join)
      places += fmt::format("{}{}:{}", places.empty() ? "" : ", ", place.host, place.port);
    spdlog::info("msg=\"node asks to be let in, unless it was before\" asks=\"{}\" data=\"{}\"",
                 places, config_.data_dir);
    print_now("asks " + places + " to be let in");
  }

  void announce() const {
    const cluster::Identity& identity = node_.identity();
    const std::shared_ptr<const cluster::State> state = node_.administration().state();
    const cluster::Member* const member = cluster::member(*state, identity.node);
    const cluster::Node& self = config_.node();
    const std::string name = member != nullptr ? member->name : self.name;
    spdlog::info(
        "msg=\"node starts\" version={} node={} cluster={:016x} boot={} http={}:{} peer={}:{} "
        "data=\"{}\"",
        api::version(), name, identity.cluster, identity.boot, *config_.bind, self.http_port,
        *config_.bind, self.peer_port, config_.data_dir);
    print_now(fmt::format("{} serves http://{}:{} (nodes: port {}), data in {}", name,
                          *config_.bind, self.http_port, self.peer_port, config_.data_dir));
    const auto status = cluster::status(*state, identity.node);
    if (!status || *status != cluster::MemberStatus::staged) return;
    spdlog::info("msg=\"node is staged: it owns nothing until a plan is committed\" node={}", name);
    print_now(name + " is a member that waits, staged, for data: ouro cluster plan");
  }

  const Config& config_;
  net::IoWorld& world_;
  node::Node& node_;
  std::vector<std::unique_ptr<net::HttpServer>> servers_;
  bool opening_ = false, up_ = false, ending_ = false, drained_ = false;
  Nursery nursery_;
};

Status serve(const Config& config) {
  net::IoWorldOptions options;
  options.loops = config.loops.value_or(std::max(1u, std::thread::hardware_concurrency()));
  options.peer_host = *config.bind;
  options.peer_port = config.node().peer_port;
  net::IoWorld world(options);
  const auto must_end = [](Error why) { leave(std::move(why)); };
  Result<std::unique_ptr<node::Node>> node = node::Node::open(world, node_config(config), must_end);
  if (!node) return node.error();
  (*node)->start();
  {
    Run run(config, world, **node);
    net::Signals signals(world.loop(0).executor(), [&run](int number) { run.end(number); });
    run.begin();
    world.run();
    if (!run.drained()) leave({});
  }
  node->reset();
  spdlog::info("msg=\"node ended\"");
  return {};
}

}  // namespace

int run_serve(const ServeCommand& command) {
  keep_files_private();
  const Result<Config> config = read_config(command);
  if (!config) {
    say_error(config.error().message, "");
    return failed;
  }
  start_log(config->log_level);
  const Status served = serve(*config);
  if (served) return done;
  say_error(served.error().message, "");
  return failed;
}

}  // namespace ouro::cli
