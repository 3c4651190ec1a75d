// A write-ahead log from a damaged disk: reader, changes and batches must refuse it or read it,
// whatever it is, and what was read must encode to the bytes it was read from.
#include "base/check.hpp"
#include "engine/file_names.hpp"
#include "engine/wal_batch.hpp"
#include "engine/wal_reader.hpp"
#include "sim/file_system.hpp"
#include "tests/fuzz/engine_log.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace ouro;
using namespace ouro::engine;

constexpr TableId tables[] = {0, 1, 2};

void read_changes(const LogFrame& frame) {
  ChangeReader reader(frame, std::size(tables));
  Batch batch;
  for (LoggedChange change; reader.next(change);) {
    if (change.kind == EntryKind::put)
      batch.put(change.table, change.key, change.value);
    else
      batch.remove(change.table, change.key);
  }
  if (!reader.finished() || batch.empty()) return;
  ouro::check(batch.check(std::size(tables)).has_value());
  std::string again;
  batch.encode(again, tables);
  // A varint may have been written longer than it need be.
  ouro::check(again.size() <= frame.payload.size());
  LogFrame second = frame;
  second.payload = again;
  ChangeReader same(second, std::size(tables));
  std::size_t count = 0;
  for (LoggedChange change; same.next(change);) ++count;
  ouro::check(same.finished() && count == batch.count());
}

void read_log(std::string_view bytes) {
  sim::FileSystem files;
  ouro::check(files.create_directory("db").has_value());
  const std::string path = log_path("db", fuzz::log_number);
  ouro::check(files.create(path).has_value());
  files.overwrite(path, std::string(bytes));
  static_cast<void>(LogReader::is_unborn(files, path, LogKind::wal, fuzz::log_number));
  auto log = LogReader::open(files, path, LogKind::wal, fuzz::log_number);
  if (!log) return;
  while (const auto frame = log->next())
    if (frame->type == FrameType::batch) read_changes(*frame);
  static_cast<void>(log->check_tail());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_log(bytes);
  read_log(fuzz::log_of(LogKind::wal, bytes));
  return 0;
}
