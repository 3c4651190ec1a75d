// What do the `engine` commands tell? Each report is made once, as JSON; the text for people is
// made of that.
#pragma once

#include "engine/inspect.hpp"
#include "engine/options.hpp"
#include "engine/repair.hpp"

#include <nlohmann/json_fwd.hpp>

#include <string>
#include <vector>

namespace ouro::cli {

/// The tables that a node of this build makes in a directory of this name (`data` or `meta`).
std::vector<engine::TableSpec> default_tables(const std::string& directory);

nlohmann::json stats_json(const std::string& directory, const engine::Inspector& inspector);
std::string stats_text(const nlohmann::json& stats);

nlohmann::json verify_json(const std::string& directory, const engine::Survey& survey);
std::string verify_text(const nlohmann::json& report);

nlohmann::json repair_json(const std::string& directory, const engine::RepairReport& report);
/// Of what a repair has done, or would do.
std::string repair_text(const nlohmann::json& report);

}  // namespace ouro::cli
