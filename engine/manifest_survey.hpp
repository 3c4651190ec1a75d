// What do the manifests of a directory still say, whatever happened to them?
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/manifest.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace ouro::engine {

/// Read from CURRENT and every manifest, with as much as can be believed. An edit is only written
/// once the files it names are durable, and numbers are never reused: so each readable edit is true
/// for itself, even if the ones before it are lost.
struct ManifestSurvey {
  bool current_valid = false;  ///< CURRENT is there and its checksum fits.
  std::uint64_t current = 0;   ///< The manifest it names.
  std::uint64_t number = 0;    ///< The manifest that `state` is from; 0: none could be read.
  bool complete = false;       ///< `state` is all that was ever said.
  ManifestState state;         ///< Up to the first damage.
  std::uint64_t edits = 0;     ///< In `state`.
  std::uint64_t size = 0;      ///< Of the manifest's file.
  std::map<std::uint64_t, FileMeta> added;  ///< Every table file of which any edit tells.
  std::set<std::uint64_t> removed;          ///< Table files that were given up for sure.
  std::vector<DbIdentity> identities;       ///< Of all readable headers, `number`'s first.
  std::vector<std::string> damage;          ///< A sentence each, naming file and offset.
  std::vector<std::string> notes;           ///< What is worth a word and is no damage.
};

/// `present`: the names in the directory. Errors: io and the like, unsupported (a newer format).
Result<ManifestSurvey> survey_manifests(FileSystem& files, const std::string& directory,
                                        const std::vector<std::string>& present);

}  // namespace ouro::engine
