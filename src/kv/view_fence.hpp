// The fence that the newest view of the cluster makes.
#pragma once

#include "cluster/view.hpp"
#include "kv/fence.hpp"

#include <atomic>

namespace ouro::kv {

/// Borrows the metadata. For all loops.
class ViewFence final : public Fence {
 public:
  ViewFence(const cluster::Metadata& metadata, NodeId self, bool registered)
      : metadata_(metadata), self_(self), registered_(registered) {}

  /// This run is registered: from now on it may mint dots.
  void open() { registered_.store(true); }

  Epoch changed_at(ring::Arc arc) const override { return metadata_.view()->changed_at(arc); }
  bool may_mint() const override { return registered_.load(); }
  bool writable(ArcId arc) const override {
    const auto view = metadata_.view();
    return view->replicas(arc.arc, arc.n).contains(self_);
  }

 private:
  const cluster::Metadata& metadata_;
  NodeId self_;
  std::atomic<bool> registered_;
};

}  // namespace ouro::kv
