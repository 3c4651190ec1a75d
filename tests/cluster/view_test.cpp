#include "cluster/view.hpp"

#include "tests/support/catch.hpp"

namespace ouro::cluster {
namespace {

Settings three_nodes() {
  Settings settings;
  settings.cluster = 1;
  for (std::uint32_t i = 1; i <= 3; ++i)
    settings.nodes.push_back({NodeId(i), "n" + std::to_string(i), "127.0.0.1", 1, 2, "", 1});
  return settings;
}

std::string refusal(const Settings& settings) {
  const Result<View> view = make_view(settings);
  return view ? "" : view.error().message;
}

TEST_CASE("a view finds its nodes by id and by name") {
  const Result<View> view = make_view(three_nodes());
  REQUIRE(view.has_value());
  CHECK(view->node(NodeId(2))->name == "n2");
  CHECK(view->node_named("n3")->id == NodeId(3));
  CHECK(view->node(NodeId(9)) == nullptr);
  CHECK(view->node_named("n9") == nullptr);
  CHECK(view->epoch() == 1);
}

TEST_CASE("replicas are the ring's preference list, for every n") {
  const Result<View> view = make_view(three_nodes());
  REQUIRE(view.has_value());
  for (ring::Arc arc = 0; arc < 256; ++arc)
    for (unsigned n = 1; n <= 3; ++n)
      CHECK(view->replicas(arc, n) == view->ring.preference_list(arc, n));
}

TEST_CASE("settings that do not fit together are refused and named") {
  Settings settings = three_nodes();
  CHECK(refusal(settings).empty());
  settings.nodes[1].id = NodeId(1);
  CHECK(refusal(settings) == "node n2 repeats the id 1");
  settings = three_nodes();
  settings.nodes[1].name = "n1";
  CHECK(refusal(settings) == "two nodes are named n1");
  settings = three_nodes();
  settings.arcs = 100;
  CHECK(refusal(settings).find("power of two") != std::string::npos);
  settings.arcs = 2;
  CHECK(refusal(settings).find("at least 4") != std::string::npos);
  settings = three_nodes();
  settings.defaults.n = 8;
  CHECK(refusal(settings).find("1 to 7") != std::string::npos);
  settings = three_nodes();
  settings.cluster = 0;
  CHECK_FALSE(refusal(settings).empty());
  settings = three_nodes();
  settings.nodes.clear();
  CHECK_FALSE(refusal(settings).empty());
}

}  // namespace
}  // namespace ouro::cluster
