#include "node/node.hpp"

#include "cluster/state_view.hpp"
#include "node/administration.hpp"
#include "node/control.hpp"
#include "node/join.hpp"
#include "node/scrub.hpp"
#include "node/shard.hpp"
#include "node/storage.hpp"
#include "runtime/reply.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

constexpr Duration look_again = 5ms;

// What an empty directory would found by default does not count for one that joined a cluster.
Status settle_founding(NodeConfig& config, const Storage& storage) {
  if (!config.founding || config.founding->cluster != 0) return {};
  const auto known = cluster::read_identity(*storage.meta, system_table);
  if (!known) return known.error();
  if (!*known || (*known)->node == config.self) return {};
  config.founding.reset();
  config.self = NodeId{};
  return {};
}

// What must be right before anything is begun, so that the user hears of it at once.
Status check_config(const NodeConfig& config, const Storage& storage) {
  const auto known = cluster::read_identity(*storage.meta, system_table);
  if (!known) return known.error();
  if (config.founding) {
    cluster::Settings settings = *config.founding;
    if (settings.cluster == 0) settings.cluster = 1;  // drawn or read later
    const Result<cluster::State> state = cluster::found(settings);
    if (!state) return state.error();
    if (member(*state, config.self) == nullptr)
      return Error{ErrorCode::invalid_argument, "this node is not among the cluster's nodes"};
  } else if (!*known && config.seeds.empty()) {
    return Error{ErrorCode::invalid_argument,
                 "the data directory is empty: name a member to --join, or found a cluster"};
  }
  return {};
}

}  // namespace

class Node::Impl {
 public:
  Impl(World& world, NodeConfig config, Storage storage, std::function<void(Error)> failed)
      : world_(world),
        config_(std::move(config)),
        storage_(std::move(storage)),
        failed_(std::move(failed)),
        reader_(*storage_.data, *storage_.read_lane),
        nursery_(world.control().executor(), world.control().clock()) {
    while (run_ == 0) run_ = world.control().random().next();
  }

  // The databases and lanes go first: with them goes whatever waits for them, while what it refers
  // to still stands.
  ~Impl() {
    storage_.scrub_lane.reset();
    storage_.transfer_lane.reset();
    storage_.plan_lane.reset();
    storage_.data.reset();
    storage_.meta.reset();
    storage_.read_lane.reset();
    storage_.commit_lane.reset();
  }

  void start() { nursery_.spawn(live()); }

  Task<Status> ready() { return on_executor(world_.control().executor(), ready_here()); }

  Task<void> close() { return on_executor(world_.control().executor(), close_here()); }

  const cluster::Identity& identity() const { return *identity_; }
  const cluster::Metadata& metadata() const { return control_->metadata(); }
  cluster::Administration& administration() { return *administration_; }
  Shard& shard(std::size_t loop) { return *shards_.at(loop); }

 private:
  Task<void> live() {
    Status begun = co_await begin();
    if (!begun && failed_ && !closing_) failed_(begun.error());
    begun_ = std::move(begun);
  }

  Task<Status> begin() {
    const Result<cluster::Identity> identity =
        co_await settle_identity(world_, storage_, config_, run_, closing_);
    if (!identity) co_return identity.error();
    identity_ = *identity;
    PeerIdentity name{identity_->cluster, identity_->node, identity_->boot};
    const Status listening = co_await world_.start_peers(name);
    if (!listening) co_return listening.error();

    const auto failed = [this](Error why) {
      if (failed_ && !closing_) failed_(std::move(why));
    };
    control_ = std::make_unique<Control>(
        Control::Parts{world_, storage_, config_, *identity_, run_}, failed);
    administration_ =
        std::make_unique<NodeAdministration>(world_.control(), *control_, *storage_.plan_lane);
    const Status part = co_await control_->begin(closing_);
    if (!part) co_return part.error();
    const Status built = build_shards();
    if (!built) co_return built.error();
    for (const auto& shard : shards_) {
      Task<void> started = on_executor(shard->loop.executor(), shard->start());
      co_await std::move(started);
    }
    homes_ = std::make_unique<kv::Homes>(Shard::homes_of(shards_), kv::Homes::nowhere);
    control_->serve(*homes_);
    scrub_.emplace(std::vector<Scrub::Source>{{"data", *storage_.data}, {"meta", *storage_.meta}},
                   *storage_.scrub_lane, world_.control(), config_.scrub_bytes_per_second);
    scrub_->start();
    co_return Status();
  }

  Status build_shards() {
    const Shard::Parts parts{*storage_.data,
                             reader_,
                             *storage_.transfer_lane,
                             control_->metadata(),
                             control_->fence(),
                             *administration_,
                             {identity_->node, identity_->boot},
                             world_.loop_count(),
                             config_.transfer_bytes_per_second};
    for (std::size_t i = 0; i < world_.loop_count(); ++i)
      shards_.push_back(std::make_unique<Shard>(world_.loop(i), i, parts));
    for (const auto& shard : shards_)
      if (const Status loaded = shard->home.load(); !loaded) return loaded.error();
    for (const auto& shard : shards_) shard->connect(shards_);
    return {};
  }

  // A run that cannot be registered yet is not waited for: it reads, and others coordinate writes.
  Task<Status> ready_here() {
    Clock& clock = world_.control().clock();
    while (!begun_) co_await sleep_until(clock, clock.now() + look_again);
    co_return *begun_;
  }

  Task<void> close_here() {
    closing_ = true;
    co_await nursery_.close();
    if (scrub_) co_await scrub_->close();
    if (control_) co_await control_->close();
    for (const auto& shard : shards_) {
      Task<void> closed = on_executor(shard->loop.executor(), shard->close());
      co_await std::move(closed);
    }
  }

  World& world_;
  NodeConfig config_;
  Storage storage_;
  std::function<void(Error)> failed_;
  std::uint64_t run_ = 0;  // names this process
  kv::LocalReader reader_;
  std::optional<cluster::Identity> identity_;
  std::unique_ptr<Control> control_;
  std::unique_ptr<NodeAdministration> administration_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::unique_ptr<kv::Homes> homes_;  // as seen from the control loop
  std::optional<Scrub> scrub_;
  std::optional<Status> begun_;
  bool closing_ = false;
  Nursery nursery_;  // last: what runs in it refers to all of the above
};

Result<std::unique_ptr<Node>> Node::open(World& world, NodeConfig config,
                                         std::function<void(Error)> failed) {
  Result<Storage> storage = Storage::open(world, config);
  if (!storage) return storage.error();
  if (const Status settled = settle_founding(config, *storage); !settled) return settled.error();
  if (const Status checked = check_config(config, *storage); !checked) return checked.error();
  auto impl =
      std::make_unique<Impl>(world, std::move(config), std::move(*storage), std::move(failed));
  return std::unique_ptr<Node>(new Node(std::move(impl)));
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

void Node::start() { impl_->start(); }
Task<Status> Node::ready() { return impl_->ready(); }
Task<void> Node::close() { return impl_->close(); }
const cluster::Identity& Node::identity() const { return impl_->identity(); }
const cluster::Metadata& Node::metadata() const { return impl_->metadata(); }
cluster::Administration& Node::administration() { return impl_->administration(); }
HttpHandler& Node::http(std::size_t loop) { return *impl_->shard(loop).http; }
kv::Coordinator& Node::coordinator(std::size_t loop) { return *impl_->shard(loop).store; }

}  // namespace ouro::node
