// What is still to be told to others, and how often it was told.
#pragma once

#include "base/node_id.hpp"

#include <cstddef>
#include <vector>

namespace ouro::cluster::swim {

/// News about members, at most one piece each: who sends it looks up what is known by then. What
/// was told least goes first, and what was told often enough goes away (SWIM's infection-style
/// dissemination: Das, Gupta, Motivala 2002, section 4.1).
class Rumours {
 public:
  /// There is news about `node`; earlier news about it is out of date.
  void add(NodeId node);
  void remove(NodeId node);
  bool empty() const { return rumours_.empty(); }
  std::size_t size() const { return rumours_.size(); }

  /// About whom to tell next, least told first, ties by who was added first.
  std::vector<NodeId> next() const;
  /// It was told once more; `limit` times are enough.
  void told(NodeId node, unsigned limit);

 private:
  struct Rumour {
    NodeId node;
    unsigned told;
  };
  std::vector<Rumour> rumours_;  // in the order in which they were added
};

}  // namespace ouro::cluster::swim
