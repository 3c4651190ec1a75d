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
#include <thread>
#include <utility>
#include <vector>

namespace ouro::cli {
namespace {

using Servers = std::vector<std::unique_ptr<net::HttpServer>>;

constexpr Duration drain_max = std::chrono::seconds(5);

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

const cluster::Node& self_of(const Config& config) {
  return *std::ranges::find(config.cluster.nodes, config.self, &cluster::Node::name);
}

node::NodeConfig node_config(const Config& config) {
  node::NodeConfig made;
  made.directory = config.data_dir;
  made.self = self_of(config).id;
  made.cluster = config.cluster;
  made.memory_bytes = config.memory_mib << 20;
  made.memtable_bytes = config.memtable_mib << 20;
  made.scrub_bytes_per_second = config.scrub_mib_per_second << 20;
  return made;
}

/// A listener on each loop. Several share the port, and the system deals connections out.
Result<Servers> listen_http(net::IoWorld& world, node::Node& node, const Config& config) {
  net::HttpServerOptions options;
  options.host = *config.bind;
  options.port = self_of(config).http_port;
  options.share_port = false;
  // Alone first: ports that are shared would also be shared with another process unnoticed.
  Loop& first = world.loop(0);
  auto alone = net::HttpServer::listen(first.executor(), first.clock(), node.http(0), options);
  if (!alone) return alone.error();
  Servers servers;
  if (world.loop_count() == 1) {
    servers.push_back(*std::move(alone));
    return servers;
  }
  options.share_port = true;
  (*alone).reset();
  for (std::size_t i = 0; i < world.loop_count(); ++i) {
    Loop& loop = world.loop(i);
    auto server = net::HttpServer::listen(loop.executor(), loop.clock(), node.http(i), options);
    if (!server) return server.error();
    servers.push_back(*std::move(server));
  }
  return servers;
}

// Clients first, then peers, then what is still under way; sets `drained` when nothing is left.
Task<void> drain(net::IoWorld& world, Servers& servers, node::Node& node, bool& drained) {
  Clock& clock = world.loop(0).clock();
  const Instant deadline = clock.now() + drain_max;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    Task<void> stopped = on_executor(world.loop(i).executor(), servers[i]->stop(deadline));
    co_await std::move(stopped);
  }
  co_await world.close_peers();
  co_await node.close();
  drained = true;
  world.stop();
}

void announce(const Config& config, const node::Node& node) {
  const cluster::Node& self = self_of(config);
  spdlog::info(
      "msg=\"node starts\" version={} node={} cluster={:016x} boot={} http={}:{} peer={}:{} "
      "data=\"{}\"",
      api::version(), self.name, node.identity().cluster, node.identity().boot, *config.bind,
      self.http_port, *config.bind, self.peer_port, config.data_dir);
  fmt::print("ouro {}: {} serves http://{}:{} (nodes: port {}), data in {}\n", api::version(),
             self.name, *config.bind, self.http_port, self.peer_port, config.data_dir);
  std::fflush(stdout);
}

/// Ends the process while coroutines still wait on the loops and refer to the node. What is on disk
/// is complete at every moment, so nothing is lost by it.
[[noreturn]] void leave(const Status& status) {
  if (!status) say_error(status.error().message, "");
  spdlog::shutdown();
  end_process(status ? done : failed);
}

Status serve(const Config& config) {
  net::IoWorldOptions options;
  options.loops = config.loops.value_or(std::max(1u, std::thread::hardware_concurrency()));
  net::IoWorld world(options);
  Result<std::unique_ptr<node::Node>> node = node::Node::open(world, node_config(config));
  if (!node) return node.error();
  const cluster::Identity& identity = (*node)->identity();
  const auto peers = world.listen({identity.cluster, identity.node, identity.boot}, *config.bind,
                                  self_of(config).peer_port);
  if (!peers) return peers.error();
  (*node)->start();
  Result<Servers> servers = listen_http(world, **node, config);
  if (!servers) leave(servers.error());
  announce(config, **node);

  Loop& first = world.loop(0);
  Nursery nursery(first.executor(), first.clock());
  bool ending = false, drained = false;
  net::Signals signals(first.executor(), [&](int number) {
    spdlog::info("msg=\"node ends\" signal={}", number);
    if (ending) return world.stop();  // asked twice: at once
    ending = true;
    nursery.spawn(drain(world, *servers, **node, drained));
  });
  world.run();
  if (!drained) leave({});
  servers->clear();
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
