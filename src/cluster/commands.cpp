#include "cluster/commands.hpp"

#include <array>

namespace ouro::cluster {

std::string_view name(const Command& command) {
  static constexpr std::array<std::string_view, std::variant_size_v<CommandBody>> names = {
      "join",         "register",    "stage_leave",      "stage_replace", "stage_weight",
      "stage_zone",   "unstage",     "commit_plan",      "start_arcs",    "covered",
      "finish_arcs",  "abort",       "forget_lost",      "set_bucket",    "drop_bucket",
      "set_defaults", "double_arcs", "set_feature_level"};
  return names[command.body.index()];
}

}  // namespace ouro::cluster
