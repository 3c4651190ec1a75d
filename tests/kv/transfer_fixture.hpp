// A few stores over real engines in the simulator, and what tests of moving arcs do with them.
#pragma once

#include "kv/home_store.hpp"
#include "kv/local_reader.hpp"
#include "kv/transfer_receiver.hpp"
#include "kv/transfer_source.hpp"
#include "sim/machine.hpp"
#include "sim/network.hpp"
#include "sim/run.hpp"
#include "sim/scheduler.hpp"
#include "tests/support/fixed_metadata.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ouro::kv {

constexpr ArcId arc1{1, 3};       ///< The arc that moves: of four, for buckets with three replicas.
constexpr ArcId other_n{1, 2};    ///< The same tokens, counted apart.
constexpr Epoch fence_epoch = 5;  ///< At which writing to both lists began.
constexpr NodeId source_a{1}, source_b{2}, joiner{3};

class TestFence final : public Fence {
 public:
  Epoch changed_at(ring::Arc) const override { return epoch; }
  bool may_mint() const override { return mints; }
  bool writable(ArcId) const override { return writes; }

  Epoch epoch = fence_epoch;
  bool mints = true;
  bool writes = true;
};

/// The data key of "k<number>" in arc 1; keys sort as their numbers do.
std::string key_of(unsigned number);

/// A write on its way from its coordinator.
struct SentFrame {
  std::string data_key;
  Frame frame;
};

/// One node with one store.
class TransferHost final : public PeerHandler {
 public:
  TransferHost(sim::Scheduler& scheduler, sim::Network& network, const cluster::Metadata& metadata,
               NodeId id);
  ~TransferHost() override;

  void start();
  void kill();
  void power_loss(sim::CrashPolicy policy = {});
  bool running() const { return life_ != nullptr; }

  HomeStore& home() { return *life_->home; }
  TransferSource& source() { return *life_->source; }
  TransferReceiver& receiver() { return *life_->receiver; }
  engine::Db& db() { return *life_->db; }
  sim::Machine& machine() { return machine_; }
  sim::SimWorld& world() { return machine_.world(); }

  /// Runs a task of this node to its end.
  template <class T>
  T run(Task<T> task, Duration limit = std::chrono::minutes(5)) {
    std::optional<T> result = sim::run(scheduler_, world().life(), std::move(task), limit);
    check(result.has_value());
    return std::move(*result);
  }
  template <class T>
  std::shared_ptr<const std::optional<T>> begin(Task<T> task) {
    return sim::start(scheduler_, world().life(), std::move(task));
  }

  SentFrame put(unsigned key, std::string value, const std::optional<DotSet>& context = {});
  SentFrame remove(unsigned key, const std::optional<DotSet>& context = {});
  LocalWrite write_of(unsigned key, std::optional<std::string> value,
                      const std::optional<DotSet>& context = {}) const;
  Status deliver(const SentFrame& sent, Epoch epoch = never_stale);
  LocalObject read(unsigned key);
  std::vector<std::string> values(unsigned key);
  DotSet clock();  ///< Durable.
  ContentSum content();
  PullOrder order(NodeId from, Duration time = std::chrono::minutes(2));
  Result<Pulled> pull(NodeId from, Duration time = std::chrono::minutes(2));
  std::size_t rows(engine::TableId table);
  void settle();

  Task<Message> answer(NodeId from, Message request, Instant deadline) override;

  NodeId id;
  TestFence fence;
  ScanLimits limits;
  TransferSourceLimits source_limits;
  std::uint64_t bytes_per_second = 0;
  std::size_t memtable_bytes = 64 << 10;
  std::function<void(const Message&)> on_request;  ///< Sees what comes in.
  std::function<void(Message&)> on_answer;         ///< May change what goes out.
  std::map<std::uint16_t, unsigned> requests;      ///< By kind.

 private:
  // In the reverse of the order in which they have to go.
  struct Life {
    std::unique_ptr<Lane> commit, work, reads, bulk;
    std::unique_ptr<RateLimiter> governor;
    std::unique_ptr<LocalReader> reader;
    std::unique_ptr<HomeStore> home;
    std::unique_ptr<TransferSource> source;
    std::unique_ptr<TransferReceiver> receiver;
    std::unique_ptr<engine::Db> db;
  };

  sim::Scheduler& scheduler_;
  const cluster::Metadata& metadata_;
  sim::Machine machine_;
  Boot boot_ = 0;
  std::unique_ptr<Life> life_;
};

/// Two replicas of arc 1 and a node that joins.
class Transfer {
 public:
  explicit Transfer(std::uint64_t seed = 1, std::size_t keys_in_chunk = 4);

  TransferHost& host(NodeId id) { return *hosts_.at(id); }
  TransferHost& a() { return host(source_a); }
  TransferHost& b() { return host(source_b); }
  TransferHost& j() { return host(joiner); }

  sim::Scheduler scheduler;
  sim::Network network;

 private:
  std::unique_ptr<cluster::FixedMetadata> metadata_;
  std::map<NodeId, std::unique_ptr<TransferHost>> hosts_;
};

}  // namespace ouro::kv
