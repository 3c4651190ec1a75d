// Properties of buckets, and the generations that keep the past out of sight.
#include "tests/cluster/state_fixture.hpp"

namespace ouro::cluster {
namespace {

using namespace testing;

BucketProperties properties(unsigned n, unsigned w = 0, std::string placement = "") {
  BucketProperties properties;
  properties.n = n;
  properties.w = w;
  properties.placement = std::move(placement);
  return properties;
}

TEST_CASE("a bucket that lies as by default keeps what was written before it was configured") {
  State state = founded(3);
  done(state, SetBucket{"b", properties(3, 3)});
  CHECK(bucket(state, "b").generation == 1);
  CHECK(bucket(state, "b").w == 3);
  CHECK(bucket(state, "other").w == 0);
  unchanged(state, SetBucket{"b", properties(3, 3)});
  done(state, SetBucket{"b", properties(3, 1)});
  CHECK(bucket(state, "b").w == 1);
}

TEST_CASE("a bucket that lies elsewhere begins empty, and requests of before are fenced") {
  State state = founded(3);
  done(state, SetBucket{"b", properties(2)});
  CHECK(bucket(state, "b").generation == 2);
  for (const Epoch epoch : state.changed_at) CHECK(epoch == state.epoch);
  done(state, SetBucket{"c", properties(3, 0, "/")});
  CHECK(bucket(state, "c").generation == 3);
  CHECK(replica_counts(state) == std::set<unsigned>{2, 3});
}

TEST_CASE("where a configured bucket's data lies cannot change") {
  State state = founded(3);
  done(state, SetBucket{"b", properties(2)});
  CHECK(refused(state, SetBucket{"b", properties(3)}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, SetBucket{"b", properties(2, 0, "/")}).code == ErrorCode::invalid_argument);
}

TEST_CASE("a dropped bucket never sees its past again") {
  State state = founded(3);
  done(state, SetBucket{"b", properties(3, 1)});
  done(state, DropBucket{"b"});
  CHECK(bucket(state, "b").generation == 2);
  CHECK(bucket(state, "b").w == 0);
  for (const Epoch epoch : state.changed_at) CHECK(epoch == state.epoch);
  unchanged(state, DropBucket{"b"});
  CHECK(bucket_properties(state).at("b").generation == 2);
  done(state, SetBucket{"b", properties(3)});  // what was written since is seen
  CHECK(bucket(state, "b").generation == 2);
  done(state, DropBucket{"b"});
  done(state, SetBucket{"b", properties(5)});
  CHECK(bucket(state, "b").generation == 4);
  CHECK(replica_counts(state) == std::set<unsigned>{3, 5});
}

TEST_CASE("properties that make no sense are refused") {
  State state = founded(3);
  CHECK(refused(state, SetBucket{"", properties(3)}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, SetBucket{std::string(257, 'b'), properties(3)}).code ==
        ErrorCode::invalid_argument);
  CHECK(refused(state, SetBucket{"b", properties(0)}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, SetBucket{"b", properties(8)}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, SetBucket{"b", properties(2, 3)}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, SetBucket{"b", properties(2, 0, std::string(65, '/'))}).code ==
        ErrorCode::invalid_argument);
  CHECK(refused(state, DropBucket{"b"}).code == ErrorCode::not_found);
  done(state, SetBucket{"b", properties(7)});  // more than there are nodes
}

TEST_CASE("of the defaults only r and w change") {
  State state = founded(3);
  done(state, SetDefaults{properties(3, 3)});
  CHECK(state.defaults.w == 3);
  CHECK(state.defaults.generation == 1);
  unchanged(state, SetDefaults{properties(3, 3)});
  CHECK(refused(state, SetDefaults{properties(2)}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, SetDefaults{properties(3, 0, "/")}).code == ErrorCode::invalid_argument);
  CHECK(refused(state, SetDefaults{properties(3, 4)}).code == ErrorCode::invalid_argument);
}

}  // namespace
}  // namespace ouro::cluster
