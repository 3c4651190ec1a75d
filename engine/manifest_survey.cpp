#include "engine/manifest_survey.hpp"

#include "engine/file_names.hpp"
#include "engine/log_bytes.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace ouro::engine {
namespace {

struct OneManifest {
  std::uint64_t number = 0;
  LogBytes log;
  ManifestState state;
  std::uint64_t edits = 0;
  bool complete = false;
};

std::string at(const std::string& path, std::uint64_t offset, const std::string& what) {
  return path + " at " + std::to_string(offset) + ": " + what;
}

// One after the other in the order of the files' numbers.
class Reading {
 public:
  explicit Reading(ManifestSurvey& survey) : survey_(survey) {}

  Status read(OneManifest& manifest, bool counts) {
    counts_ = counts;
    const LogBytes& log = manifest.log;
    if (!log.header) {
      say(at(log.path, 0, "this is no manifest's header"));
      return {};
    }
    manifest.state.identity = log.header->identity;
    std::uint64_t end = log_header_size;
    bool in_order = true;
    while (const auto found = log.find_frame(end)) {
      // What a crash leaves behind the end never verifies, and a torn edit has none behind it.
      if (found->offset != end && std::exchange(in_order, false))
        say(at(log.path, end, "an edit is damaged"));
      if (Status taken = take(*found, manifest, in_order); !taken) return taken;
      end = found->frame.end;
    }
    manifest.complete = in_order && manifest.edits > 0;
    if (in_order && manifest.edits == 0)
      say(at(log.path, end, "no valid edit"));
    else if (in_order && end < log.bytes.size())
      survey_.notes.push_back(at(log.path, end, "the last edit was cut short by a crash"));
    return {};
  }

 private:
  // Damage of a manifest that does not count is no damage of the database.
  void say(std::string sentence) {
    (counts_ ? survey_.damage : survey_.notes).push_back(std::move(sentence));
  }

  Status take(const LogBytes::Found& found, OneManifest& manifest, bool& in_order) {
    const std::string& path = manifest.log.path;
    const auto edit = decode_manifest_edit(found.frame.payload);
    if (!edit && edit.error().code != ErrorCode::corruption)
      return Error{edit.error().code, at(path, found.offset, edit.error().message)};
    if (!edit || found.frame.type != FrameType::edit) {
      say(at(path, found.offset, "an edit makes no sense"));
      in_order = false;
      return {};
    }
    survey_.removed.insert(edit->files.removed.begin(), edit->files.removed.end());
    for (const FileMeta& file : edit->files.added) {
      // Removed and added at once is how a file changes its level.
      survey_.removed.erase(file.number);
      survey_.added.insert_or_assign(file.number, file);
    }
    if (!in_order) {
      // Table names and counters only grow: they help even without the edits between.
      manifest.state.next_file_number =
          std::max(manifest.state.next_file_number, edit->next_file_number);
      return {};
    }
    if (Status applied = manifest.state.apply(*edit); !applied) {
      say(at(path, found.offset, applied.error().message));
      in_order = false;
      return {};
    }
    ++manifest.edits;
    return {};
  }

  ManifestSurvey& survey_;
  bool counts_ = false;
};

Status take_current(FileSystem& files, const std::string& directory, ManifestSurvey& survey) {
  const auto current = read_current(files, directory);
  if (!current) {
    if (current.error().code != ErrorCode::corruption) return current.error();
    survey.damage.push_back(current.error().message);
    return {};
  }
  survey.current = *current;
  survey.current_valid = *current != 0;
  if (!survey.current_valid) survey.damage.push_back(current_path(directory) + ": missing");
  return {};
}

// A manifest that CURRENT does not name may be older or newer than the one that counted: only the
// one with the greatest number is known to be the last.
std::uint64_t choose(const ManifestSurvey& survey, const std::vector<OneManifest>& manifests) {
  for (const OneManifest& manifest : manifests)
    if (manifest.number == survey.current && manifest.edits > 0) return manifest.number;
  for (auto manifest = manifests.rbegin(); manifest != manifests.rend(); ++manifest)
    if (manifest->edits > 0) return manifest->number;
  return 0;
}

void adopt(OneManifest& manifest, std::uint64_t greatest, ManifestSurvey& survey) {
  survey.number = manifest.number;
  survey.complete =
      manifest.complete && (manifest.number == survey.current || manifest.number >= greatest);
  survey.state = std::move(manifest.state);
  survey.edits = manifest.edits;
  survey.size = manifest.log.bytes.size();
  survey.identities.insert(survey.identities.begin(), survey.state.identity);
}

}  // namespace

Result<ManifestSurvey> survey_manifests(FileSystem& files, const std::string& directory,
                                        const std::vector<std::string>& present) {
  ManifestSurvey survey;
  if (Status read = take_current(files, directory, survey); !read) return read.error();
  std::vector<OneManifest> manifests;
  std::uint64_t greatest = survey.current;
  Reading reading(survey);
  for (const std::string& name : present) {
    const auto file = parse_file_name(name);
    if (!file || file->kind != FileKind::manifest) continue;
    greatest = std::max(greatest, file->number);
    auto log = LogBytes::read(files, directory + "/" + name, LogKind::manifest, file->number);
    if (!log) return log.error();
    OneManifest manifest;
    manifest.number = file->number;
    manifest.log = std::move(*log);
    const bool counts = !survey.current_valid || file->number == survey.current;
    if (Status read = reading.read(manifest, counts); !read) return read.error();
    if (manifest.log.header) survey.identities.push_back(manifest.state.identity);
    manifests.push_back(std::move(manifest));
  }
  const bool named_is_there = std::any_of(manifests.begin(), manifests.end(), [&](const auto& m) {
    return m.number == survey.current;
  });
  if (survey.current_valid && !named_is_there)
    survey.damage.push_back(manifest_path(directory, survey.current) +
                            ": missing, though CURRENT names it");
  const std::uint64_t chosen = choose(survey, manifests);
  for (OneManifest& manifest : manifests)
    if (manifest.number == chosen) adopt(manifest, greatest, survey);
  return survey;
}

}  // namespace ouro::engine
