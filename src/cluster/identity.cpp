#include "cluster/identity.hpp"

#include "base/check.hpp"
#include "base/coding.hpp"

#include <limits>
#include <string>
#include <utility>

namespace ouro::cluster {
namespace {

constexpr std::uint8_t format = 2;
constexpr std::uint8_t contacts_format = 1;
constexpr std::size_t contacts_max = 10'000;
const std::string identity_key = "identity";
const std::string contacts_key = "contacts";
// In the clocks table of the data database, whose other keys begin with other letters.
const std::string mark_key = "instance";

std::string encode(const Identity& identity) {
  std::string bytes;
  put_fixed(bytes, format);
  put_fixed(bytes, identity.cluster);
  put_fixed(bytes, identity.hash_seed);
  put_fixed(bytes, to_integer(identity.node));
  put_fixed(bytes, identity.instance);
  put_fixed(bytes, identity.boot);
  return bytes;
}

Result<Identity> decode(std::string_view bytes) {
  Reader reader(bytes);
  const auto version = reader.fixed<std::uint8_t>();
  if (reader.ok() && version != format)
    return Error{ErrorCode::unsupported,
                 "the data directory's identity has format " + std::to_string(version) +
                     " and this build reads " + std::to_string(format) +
                     ": start the ouro that made it, or choose another --data-dir"};
  Identity identity;
  identity.cluster = reader.fixed<std::uint64_t>();
  identity.hash_seed = reader.fixed<std::uint64_t>();
  identity.node = NodeId(reader.fixed<std::uint32_t>());
  identity.instance = reader.fixed<std::uint64_t>();
  identity.boot = reader.fixed<std::uint32_t>();
  if (!reader.finished())
    return Error{ErrorCode::corruption, "the data directory's identity record is damaged"};
  return identity;
}

Status put(engine::Db& db, engine::TableId table, const std::string& key, std::string value) {
  engine::Batch batch;
  batch.put(table, key, std::move(value));
  const auto committed = db.commit_sync(std::move(batch), engine::Durability::disk);
  if (!committed) return committed.error();
  return {};
}

// 0: there is none.
Result<std::uint64_t> read_mark(engine::Db& data, engine::TableId table) {
  const auto stored = data.get(table, mark_key);
  if (!stored) return stored.error();
  if (!*stored) return std::uint64_t{0};
  Reader reader((*stored)->view());
  const auto mark = reader.fixed<std::uint64_t>();
  if (!reader.finished() || mark == 0)
    return Error{ErrorCode::corruption, "the data directory's mark is damaged"};
  return mark;
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

Status write_identity(engine::Db& meta, engine::TableId system, const Identity& identity) {
  const auto stored = read_identity(meta, system);
  if (!stored) return stored.error();
  if (*stored)
    return Error{ErrorCode::exists,
                 "the data directory belongs to a node already: choose another "
                 "--data-dir"};
  return put(meta, system, identity_key, encode(identity));
}

Result<Identity> begin_run(engine::Db& meta, engine::TableId system, std::uint64_t cluster,
                           NodeId node) {
  const auto stored = read_identity(meta, system);
  if (!stored) return stored.error();
  if (!*stored) return Error{ErrorCode::not_found, "the data directory belongs to no node yet"};
  Identity identity = **stored;
  if (cluster != 0 && identity.cluster != cluster)
    return Error{ErrorCode::denied,
                 "the data directory belongs to another cluster: choose another --data-dir"};
  if (node != NodeId{} && identity.node != node)
    return Error{ErrorCode::denied, "the data directory belongs to node " +
                                        std::to_string(to_integer(identity.node)) +
                                        ", not to node " + std::to_string(to_integer(node)) +
                                        ": choose another --data-dir"};
  if (identity.boot == std::numeric_limits<Boot>::max())
    return Error{ErrorCode::unsupported, "this node was started too often: give it a new identity"};
  ++identity.boot;
  if (const Status written = put(meta, system, identity_key, encode(identity)); !written)
    return written.error();
  return identity;
}

Result<std::uint64_t> claim(engine::Db& data, engine::TableId table, std::uint64_t fresh) {
  check(fresh != 0);
  const auto mark = read_mark(data, table);
  if (!mark) return mark.error();
  if (*mark != 0) return *mark;
  std::string bytes;
  put_fixed(bytes, fresh);
  if (const Status written = put(data, table, mark_key, std::move(bytes)); !written)
    return written.error();
  return fresh;
}

Status check_claim(engine::Db& data, engine::TableId table, const Identity& identity) {
  const auto mark = read_mark(data, table);
  if (!mark) return mark.error();
  if (*mark == identity.instance) return {};
  return Error{ErrorCode::denied,
               std::string("the directory's data/ is ") +
                   (*mark == 0 ? "empty, though this node has run before"
                               : "that of another data directory") +
                   ": if its data is lost, start a node with a new --data-dir and --join, and let "
                   "it take this one's place (ouro cluster replace)"};
}

Status write_contacts(engine::Db& meta, engine::TableId system,
                      const std::vector<Contact>& contacts) {
  std::string bytes;
  put_fixed(bytes, contacts_format);
  put_varint(bytes, contacts.size());
  for (const Contact& contact : contacts) {
    put_fixed(bytes, to_integer(contact.node));
    put_sized(bytes, contact.host);
    put_fixed(bytes, contact.port);
  }
  return put(meta, system, contacts_key, std::move(bytes));
}

Result<std::vector<Contact>> read_contacts(engine::Db& meta, engine::TableId system) {
  const auto stored = meta.get(system, contacts_key);
  if (!stored) return stored.error();
  std::vector<Contact> contacts;
  if (!*stored) return contacts;
  Reader reader((*stored)->view());
  const auto version = reader.fixed<std::uint8_t>();
  const std::uint64_t count = reader.varint_up_to(contacts_max);
  for (std::uint64_t i = 0; reader.ok() && i < count; ++i) {
    Contact contact;
    contact.node = NodeId(reader.fixed<std::uint32_t>());
    contact.host = reader.sized();
    contact.port = reader.fixed<std::uint16_t>();
    contacts.push_back(std::move(contact));
  }
  if (version != contacts_format || !reader.finished())
    return Error{ErrorCode::corruption, "the data directory's list of contacts is damaged"};
  return contacts;
}

}  // namespace ouro::cluster
