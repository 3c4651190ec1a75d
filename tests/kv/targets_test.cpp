#include "kv/targets.hpp"

#include "tests/kv/samples.hpp"
#include "tests/support/catch.hpp"

#include <algorithm>

namespace ouro::kv {
namespace {

using Nodes = std::vector<NodeId>;

Reachable all_but(Nodes away) {
  return [away](NodeId node) { return std::find(away.begin(), away.end(), node) == away.end(); };
}

TEST_CASE("a quorum is the majority unless a number is asked for") {
  CHECK(quorum_size(0, 1) == 1);
  CHECK(quorum_size(0, 2) == 2);
  CHECK(quorum_size(0, 3) == 2);
  CHECK(quorum_size(0, 5) == 3);
  CHECK(quorum_size(1, 3) == 1);
}

TEST_CASE("the request's number wins over the bucket's, and the bucket's over the majority") {
  CHECK(*checked_quorum("r", 3, 1, 3) == 3);
  CHECK(*checked_quorum("r", {}, 1, 3) == 1);
  CHECK(*checked_quorum("r", {}, 0, 3) == 2);
}

TEST_CASE("a quorum that the replicas cannot give is refused by name") {
  for (const unsigned w : {0u, 4u}) {
    const Outcome<std::size_t> size = checked_quorum("w", w, 0, 3);
    REQUIRE(size.has_error());
    CHECK(size.error().code == FailureCode::invalid_argument);
    CHECK(size.error().detail.find("w is " + std::to_string(w)) == 0);
    CHECK_FALSE(size.error().retryable);
  }
  const Outcome<std::size_t> bucket = checked_quorum("w", {}, 2, 1);
  REQUIRE(bucket.has_error());
  CHECK(bucket.error().detail.find("bucket") != std::string::npos);
}

TEST_CASE("a read asks itself first, then who is there, then the others") {
  const Nodes list{n0, n1, n2, n3};
  CHECK(order_for_read(list, n2, all_but({n0})) == Nodes{n2, n1, n3, n0});
  CHECK(order_for_read(list, NodeId{99}, all_but({n1, n2})) == Nodes{n0, n3, n1, n2});
  CHECK(order_for_read(list, n2, all_but({n2})) == Nodes{n2, n0, n1, n3});
}

TEST_CASE("a write is coordinated by the first reachable primary") {
  const Nodes list{n0, n1, n2};
  CHECK(write_coordinators(list, n1, all_but({})) == Nodes{n0, n1, n2});
  CHECK(write_coordinators(list, n1, all_but({n0, n1})) == Nodes{n1, n2});
}

TEST_CASE("where no primary is reachable a fallback must coordinate") {
  CHECK(write_coordinators(Nodes{n0, n1}, n3, all_but({n0, n1})).empty());
}

}  // namespace
}  // namespace ouro::kv
