#include "tests/ring/min_cost_flow.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

namespace ouro::ring {
namespace {
constexpr std::int64_t far = std::numeric_limits<std::int64_t>::max() / 4;
}

void FlowNetwork::add(std::size_t from, std::size_t to, std::int64_t capacity, std::int64_t cost) {
  edges_of_[from].push_back(edges_.size());
  edges_.push_back({to, capacity, cost});
  edges_of_[to].push_back(edges_.size());
  edges_.push_back({from, 0, -cost});
}

FlowNetwork::Flow FlowNetwork::run(std::size_t source, std::size_t sink) {
  potential_.assign(edges_of_.size(), 0);
  Flow flow;
  while (find_distances(source, sink)) {
    const std::int64_t to_sink = distance_[sink];
    for (std::size_t i = 0; i < potential_.size(); ++i)
      potential_[i] += std::min(distance_[i], to_sink);
    next_edge_.assign(edges_of_.size(), 0);
    on_path_.assign(edges_of_.size(), false);
    const std::int64_t amount = push(source, sink, far);
    flow.amount += amount;
    flow.cost += amount * (potential_[sink] - potential_[source]);
  }
  return flow;
}

bool FlowNetwork::find_distances(std::size_t source, std::size_t sink) {
  using Entry = std::pair<std::int64_t, std::size_t>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  distance_.assign(edges_of_.size(), far);
  distance_[source] = 0;
  queue.emplace(0, source);
  while (!queue.empty()) {
    const auto [distance, at] = queue.top();
    queue.pop();
    if (distance > distance_[at]) continue;
    for (const std::size_t number : edges_of_[at]) {
      const Edge& edge = edges_[number];
      if (edge.left == 0) continue;
      const std::int64_t there = distance + edge.cost + potential_[at] - potential_[edge.to];
      if (there >= distance_[edge.to]) continue;
      distance_[edge.to] = there;
      queue.emplace(there, edge.to);
    }
  }
  return distance_[sink] < far;
}

// Along edges of no reduced cost. Each node looks at each of its edges once a round.
std::int64_t FlowNetwork::push(std::size_t at, std::size_t sink, std::int64_t most) {
  if (at == sink) return most;
  on_path_[at] = true;
  std::int64_t sent = 0;
  for (; next_edge_[at] < edges_of_[at].size(); ++next_edge_[at]) {
    const std::size_t number = edges_of_[at][next_edge_[at]];
    Edge& edge = edges_[number];
    const bool shortest = edge.cost + potential_[at] - potential_[edge.to] == 0;
    if (edge.left == 0 || !shortest || on_path_[edge.to]) continue;
    const std::int64_t amount = push(edge.to, sink, std::min(most - sent, edge.left));
    edge.left -= amount;
    edges_[number ^ 1].left += amount;
    sent += amount;
    if (sent == most) break;
  }
  on_path_[at] = false;
  return sent;
}

}  // namespace ouro::ring
