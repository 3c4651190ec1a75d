// What a node knows of the cluster: one immutable value per epoch.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "ring/preference_table.hpp"
#include "ring/ring.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::cluster {

/// A member and how to reach it.
struct Node {
  NodeId id{};
  std::string name;  ///< What people call it, such as "n1"; unique.
  std::string host;  ///< Where both of its ports are, as other members and clients reach it.
  std::uint16_t http_port = 0;
  std::uint16_t peer_port = 0;
  std::string zone;
  std::uint32_t weight = 1;
};

/// How a bucket keeps its keys. 0 for r, w means a majority of the replicas there are.
struct BucketProperties {
  unsigned n = 3;
  unsigned r = 0;
  unsigned w = 0;
  std::uint64_t generation =
      1;                  ///< A bucket dropped and made again gets another: see storage keys.
  std::string placement;  ///< The delimiter of ring::placement_part; empty: the whole key.
};

/// The state of the cluster at one epoch. Immutable, shared by all loops of a node.
struct View {
  std::uint64_t cluster = 0;    ///< The cluster's id: nodes of different ones never talk.
  std::uint64_t hash_seed = 0;  ///< Of tokens; the same for the cluster's whole life.
  ring::Ring ring;              ///< Its epoch() is the view's.
  std::vector<Node> nodes;      ///< Sorted by id.
  BucketProperties defaults;    ///< Of a bucket that was never configured.
  ring::PreferenceTable lists;  ///< For defaults.n.

  Epoch epoch() const { return ring.epoch(); }
  /// Null if there is no such member.
  const Node* node(NodeId id) const;
  const Node* node_named(std::string_view name) const;
  const BucketProperties& bucket(std::string_view) const { return defaults; }
  /// The nodes that hold an arc for buckets with `n` replicas, primary first.
  std::vector<NodeId> replicas(ring::Arc arc, unsigned n) const;
};

/// Where the view comes from. Members are fixed by configuration at present; a replicated log will
/// stand behind the same interface. view() may be called from any thread.
class Metadata {
 public:
  virtual ~Metadata() = default;
  virtual std::shared_ptr<const View> view() const = 0;
};

/// Members that a configuration named, at epoch 1.
class FixedMetadata final : public Metadata {
 public:
  explicit FixedMetadata(View view) : view_(std::make_shared<const View>(std::move(view))) {}
  std::shared_ptr<const View> view() const override { return view_; }

 private:
  std::shared_ptr<const View> view_;
};

/// What a configuration says of the cluster.
struct Settings {
  std::uint64_t cluster = 0;  ///< Not zero.
  std::uint64_t hash_seed = 0;
  std::uint32_t arcs = ring::arc_count_default;
  BucketProperties defaults;
  std::vector<Node> nodes;
};

/// The first view of a cluster, or Error invalid_argument that names what does not fit (no nodes,
/// repeated ids or names, zero ids, a number of arcs that is no power of two, n out of 1..7).
Result<View> make_view(Settings settings);

}  // namespace ouro::cluster
