#include "node/storage.hpp"

#include "kv/tables.hpp"

#include <string>
#include <utility>
#include <vector>

namespace ouro::node {
namespace {

// Metadata is small: a few kilobytes and a change now and then.
constexpr std::size_t meta_memtable_bytes = std::size_t{4} << 20;
constexpr std::size_t meta_memory_bytes = std::size_t{32} << 20;
// The second one works only while compaction falls behind.
constexpr std::size_t compaction_lanes_max = 2;

}  // namespace

Result<std::unique_ptr<engine::Db>> open_meta(FileSystem& files, const std::string& directory,
                                              std::uint64_t identity, Lane& commit,
                                              Lane& background) {
  engine::Options meta;
  meta.directory = directory + "/meta";
  meta.identity = identity;
  meta.tables = {{"system", false}, {"raft", false}};
  meta.memtable_bytes = meta_memtable_bytes;
  meta.memory_bytes = meta_memory_bytes;
  return engine::Db::open(std::move(meta), files, {commit, background, background});
}

Result<Storage> Storage::open(World& world, const NodeConfig& config) {
  FileSystem& files = world.files();
  if (const Status made = files.create_directory(config.directory); !made) return made.error();
  // The directory's own name must last as long as what is acknowledged inside of it.
  if (const Status synced = files.sync_directory(directory_of(config.directory)); !synced)
    return synced.error();
  if (const Status checked = files.check_private(config.directory); !checked)
    return checked.error();

  Storage storage;
  storage.commit_lane = world.make_lane("commit");
  storage.flush_lane = world.make_lane("flush");
  std::vector<Lane*> compaction;
  for (std::size_t lane = 0; lane < compaction_lanes_max; ++lane) {
    storage.compaction_lanes.push_back(world.make_lane("compact-" + std::to_string(lane)));
    compaction.push_back(storage.compaction_lanes.back().get());
  }
  storage.read_lane = world.make_lane("read");
  storage.meta_lane = world.make_lane("meta-commit");
  storage.meta_background = world.make_lane("meta-compact");
  storage.scrub_lane = world.make_lane("scrub");
  storage.transfer_lane = world.make_lane("transfer");
  storage.plan_lane = world.make_lane("plan");

  auto meta_db = open_meta(files, config.directory, world.loop(0).random().next(),
                           *storage.meta_lane, *storage.meta_background);
  if (!meta_db) return meta_db.error();
  storage.meta = std::move(*meta_db);

  engine::Options data;
  data.directory = config.directory + "/data";
  data.identity = world.loop(0).random().next();
  data.tables = kv::data_tables();
  data.memtable_bytes = config.memtable_bytes;
  data.memory_bytes = config.memory_bytes;
  auto data_db = engine::Db::open(
      std::move(data), files, {*storage.commit_lane, *storage.flush_lane, std::move(compaction)});
  if (!data_db) return data_db.error();
  storage.data = std::move(*data_db);
  return storage;
}

}  // namespace ouro::node
