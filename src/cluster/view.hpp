// What a node knows of the cluster: one immutable value per epoch.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "ring/preference_table.hpp"
#include "ring/ring.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
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

/// How far an arc has come on its way from the owners of before a change to those after it. A list
/// comes from the whole table of before or the whole table of after: a walk over a half-changed one
/// would meet nodes that have no data.
enum class ArcPhase : std::uint8_t {
  before,      ///< The list is the old one.
  write_both,  ///< Reads ask the old list; writes go to both and need a quorum of each.
  read_new,    ///< Reads ask the new list; writes as before.
  after,       ///< The list is the new one.
};

/// Who holds an arc for buckets with one N. Primaries first; views of the View that gave them.
struct Replicas {
  std::span<const NodeId> reads;  ///< Whose quorum a read needs.
  std::span<const NodeId>
      writes;                     ///< Whose quorum a write needs. The same but for order and phase.
  std::span<const NodeId> joint;  ///< Whose quorum a write needs too; empty: nobody's.

  bool contains(NodeId node) const;
};

/// What a View is made of.
struct ViewParts {
  std::uint64_t cluster = 0;    ///< The cluster's id: nodes of different ones never talk.
  std::uint64_t hash_seed = 0;  ///< Of tokens; the same for the cluster's whole life.
  ring::Ring ring;              ///< Who owns the arcs. Its epoch() is the view's.
  std::vector<Node> nodes;      ///< All members, also those that own nothing. Sorted by id.
  BucketProperties defaults;    ///< Of a bucket that was never configured.
  std::map<std::string, BucketProperties, std::less<>> buckets = {};
  /// While a change runs: who will own the arcs (as many), and how far each has come.
  std::optional<ring::Ring> target = {};
  std::vector<ArcPhase> phases = {};
  std::vector<Epoch> changed_at = {};  ///< By arc; empty: none ever changed.
};

/// The state of the cluster at one epoch. Immutable, shared by all loops of a node.
class View {
 public:
  /// Walking the tables is most of the work of making a view: where `previous` has equal tables its
  /// lists are taken over.
  explicit View(ViewParts parts, const View* previous = nullptr);

  Epoch epoch() const { return parts_.ring.epoch(); }
  std::uint64_t cluster() const { return parts_.cluster; }
  std::uint64_t hash_seed() const { return parts_.hash_seed; }
  const ring::Ring& ring() const { return parts_.ring; }
  const std::optional<ring::Ring>& target() const { return parts_.target; }
  ring::Arc arc_of(ring::Token token) const { return parts_.ring.arc_of(token); }

  std::span<const Node> nodes() const { return parts_.nodes; }
  /// Null if there is no such member.
  const Node* node(NodeId id) const;
  const Node* node_named(std::string_view name) const;

  const BucketProperties& bucket(std::string_view name) const;
  const BucketProperties& defaults() const { return parts_.defaults; }
  /// The replica counts that buckets have, ascending.
  std::vector<unsigned> counts() const;

  /// Empty lists if no bucket has `n` replicas.
  Replicas replicas(ring::Arc arc, unsigned n) const;
  ArcPhase phase(ring::Arc arc) const;
  /// A request about the arc that began at an earlier epoch may have asked the wrong nodes.
  Epoch changed_at(ring::Arc arc) const;

 private:
  using Lists = std::map<unsigned, std::shared_ptr<const ring::PreferenceTable>>;  // by n

  Lists walk(const ring::Ring& ring, const ring::Ring* before, const Lists* known) const;

  ViewParts parts_;
  Lists lists_;
  Lists target_lists_;  // empty: no change runs
};

/// Where the view comes from. view() may be called from any thread, and gives the newest one that
/// this node knows: never an older one than before.
class Metadata {
 public:
  virtual ~Metadata() = default;
  virtual std::shared_ptr<const View> view() const = 0;
};

/// What a configuration says of the cluster.
struct Settings {
  std::uint64_t cluster = 0;  ///< Not zero.
  std::uint64_t hash_seed = 0;
  std::uint32_t arcs = ring::arc_count_default;
  BucketProperties defaults;
  std::vector<Node> nodes;
};

}  // namespace ouro::cluster
