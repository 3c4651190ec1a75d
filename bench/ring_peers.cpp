#include "bench/ring_peers.hpp"

#include "base/random.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <numeric>
#include <set>

namespace ouro::ring {
namespace {

using Lists = std::vector<std::vector<unsigned>>;  // nodes that hold each piece
using Sizes = std::vector<double>;                 // of each piece

double fullest(const Lists& lists, const Sizes& sizes, unsigned nodes) {
  std::vector<double> loads(nodes);
  double total = 0;
  for (std::size_t i = 0; i < lists.size(); ++i) {
    for (const unsigned node : lists[i]) {
      loads[node] += sizes[i];
      total += sizes[i];
    }
  }
  return *std::ranges::max_element(loads) * nodes / total;
}

// Of the size of all pieces together, how much of a list is new.
double moved(const Lists& before, const Lists& after, const Sizes& sizes) {
  double sum = 0;
  for (std::size_t i = 0; i < after.size(); ++i)
    for (const unsigned node : after[i])
      if (std::ranges::find(before[i], node) == before[i].end()) sum += sizes[i];
  return sum;
}

// Nodes join one by one; `lists_of(count)` are the lists of `count` nodes.
template <class ListsOf>
Score grow(const Sizes& sizes, unsigned nodes_first, unsigned nodes_last, unsigned n,
           const ListsOf& lists_of) {
  Score score;
  const double whole = std::accumulate(sizes.begin(), sizes.end(), 0.0);
  Lists before;
  for (unsigned nodes = nodes_first; nodes <= nodes_last; ++nodes) {
    Lists after = lists_of(nodes);
    score.max_over_ideal = std::max(score.max_over_ideal, fullest(after, sizes, nodes));
    // The new node's fair share must move.
    if (!before.empty())
      score.moves_over_bound =
          std::max(score.moves_over_bound, moved(before, after, sizes) * nodes / (whole * n));
    before = std::move(after);
  }
  return score;
}

unsigned jump(std::uint64_t key, unsigned buckets) {
  std::int64_t bucket = -1;
  std::int64_t next = 0;
  while (next < buckets) {
    bucket = next;
    key = key * 2862933555777941757u + 1;
    next = static_cast<std::int64_t>(static_cast<double>(bucket + 1) *
                                     (2147483648.0 / static_cast<double>((key >> 33) + 1)));
  }
  return static_cast<unsigned>(bucket);
}

}  // namespace

Score random_vnodes(unsigned per_node, unsigned nodes_first, unsigned nodes_last, unsigned n) {
  // The tokens of the largest cluster cut the circle; with fewer nodes some cuts do not matter.
  SeededRandom random(per_node);
  std::map<std::uint64_t, unsigned> tokens;
  for (unsigned node = 0; node < nodes_last; ++node)
    for (unsigned i = 0; i < per_node; ++i) tokens.emplace(random.next(), node);
  std::vector<unsigned> owners;
  Sizes sizes;
  std::uint64_t previous = tokens.rbegin()->first;
  for (const auto& [token, node] : tokens) {
    owners.push_back(node);
    sizes.push_back(static_cast<double>(token - previous));  // around the circle for the first
    previous = token;
  }
  return grow(sizes, nodes_first, nodes_last, n, [&](unsigned nodes) {
    Lists lists(owners.size());
    for (std::size_t at = 0; at < owners.size(); ++at) {
      for (std::size_t step = 0; lists[at].size() < n; ++step) {
        const unsigned node = owners[(at + step) % owners.size()];
        if (node < nodes && std::ranges::find(lists[at], node) == lists[at].end())
          lists[at].push_back(node);
      }
    }
    return lists;
  });
}

Score jump_hash(std::uint32_t arcs, unsigned nodes_first, unsigned nodes_last, unsigned n) {
  return grow(Sizes(arcs, 1), nodes_first, nodes_last, n, [&](unsigned nodes) {
    Lists lists(arcs);
    for (std::uint32_t arc = 0; arc < arcs; ++arc) {
      SeededRandom random(arc);
      while (lists[arc].size() < n) {
        const unsigned node = jump(random.next(), nodes);
        if (std::ranges::find(lists[arc], node) == lists[arc].end()) lists[arc].push_back(node);
      }
    }
    return lists;
  });
}

Score riak_diagonal(std::uint32_t arcs, unsigned nodes, unsigned n) {
  Score score;
  std::vector<unsigned> owned(nodes);
  for (std::uint32_t arc = 0; arc < arcs; ++arc) {
    ++owned[arc % nodes];
    std::set<unsigned> list;
    for (unsigned i = 0; i < n; ++i) list.insert(((arc + i) % arcs) % nodes);
    score.short_lists += list.size() < n;
  }
  score.max_over_ideal = riak_published(owned).max_over_ideal;
  return score;
}

Score riak_published(const std::vector<unsigned>& owned) {
  const unsigned arcs = std::accumulate(owned.begin(), owned.end(), 0u);
  Score score;
  score.max_over_ideal = static_cast<double>(*std::ranges::max_element(owned)) *
                         static_cast<double>(owned.size()) / arcs;
  return score;
}

}  // namespace ouro::ring
