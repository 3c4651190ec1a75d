#include "cluster/identity.hpp"

#include "base/coding.hpp"

#include <limits>
#include <string>
#include <utility>

namespace ouro::cluster {
namespace {

constexpr std::uint8_t format = 1;
const std::string identity_key = "identity";

std::string encode(const Identity& identity) {
  std::string bytes;
  put_fixed(bytes, format);
  put_fixed(bytes, identity.cluster);
  put_fixed(bytes, identity.hash_seed);
  put_fixed(bytes, to_integer(identity.node));
  put_fixed(bytes, identity.boot);
  return bytes;
}

Result<Identity> decode(std::string_view bytes) {
  Reader reader(bytes);
  const auto version = reader.fixed<std::uint8_t>();
  if (reader.ok() && version != format)
    return Error{ErrorCode::unsupported, "the data directory's identity has format " +
                                             std::to_string(version) + ": start a newer ouro"};
  Identity identity;
  identity.cluster = reader.fixed<std::uint64_t>();
  identity.hash_seed = reader.fixed<std::uint64_t>();
  identity.node = NodeId(reader.fixed<std::uint32_t>());
  identity.boot = reader.fixed<std::uint32_t>();
  if (!reader.finished())
    return Error{ErrorCode::corruption, "the data directory's identity record is damaged"};
  return identity;
}

}  // namespace

Result<std::optional<Identity>> read_identity(engine::Db& meta, engine::TableId system) {
  const auto stored = meta.get(system, identity_key);
  if (!stored) return stored.error();
  if (!*stored) return std::optional<Identity>();
  const Result<Identity> identity = decode((*stored)->view());
  if (!identity) return identity.error();
  return std::optional(*identity);
}

Result<Identity> begin_run(engine::Db& meta, engine::TableId system, const Identity& expected) {
  const auto stored = read_identity(meta, system);
  if (!stored) return stored.error();
  Identity identity = expected;
  identity.boot = 0;
  if (*stored) {
    const Identity& found = **stored;
    if (found.cluster != expected.cluster || found.hash_seed != expected.hash_seed)
      return Error{ErrorCode::denied,
                   "the data directory belongs to another cluster: choose another --data-dir"};
    if (found.node != expected.node)
      return Error{ErrorCode::denied,
                   "the data directory belongs to node " + std::to_string(to_integer(found.node)) +
                       ", not to node " + std::to_string(to_integer(expected.node)) +
                       ": choose another --data-dir"};
    identity.boot = found.boot;
  }
  if (identity.boot == std::numeric_limits<Boot>::max())
    return Error{ErrorCode::unsupported, "this node was started too often: give it a new identity"};
  ++identity.boot;

  engine::Batch batch;
  batch.put(system, identity_key, encode(identity));
  const auto committed = meta.commit_sync(std::move(batch), engine::Durability::disk);
  if (!committed) return committed.error();
  return identity;
}

}  // namespace ouro::cluster
