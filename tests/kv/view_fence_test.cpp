// Which fence a view of the cluster makes.
#include "kv/view_fence.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/fixed_metadata.hpp"

namespace ouro::kv {
namespace {

TEST_CASE("a node may be written to where it is in a list, and mints once it is registered",
          "[transfer]") {
  cluster::Settings settings;
  settings.cluster = 7;
  settings.arcs = 4;
  settings.defaults.n = 1;
  settings.nodes = {{NodeId(1), "n1", "h1", 1, 2, "z", 1}, {NodeId(2), "n2", "h2", 1, 2, "z", 1}};
  const cluster::FixedMetadata metadata(cluster::first_view(settings));
  ViewFence one(metadata, NodeId(1), false);
  const ViewFence two(metadata, NodeId(2), true);
  for (ring::Arc arc = 0; arc < 4; ++arc) {
    CHECK(one.writable({arc, 1}) != two.writable({arc, 1}));
    CHECK(one.changed_at(arc) == metadata.view()->changed_at(arc));
  }
  CHECK_FALSE(one.may_mint());
  one.open();
  CHECK(one.may_mint());
}

}  // namespace
}  // namespace ouro::kv
