// What do the `cluster` commands tell people?
//
// Pure: the JSON of a node in, text out. Error corruption if it is not what a node answers.
#pragma once

#include "base/result.hpp"

#include <string>
#include <string_view>

namespace ouro::cli {

/// The JSON of /v1/cluster as tables: members, the metadata group, what is staged, what runs.
Result<std::string> cluster_text(std::string_view json);

/// The same, only which nodes wait to join, and how another one would.
Result<std::string> joiners_text(std::string_view json);

/// The JSON of /v1/cluster/plan.
Result<std::string> plan_text(std::string_view json);

/// The line of an answer that says what was done.
Result<std::string> applied_text(std::string_view json);

/// How far the running change is, in one line of the JSON of /v1/cluster.
struct ChangeProgress {
  bool runs = false;
  std::string line;
};
Result<ChangeProgress> change_progress(std::string_view json);

}  // namespace ouro::cli
