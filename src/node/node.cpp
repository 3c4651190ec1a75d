#include "node/node.hpp"

#include "base/check.hpp"
#include "node/scrub.hpp"
#include "node/shard.hpp"
#include "node/storage.hpp"
#include "runtime/reply.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace ouro::node {
namespace {

// The cluster's id and seed: configured, or of an earlier run, or new.
Status settle_cluster(World& world, engine::Db& meta, cluster::Settings& settings) {
  if (settings.cluster != 0) return {};
  const auto known = cluster::read_identity(meta, system_table);
  if (!known) return known.error();
  if (*known) {
    settings.cluster = (*known)->cluster;
    settings.hash_seed = (*known)->hash_seed;
    return {};
  }
  Random& random = world.loop(0).random();
  while (settings.cluster == 0) settings.cluster = random.next();
  settings.hash_seed = random.next();
  return {};
}

}  // namespace

class Node::Impl {
 public:
  Impl(World& world, Storage storage, cluster::View view, const cluster::Identity& identity,
       std::size_t scrub_bytes_per_second)
      : storage_(std::move(storage)),
        identity_(identity),
        metadata_(std::move(view)),
        reader_(*storage_.data, *storage_.read_lane),
        loop_(world.loop(0)),
        scrub_({{"data", *storage_.data}, {"meta", *storage_.meta}}, *storage_.scrub_lane, loop_,
               scrub_bytes_per_second) {
    for (std::size_t i = 0; i < world.loop_count(); ++i)
      shards_.push_back(std::make_unique<Shard>(world.loop(i),
                                                kv::HomeStore::Parts{*storage_.data,
                                                                     reader_,
                                                                     world.loop(i).clock(),
                                                                     {identity.node, identity.boot},
                                                                     i,
                                                                     world.loop_count()}));
  }

  // The databases and lanes go first: with them goes whatever waits for them, while what it refers
  // to still stands.
  ~Impl() {
    storage_.scrub_lane.reset();
    storage_.data.reset();
    storage_.meta.reset();
    storage_.read_lane.reset();
    storage_.commit_lane.reset();
  }

  Status load() {
    for (const auto& shard : shards_)
      if (const Status loaded = shard->home.load(); !loaded) return loaded.error();
    return {};
  }

  void start() {
    for (std::size_t i = 0; i < shards_.size(); ++i)
      shards_[i]->connect(shards_, i, reader_, metadata_, identity_.node);
    for (const auto& shard : shards_) shard->start(*metadata_.view(), identity_.node);
    scrub_.start();
  }

  Task<void> close() {
    Task<void> scrubbed = on_executor(loop_.executor(), scrub_.close());
    co_await std::move(scrubbed);
    for (const auto& shard : shards_) {
      Task<void> closed = on_executor(shard->loop.executor(), shard->close());
      co_await std::move(closed);
    }
  }

  const cluster::Identity& identity() const { return identity_; }
  const cluster::Metadata& metadata() const { return metadata_; }
  Shard& shard(std::size_t loop) { return *shards_.at(loop); }

 private:
  Storage storage_;
  cluster::Identity identity_;
  cluster::FixedMetadata metadata_;
  kv::LocalReader reader_;
  Loop& loop_;  // the first: what a node has only one of runs there
  Scrub scrub_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

Result<std::unique_ptr<Node>> Node::open(World& world, NodeConfig config) {
  Result<Storage> storage = Storage::open(world, config);
  if (!storage) return storage.error();
  if (const Status settled = settle_cluster(world, *storage->meta, config.cluster); !settled)
    return settled.error();
  const cluster::Identity expected{config.cluster.cluster, config.cluster.hash_seed, config.self,
                                   0};

  Result<cluster::View> view = cluster::make_view(std::move(config.cluster));
  if (!view) return view.error();
  if (view->node(config.self) == nullptr)
    return Error{ErrorCode::invalid_argument, "this node is not among the cluster's nodes"};
  const auto identity = cluster::begin_run(*storage->meta, system_table, expected);
  if (!identity) return identity.error();

  auto impl = std::make_unique<Impl>(world, std::move(*storage), std::move(*view), *identity,
                                     config.scrub_bytes_per_second);
  if (const Status loaded = impl->load(); !loaded) return loaded.error();
  return std::unique_ptr<Node>(new Node(std::move(impl)));
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

const cluster::Identity& Node::identity() const { return impl_->identity(); }
const cluster::Metadata& Node::metadata() const { return impl_->metadata(); }
void Node::start() { impl_->start(); }
Task<void> Node::close() { return impl_->close(); }
HttpHandler& Node::http(std::size_t loop) { return *impl_->shard(loop).http; }
kv::Coordinator& Node::coordinator(std::size_t loop) { return *impl_->shard(loop).store; }

}  // namespace ouro::node
