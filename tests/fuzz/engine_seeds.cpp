// Writes what the engine's fuzz targets begin with: files of a real database and their parts.
//
//   engine_seeds DIRECTORY   makes DIRECTORY/engine_log, engine_manifest, engine_block,
//   engine_table
#include "base/check.hpp"
#include "engine/block_format.hpp"
#include "engine/db.hpp"
#include "engine/file_names.hpp"
#include "engine/filter.hpp"
#include "engine/table_builder.hpp"
#include "engine/wal_reader.hpp"
#include "sim/file_system.hpp"
#include "sim/lane.hpp"
#include "tests/fuzz/engine_log.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace {

using namespace ouro;
using namespace ouro::engine;

class Corpus {
 public:
  explicit Corpus(std::filesystem::path root) : root_(std::move(root)) {}
  void add(const std::string& target, std::string_view bytes) {
    std::filesystem::create_directories(root_ / target);
    std::ofstream out(root_ / target / ("seed" + std::to_string(++count_)), std::ios::binary);
    out << bytes;
  }

 private:
  std::filesystem::path root_;
  int count_ = 0;
};

std::string key_of(int i) { return "key" + std::to_string(1000 + i * 7 % 500); }

// Writes, flushes, exports; the log of the last writes stays.
void live(sim::FileSystem& files) {
  sim::QueueLane lane;
  Options options;
  options.directory = "db";
  options.identity = 7;
  options.tables = {{.name = "data"}, {.name = "extra"}};
  options.block_bytes = 200;
  auto db = Db::open(options, files, {lane, lane, lane});
  ouro::check(db.has_value());
  for (int i = 0; i < 60; ++i) {
    Batch batch;
    batch.put(0, key_of(i), std::string(static_cast<std::size_t>(i), 'v'));
    batch.put(1, key_of(i), std::to_string(i));
    if (i % 5 == 0) batch.remove(0, key_of(i / 2));
    ouro::check((*db)->commit_sync(std::move(batch), Durability::disk).has_value());
    if (i == 20 || i == 40) ouro::check((*db)->flush_sync().has_value());
  }
  ouro::check((*db)->export_range(0, {}, "export").has_value());
  files.end_process();
}

void add_log(Corpus& corpus, sim::FileSystem& files, const std::string& path, LogKind kind,
             std::uint64_t number) {
  const std::string target = kind == LogKind::wal ? "engine_log" : "engine_manifest";
  corpus.add(target, files.bytes(path));
  auto log = LogReader::open(files, path, kind, number);
  ouro::check(log.has_value());
  std::string frames;
  while (const auto frame = log->next()) {
    frames += fuzz::packed(*frame);
    if (kind == LogKind::manifest) corpus.add(target, frame->payload);
  }
  corpus.add(target, frames);
}

void add_tables(Corpus& corpus) {
  for (const bool compress : {false, true}) {
    sim::FileSystem files;
    ouro::check(files.create_directory("db").has_value());
    Options options;
    options.tables = {{.name = "data"}};
    options.block_bytes = 200;
    options.compress = compress;
    TableStore store(options, files, 0);
    store.directory = "db";
    auto builder = TableBuilder::create(store, {1, 0, 1});
    ouro::check(builder.has_value());
    BlockBuilder block;
    std::vector<std::uint64_t> hashes;
    for (int i = 0; i < 40; ++i) {
      const std::string key = (i % 3 == 0 ? "samepref" : "k") + std::to_string(1000 + i);
      hashes.push_back(hash64(key));
    }
    for (int i = 0; i < 40; ++i) {
      const std::string key = (i < 20 ? "k" : "samepref") + std::to_string(1000 + i);
      const std::string value(static_cast<std::size_t>(i * 3), 'v');
      const Entry entry{key, static_cast<Sequence>(100 - i),
                        i % 6 == 0 ? EntryKind::remove : EntryKind::put,
                        i % 6 == 0 ? std::string_view() : std::string_view(value)};
      ouro::check((*builder)->add(entry).has_value());
      block.add(entry);
    }
    ouro::check((*builder)->finish().has_value());
    const std::string file = files.bytes(table_path("db", 1));
    corpus.add("engine_table", file);
    corpus.add("engine_block", block.finish());
    corpus.add("engine_block", Filter::build(hashes, 10).encode());
    const auto footer = decode_footer(
        std::string_view(file).substr(file.size() - table_footer_size), table_seed(0, 1));
    ouro::check(footer.has_value());
    corpus.add("engine_block", std::string_view(file).substr(
                                   footer->index.offset, footer->index.size - block_trailer_size));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: engine_seeds DIRECTORY\n");
    return 2;
  }
  Corpus corpus(argv[1]);
  sim::FileSystem files;
  live(files);
  for (const std::string directory : {"db", "export"})
    for (const std::string& name : *files.list(directory)) {
      const auto parsed = parse_file_name(name);
      const std::string path = directory + "/" + name;
      if (parsed->kind == FileKind::log) add_log(corpus, files, path, LogKind::wal, parsed->number);
      if (parsed->kind == FileKind::manifest)
        add_log(corpus, files, path, LogKind::manifest, parsed->number);
      if (parsed->kind == FileKind::current) corpus.add("engine_manifest", files.bytes(path));
    }
  add_tables(corpus);
}
