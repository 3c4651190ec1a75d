// The ring and the place of a key on it, as JSON.
#pragma once

#include "api/respond.hpp"
#include "api/router.hpp"
#include "cluster/administration.hpp"
#include "cluster/view.hpp"
#include "runtime/peers.hpp"

namespace ouro::api {

/// Answers from what this node knows, and asks nobody. For use on the loop of its peers; what it is
/// given outlives it.
class RingRoutes {
 public:
  RingRoutes(const cluster::Metadata& metadata, const cluster::Administration& administration,
             const Peers& peers, const Clock& clock, NodeId self)
      : metadata_(metadata),
        administration_(administration),
        peers_(peers),
        clock_(clock),
        self_(self) {}

  HttpResponse ring(const Asked& asked) const;
  HttpResponse locate(const kv::KeyName& name, const Asked& asked) const;

 private:
  bool reachable(NodeId node) const { return node == self_ || peers_.reachable(node); }

  const cluster::Metadata& metadata_;
  const cluster::Administration& administration_;
  const Peers& peers_;
  const Clock& clock_;
  NodeId self_;
};

}  // namespace ouro::api
