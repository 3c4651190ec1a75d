#include "tests/kv/transfer_fixture.hpp"

#include "base/coding.hpp"
#include "kv/tables.hpp"
#include "runtime/coroutine.hpp"

#include <cstdio>
#include <stdexcept>
#include <utility>

namespace ouro::kv {
namespace {

constexpr std::uint32_t arcs = 4;

cluster::View make_test_view() {
  cluster::Settings settings;
  settings.cluster = 7;
  settings.hash_seed = 1;
  settings.arcs = arcs;
  settings.defaults.n = arc1.n;
  for (const NodeId id : {source_a, source_b, joiner})
    settings.nodes.push_back({id, "n" + std::to_string(to_integer(id)),
                              "10.0.0." + std::to_string(to_integer(id)), 7070, 7170, "z", 1});
  return cluster::first_view(settings);
}

}  // namespace

std::string key_of(unsigned number) {
  char name[16];
  std::snprintf(name, sizeof name, "k%07u", number);
  return data_key({ring::first_token(arc1.arc, arcs) + number, "bucket", 1, name});
}

TransferHost::TransferHost(sim::Scheduler& scheduler, sim::Network& network,
                           const cluster::Metadata& metadata, NodeId id_)
    : id(id_),
      scheduler_(scheduler),
      metadata_(metadata),
      machine_(scheduler, network, id_, 100 + to_integer(id_)) {}

TransferHost::~TransferHost() {
  if (running()) kill();
}

void TransferHost::start() {
  sim::SimWorld& world = machine_.boot();
  auto life = std::make_unique<Life>();
  life->commit = world.make_lane("commit");
  life->work = world.make_lane("work");
  life->reads = world.make_lane("reads");
  life->bulk = world.make_lane("bulk");
  engine::Options options;
  options.directory = "/db";
  options.identity = to_integer(id);
  options.tables = data_tables();
  options.memtable_bytes = memtable_bytes;
  options.memory_bytes = memtable_bytes * 8;
  auto opened = engine::Db::open(options, world.files(), {*life->commit, *life->work, *life->work});
  if (!opened) throw std::runtime_error(to_string(opened.error()));
  life->db = std::move(*opened);
  Loop& loop = world.loop(0);
  engine::Db& db = *life->db;
  const Actor self{id, ++boot_};
  life->governor = std::make_unique<RateLimiter>(loop.clock(), bytes_per_second);
  life->reader = std::make_unique<LocalReader>(db, *life->reads);
  life->home = std::make_unique<HomeStore>(
      HomeStore::Parts{db, *life->reader, loop.clock(), self, 0, 1, &fence});
  if (const Status loaded = life->home->load(); !loaded)
    throw std::runtime_error(to_string(loaded.error()));
  source_limits.scan = limits;
  life->source = std::make_unique<TransferSource>(TransferSource::Parts{
      db, *life->home, *life->bulk, loop.clock(), metadata_, fence, self, source_limits});
  life->receiver = std::make_unique<TransferReceiver>(
      TransferReceiver::Parts{db, *life->home, *life->bulk, loop.clock(), loop.peers(), metadata_,
                              *life->governor, limits});
  std::vector<PeerAddress> peers;
  for (const cluster::Node& node : metadata_.view()->nodes())
    if (node.id != id)
      peers.push_back({node.id, "m" + std::to_string(to_integer(node.id)), node.peer_port});
  world.start_now({metadata_.view()->cluster(), id, self.boot});
  loop.peers().set_addresses(std::move(peers));
  loop.peers().serve(*this);
  life_ = std::move(life);
}

void TransferHost::kill() {
  machine_.kill();
  life_.reset();
}

void TransferHost::power_loss(sim::CrashPolicy policy) {
  machine_.power_loss(policy);
  life_.reset();
}

Task<Message> TransferHost::answer(NodeId from, Message request, Instant deadline) {
  ++requests[request.kind];
  if (on_request) on_request(request);
  Message answer = co_await source().answer(from, std::move(request), deadline);
  if (on_answer) on_answer(answer);
  co_return answer;
}

LocalWrite TransferHost::write_of(unsigned key, std::optional<std::string> value,
                                  const std::optional<DotSet>& context) const {
  LocalWrite write;
  write.arc = arc1;
  write.data_key = key_of(key);
  write.context = context;
  if (!value) return write;
  write.value.emplace();
  write.value->value = SharedBytes(std::move(*value));
  return write;
}

SentFrame TransferHost::put(unsigned key, std::string value, const std::optional<DotSet>& context) {
  Result<Coordinated> done = run(home().coordinate(write_of(key, std::move(value), context)));
  if (!done) throw std::runtime_error(to_string(done.error()));
  return {key_of(key), std::move(done->frame)};
}

SentFrame TransferHost::remove(unsigned key, const std::optional<DotSet>& context) {
  Result<Coordinated> done = run(home().coordinate(write_of(key, std::nullopt, context)));
  if (!done) throw std::runtime_error(to_string(done.error()));
  return {key_of(key), std::move(done->frame)};
}

Status TransferHost::deliver(const SentFrame& sent, Epoch epoch) {
  return run(home().apply(arc1, sent.data_key, sent.frame, epoch));
}

LocalObject TransferHost::read(unsigned key) {
  Result<LocalObject> local = run(life_->reader->read(arc1, key_of(key)));
  if (!local) throw std::runtime_error(to_string(local.error()));
  return std::move(*local);
}

std::vector<std::string> TransferHost::values(unsigned key) {
  std::vector<std::string> values;
  for (const Sibling& sibling : read(key).object.live) values.emplace_back(sibling.value.view());
  return values;
}

DotSet TransferHost::clock() {
  Result<DotSet> clock = run(home().durable_clock(arc1));
  if (!clock) throw std::runtime_error(to_string(clock.error()));
  return std::move(*clock);
}

ContentSum TransferHost::content() {
  const Result<Content> content = run(receiver().content(arc1));
  if (!content) throw std::runtime_error(to_string(content.error()));
  return content->sum;
}

PullOrder TransferHost::order(NodeId from, Duration time) {
  return {arc1, from, fence_epoch, world().loop(0).clock().now() + time};
}

Result<Pulled> TransferHost::pull(NodeId from, Duration time) {
  return run(receiver().pull(order(from, time)));
}

std::size_t TransferHost::rows(engine::TableId table) {
  std::size_t count = 0;
  const auto rows = db().scan(table, {});
  for (rows->seek_to_first(); rows->valid(); rows->next()) ++count;
  return count;
}

void TransferHost::settle() {
  check(sim::run(scheduler_, world().life(), home().settle(), std::chrono::minutes(1)));
}

Transfer::Transfer(std::uint64_t seed, std::size_t keys_in_chunk)
    : scheduler(seed), network(scheduler, seed + 1) {
  metadata_ = std::make_unique<cluster::FixedMetadata>(make_test_view());
  for (const NodeId id : {source_a, source_b, joiner}) {
    hosts_[id] = std::make_unique<TransferHost>(scheduler, network, *metadata_, id);
    hosts_[id]->limits.keys = keys_in_chunk;
    hosts_[id]->start();
  }
  scheduler.run_for(std::chrono::seconds(1));
}

}  // namespace ouro::kv
