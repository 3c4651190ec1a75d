// Cores on a network and disks that a seed spoils, and everything that must stay true of them.
#pragma once

#include "raft/core.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ouro::raft {

/// How much goes wrong, in one of so many; 0: never.
struct Weather {
  unsigned loss = 12, duplicate = 20, late = 4;
  unsigned crash = 300, partition = 200, change = 60, compact = 40, transfer = 150;
};

/// Time passes in steps. Throws std::runtime_error when something is seen that must not be: two
/// leaders of a term, logs that differ where they must not, a promise that is not durable, a read
/// that misses a write, ...
class FakeCluster {
 public:
  /// Nodes 1..founders found the group; the others of 1..nodes are started empty.
  FakeCluster(std::uint64_t seed, unsigned founders, unsigned nodes);

  void run(unsigned steps, const Weather& weather);
  /// Ends all trouble, then expects a leader, a commit, and equal members soon.
  void heal_and_settle();

  std::size_t commits() const { return committed_.size(); }
  std::size_t confirmed_reads() const { return confirmed_reads_; }
  std::size_t elections() const { return leaders_.size(); }
  std::size_t snapshots_installed() const { return snapshots_installed_; }
  std::size_t changes_done() const { return changes_done_; }

 private:
  struct Disk {
    HardState hard;
    Snapshot snapshot;
    std::map<Index, Entry> entries;
    void write(const Ready& ready);
    Stored load() const;
  };
  struct Node {
    NodeId id{};
    Disk cached, durable;
    std::unique_ptr<SeededRandom> random;
    std::unique_ptr<Core> core;
    std::optional<Ready> saving;
    unsigned saved_in = 0;
    unsigned rate = 100, clock = 0, down_for = 0;
    std::uint64_t state = 0;  ///< Hash of the commands applied.
    Index commit_seen = 0;
    std::map<std::uint64_t, Index> reads;  ///< Id to what it must see.
  };
  struct Flying {
    unsigned due;
    Packet packet;
    bool reports;  ///< Its sender awaits snapshot_ended.
  };
  struct Decision {
    Term term;    ///< The entry's.
    Term leader;  ///< In which it was committed.
  };
  struct Written {
    std::string data;
    Term before;
  };

  void boot(Node& node);
  void crash(Node& node);
  void step(const Weather& weather);
  void trouble(const Weather& weather);
  void work(const Weather& weather);
  void deliver(const Weather& weather);
  void arrive(Flying flying, bool lost);
  void write(Node& node);
  void save(Node& node);
  void pump(Node& node);
  void launch(Node& node, Packet packet);
  void apply(Node& node);
  void check_packet(const Node& node, const Packet& packet);
  void check_node(Node& node);
  void check_written(Index index, Term before, const Entry& entry);
  void check_leader(const Node& node);
  Node* leader();
  Index highest_commit() const;
  bool settled();
  std::string describe() const;
  bool reached(NodeId from, NodeId to) const { return !cuts_.contains({from, to}); }
  bool chance(unsigned one_in) { return one_in > 0 && random_.one_in(one_in); }
  [[noreturn]] void fail(const std::string& what) const;

  SeededRandom random_;
  Weather weather_;
  unsigned now_ = 0;
  std::vector<Node> nodes_;
  CoreOptions options_;
  std::vector<Flying> flying_;
  std::set<std::pair<NodeId, NodeId>> cuts_;
  std::uint64_t last_command_ = 0, last_read_ = 0;

  std::map<Term, NodeId> leaders_;
  std::map<std::pair<NodeId, Term>, NodeId> votes_;
  std::map<std::pair<Index, Term>, Written> written_;
  std::map<Index, Decision> committed_;
  std::map<Index, std::uint64_t> states_;  ///< After applying that index.
  std::size_t confirmed_reads_ = 0, snapshots_installed_ = 0, changes_done_ = 0;
};

}  // namespace ouro::raft
