// A manifest, a CURRENT and an export's list from a damaged disk: they must be refused or read,
// whatever they are, and an edit that was read must mean the same once it is written again.
#include "base/check.hpp"
#include "engine/file_names.hpp"
#include "engine/manifest.hpp"
#include "engine/manifest_survey.hpp"
#include "engine/range_export.hpp"
#include "sim/file_system.hpp"
#include "tests/fuzz/engine_log.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace ouro;
using namespace ouro::engine;

void put_file(sim::FileSystem& files, const std::string& path, std::string bytes) {
  ouro::check(files.create(path).has_value());
  files.overwrite(path, std::move(bytes));
}

void read_edit(std::string_view bytes) {
  const auto edit = decode_manifest_edit(bytes);
  if (!edit) return;
  const std::string once = encode(*edit);
  const auto again = decode_manifest_edit(once);
  ouro::check(again && encode(*again) == once);
}

void read_manifest(const std::string& bytes, std::string_view current) {
  sim::FileSystem files;
  ouro::check(files.create_directory("db").has_value());
  put_file(files, manifest_path("db", fuzz::log_number), bytes);
  const auto state = load_manifest(files, "db", fuzz::log_number);
  if (state) {
    // The whole state as one edit leads to the same state.
    ManifestState again;
    again.identity = state->identity;
    ouro::check(again.apply(state->whole()).has_value());
    ouro::check(encode(again.whole()) == encode(state->whole()));
  }
  static_cast<void>(OpenedExport::open(files, "db"));
  put_file(files, current_path("db"), std::string(current));
  static_cast<void>(load_manifest(files, "db"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_edit(bytes);
  read_manifest(std::string(bytes), bytes);
  read_manifest(fuzz::log_of(LogKind::manifest, bytes), bytes);
  return 0;
}
