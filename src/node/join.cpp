#include "node/join.hpp"

#include "cluster/cluster_wire.hpp"
#include "kv/tables.hpp"
#include "runtime/coroutine.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

constexpr Duration asking_time = 8s;
constexpr Duration ask_again = 1s;
constexpr Duration founding_time = 1s;

std::uint64_t not_zero(Random& random) {
  std::uint64_t number = 0;
  while (number == 0) number = random.next();
  return number;
}

// Repeating the question will not help.
bool is_final(ErrorCode code) {
  return code == ErrorCode::invalid_argument || code == ErrorCode::exists ||
         code == ErrorCode::denied || code == ErrorCode::unsupported;
}

Task<Result<cluster::Welcome>> ask(Loop& loop, const Seed& seed, const cluster::Command& command) {
  Message request = cluster::encode_request(cluster::MessageKind::join, command);
  const Instant deadline = loop.clock().now() + asking_time;
  const auto reply =
      co_await loop.peers().introduce(seed.host, seed.port, std::move(request), deadline);
  if (!reply) co_return reply.error();
  co_return cluster::decode_welcome(*reply);
}

Task<Result<cluster::Welcome>> ask_all(Loop& loop, const std::vector<Seed>& seeds,
                                       const cluster::Command& command, const bool& closing) {
  while (!closing) {
    for (const Seed& seed : seeds) {
      const Result<cluster::Welcome> welcome = co_await ask(loop, seed, command);
      if (welcome || is_final(welcome.error().code)) co_return welcome;
      spdlog::warn("msg=\"nobody let this node in yet\" asked={}:{} why=\"{}\"", seed.host,
                   seed.port, to_string(welcome.error()));
    }
    co_await sleep_until(loop.clock(), loop.clock().now() + ask_again);
  }
  co_return Error{ErrorCode::closed, "the node ends before it became a member"};
}

Status keep(Storage& storage, const cluster::Identity& identity, const cluster::Welcome& welcome) {
  std::vector<cluster::Contact> contacts;
  for (const PeerAddress& member : welcome.members)
    contacts.push_back({member.node, member.host, member.port});
  const Status written = write_contacts(*storage.meta, system_table, contacts);
  if (!written) return written.error();
  return write_identity(*storage.meta, system_table, identity);
}

// A founder whose disk was lost looks like one that was never started. If it took part again as
// itself it could vote twice and give its old names to new writes: so the others are asked first.
Task<Status> check_never_ran(World& world, const NodeConfig& config) {
  Loop& loop = world.control();
  for (const cluster::Node& founder : config.founding->nodes) {
    if (founder.id == config.self) continue;
    const Instant deadline = loop.clock().now() + founding_time;
    const auto reply = co_await loop.peers().introduce(founder.host, founder.peer_port,
                                                       cluster::encode_roster_request(), deadline);
    if (!reply) continue;
    const auto roster = cluster::decode_welcome(*reply);
    if (!roster || roster->cluster != config.founding->cluster) continue;
    const bool begun = std::ranges::find(roster->begun, config.self) != roster->begun.end();
    if (begun || was_removed(*roster, config.self))
      co_return Error{ErrorCode::denied,
                      "the data directory is empty, but the cluster knows this node: if its data "
                      "is lost, start a node with --join instead and let it take this one's place "
                      "(ouro cluster replace)"};
  }
  co_return Status();
}

Task<Status> found_here(World& world, Storage& storage, const NodeConfig& config,
                        std::uint64_t instance) {
  const Status checked = co_await check_never_ran(world, config);
  if (!checked) co_return checked.error();
  cluster::Identity identity{config.founding->cluster, config.founding->hash_seed, config.self,
                             instance, 0};
  Random& random = world.control().random();
  if (identity.cluster == 0) {
    identity.cluster = not_zero(random);
    identity.hash_seed = random.next();
  }
  co_return write_identity(*storage.meta, system_table, identity);
}

Task<Status> join_others(World& world, Storage& storage, const NodeConfig& config,
                         std::uint64_t instance, std::uint64_t run, const bool& closing) {
  cluster::Identity identity;
  identity.instance = instance;
  identity.boot = 1;  // the number that its first run will take
  cluster::Join wish;
  wish.registration = registration_of(config, identity, run);
  wish.name = config.name;
  wish.seat = {config.zone, config.weight};
  cluster::Command command;
  command.body = std::move(wish);
  command.origin = {"the node itself", world.control().clock().wall()};
  const Result<cluster::Welcome> welcome =
      co_await ask_all(world.control(), config.seeds, command, closing);
  if (!welcome) co_return welcome.error();
  identity.cluster = welcome->cluster;
  identity.hash_seed = welcome->hash_seed;
  identity.node = welcome->node;
  identity.boot = 0;
  co_return keep(storage, identity, *welcome);
}

}  // namespace

cluster::Registration registration_of(const NodeConfig& config, const cluster::Identity& identity,
                                      std::uint64_t run) {
  cluster::Registration registration;
  registration.instance = identity.instance;
  registration.run = run;
  registration.boot = identity.boot;
  registration.host = config.host;
  registration.http_port = config.http_port;
  registration.peer_port = config.peer_port;
  return registration;
}

Task<Result<cluster::Identity>> settle_identity(World& world, Storage& storage,
                                                const NodeConfig& config, std::uint64_t run,
                                                const bool& closing) {
  const auto known = cluster::read_identity(*storage.meta, system_table);
  if (!known) co_return known.error();
  if (!*known) {
    const Result<std::uint64_t> instance =
        cluster::claim(*storage.data, kv::clocks_table, not_zero(world.control().random()));
    if (!instance) co_return instance.error();
    Status settled;
    if (config.founding) {
      settled = co_await found_here(world, storage, config, *instance);
    } else {
      settled = co_await join_others(world, storage, config, *instance, run, closing);
    }
    if (!settled) co_return settled.error();
  }
  const std::uint64_t cluster = config.founding ? config.founding->cluster : 0;
  const auto identity = cluster::begin_run(*storage.meta, system_table, cluster, config.self);
  if (!identity) co_return identity.error();
  const Status claimed = check_claim(*storage.data, kv::clocks_table, *identity);
  if (!claimed) co_return claimed.error();
  co_return *identity;
}

}  // namespace ouro::node
