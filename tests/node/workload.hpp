// What simulated clients do, and what must be true afterwards.
#pragma once

#include "tests/node/sim_cluster.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace ouro::node {

/// Clients that write to four kinds of keys, through random nodes, and remember what they were
/// told:
///
///  - once: written once, never again. Acknowledged: must be there, byte for byte.
///  - gone: written, read, deleted with the context read. Delete acknowledged: must never be back.
///  - set: read, merged, written back with the context, by all clients at once. Whatever any client
///    added and had acknowledged must be in the union of what is there.
///  - shared: overwritten without contexts by all clients. Must hold only what somebody wrote.
class Workload {
 public:
  Workload(SimCluster& cluster, std::uint64_t seed);

  /// Clients work for `time`; ends when all have ended.
  void run(unsigned clients, Duration time);

  /// After healing: reads every key at all replicas through every node until each node agrees, and
  /// returns what is wrong, a sentence each.
  std::vector<std::string> verify();

  std::size_t acknowledged() const { return acknowledged_; }
  std::size_t operations() const { return operations_; }

 private:
  using Values = std::set<std::string>;

  Task<void> client(unsigned id, Instant end);
  Task<void> write_once(std::string id);
  Task<void> write_and_remove(std::string id);
  Task<void> add_to_set(std::string id);
  Task<void> overwrite(std::string id);
  NodeId some_node();
  std::string padded(const std::string& id);

  Task<bool> converge(std::string key, Values* values);
  Task<void> verify_key(std::string key);
  void verify_values(const std::string& key, const Values& values);
  Task<void> verify_all();

  SimCluster& cluster_;
  SeededRandom random_;
  unsigned clients_ = 0;
  std::size_t operations_ = 0;
  std::size_t acknowledged_ = 0;
  std::map<std::string, std::string> once_;  // key -> value, acknowledged
  std::set<std::string> gone_;               // keys whose delete was acknowledged
  std::map<std::string, Values> sets_;       // key -> ids acknowledged
  std::map<std::string, Values> written_;    // key -> everything anybody tried to write
  std::vector<std::string> wrong_;
};

}  // namespace ouro::node
