#include "engine/older_data.hpp"

#include "base/hash.hpp"

#include <utility>

namespace ouro::engine {

void OlderData::add(std::vector<TableFile> run) {
  if (!run.empty()) runs_.push_back({std::move(run)});
}

const TableReader* OlderData::find(Run& run, std::string_view key) {
  while (run.at < run.files.size() && run.files[run.at]->meta().largest < key) ++run.at;
  if (run.at == run.files.size() || key < run.files[run.at]->meta().smallest) return nullptr;
  return run.files[run.at].get();
}

bool OlderData::covers(std::string_view key) {
  for (Run& run : runs_)
    if (find(run, key) != nullptr) return true;
  return false;
}

bool OlderData::may_contain(std::string_view key) {
  if (!covers(key)) return false;
  const std::uint64_t hash = hash64(key);
  for (Run& run : runs_) {
    const TableReader* file = find(run, key);
    if (file != nullptr && file->may_contain(key, hash)) return true;
  }
  return false;
}

}  // namespace ouro::engine
