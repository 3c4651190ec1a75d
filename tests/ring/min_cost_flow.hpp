// What is the cheapest way to send a flow through a network with capacities and costs?
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ouro::ring {

/// A network whose costs are not negative. Successive shortest paths with potentials (Edmonds and
/// Karp, 1972), many paths for each computation of distances.
class FlowNetwork {
 public:
  explicit FlowNetwork(std::size_t nodes) : edges_of_(nodes) {}

  void add(std::size_t from, std::size_t to, std::int64_t capacity, std::int64_t cost);

  struct Flow {
    std::int64_t amount = 0;
    std::int64_t cost = 0;
  };
  /// The largest flow from `source` to `sink`, and the least it can cost.
  Flow run(std::size_t source, std::size_t sink);

 private:
  struct Edge {
    std::size_t to;
    std::int64_t left;
    std::int64_t cost;
  };

  bool find_distances(std::size_t source, std::size_t sink);
  std::int64_t push(std::size_t at, std::size_t sink, std::int64_t most);

  std::vector<Edge> edges_;  // an edge's reverse is its number with the last bit flipped
  std::vector<std::vector<std::size_t>> edges_of_;
  std::vector<std::int64_t> potential_;
  std::vector<std::int64_t> distance_;
  std::vector<std::size_t> next_edge_;
  std::vector<bool> on_path_;
};

}  // namespace ouro::ring
