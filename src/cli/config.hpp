// What does a configuration file say?
//
// Pure: text in, values out. Keys that are unknown are refused, for a misspelt setting that is
// ignored costs more than a start that fails.
#pragma once

#include "base/result.hpp"
#include "cluster/view.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::cli {

/// Where a member of a cluster listens for other nodes.
struct PeerPlace {
  std::string host;
  std::uint16_t port = 7170;

  bool operator==(const PeerPlace&) const = default;
};

/// All that `ouro serve` can be told. What is absent keeps its default.
struct Config {
  /// Of [cluster] and the [[node]] tables: the cluster that this node is a founder of. No nodes: it
  /// joins one, or did so before.
  cluster::Settings cluster;
  std::string self;  ///< The name of this node among them.
  /// Of a node that no [[node]] table describes; the id is 0, an empty name is chosen by the
  /// cluster, an empty host is the address that is bound.
  cluster::Node alone;
  std::vector<PeerPlace> join;  ///< Members to ask to be let in.
  std::string data_dir = "./ouro-data";
  std::optional<std::string> bind;   ///< An address of this machine; default: the node's host.
  bool insecure = false;             ///< Other addresses than loopback are accepted.
  std::optional<std::size_t> loops;  ///< Event loops; default: one per core.
  std::string log_level = "info";
  std::size_t memory_mib = 512;
  std::size_t memtable_mib = 64;
  std::size_t scrub_mib_per_second = 8;  ///< 0: what is on disk is not read over for damage.

  bool founds() const { return !cluster.nodes.empty(); }
  /// How this node is described to others.
  const cluster::Node& node() const;
};

/// A file without [cluster], [[node]] and self describes this node alone. Errors: invalid_argument,
/// with `file`, the line and what to write instead.
Result<Config> parse_config(std::string_view text, const std::string& file);

/// A configuration file that parse_config() reads back to the same values.
std::string render_config(const Config& config);

/// The same for a file that has [cluster] and [[node]] only: a cluster without the view of one of
/// its nodes.
Result<cluster::Settings> parse_cluster(std::string_view text, const std::string& file);
std::string render_cluster(const cluster::Settings& settings);

/// 1 to 16 hexadecimal digits, as cluster ids and seeds are written.
std::optional<std::uint64_t> parse_hex(std::string_view text);

/// "HOST:PORT", "[::1]:PORT" or "HOST", for which the port is 7170. Error invalid_argument.
Result<PeerPlace> parse_peer_place(const std::string& text);

/// True for addresses that stand for all of a machine's, and that nobody can dial.
bool is_wildcard(std::string_view host);

/// True for addresses that no other machine can reach: 127.0.0.0/8, ::1 and localhost.
bool is_loopback(std::string_view host);

}  // namespace ouro::cli
