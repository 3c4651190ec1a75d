// Who this data directory belongs to, and how often it was started.
#pragma once

#include "base/node_id.hpp"
#include "base/result.hpp"
#include "engine/db.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ouro::cluster {

/// Kept in the `system` table of the metadata database from the first start on.
struct Identity {
  std::uint64_t cluster = 0;
  std::uint64_t hash_seed = 0;
  NodeId node{};
  /// Names the data directory: drawn when it is first used, never 0. The data database bears it
  /// too, so that a directory that lost one of the two is not taken for whole.
  std::uint64_t instance = 0;
  Boot boot = 0;  ///< 0 before the first start; another for every run.
};

/// What the directory says, or nothing on its first start.
Result<std::optional<Identity>> read_identity(engine::Db& meta, engine::TableId system);

/// Makes an identity durable in a directory that has none. Error exists if it has one.
Status write_identity(engine::Db& meta, engine::TableId system, const Identity& identity);

/// Begins a run: takes the next boot number and makes it durable before it returns, so that no dot
/// of an earlier run is ever minted again. Errors: not_found if the directory has no identity;
/// denied if it belongs to another cluster than `cluster` or another node than `node` (where these
/// are not 0).
Result<Identity> begin_run(engine::Db& meta, engine::TableId system, std::uint64_t cluster,
                           NodeId node);

/// What names the data directory: the mark that its data database bears, or `fresh` (random, not
/// 0), durably written there, if it bears none. Before write_identity(): so whoever has an identity
/// has had the mark.
Result<std::uint64_t> claim(engine::Db& data, engine::TableId table, std::uint64_t fresh);

/// Error denied if the data database bears another mark than the identity names, or none: it lost
/// its data, or parts of two directories were mixed up.
Status check_claim(engine::Db& data, engine::TableId table, const Identity& identity);

/// Whom a node that joined may talk to until the metadata log tells it: host and peer port of each.
struct Contact {
  NodeId node{};
  std::string host;
  std::uint16_t port = 0;
};
Status write_contacts(engine::Db& meta, engine::TableId system,
                      const std::vector<Contact>& contacts);
Result<std::vector<Contact>> read_contacts(engine::Db& meta, engine::TableId system);

}  // namespace ouro::cluster
