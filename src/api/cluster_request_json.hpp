// What does an operator ask for with a JSON body?
//
// Pure. Members that are unknown are refused: a misspelt one that is ignored could cost data.
#pragma once

#include "api/problem.hpp"
#include "cluster/commands.hpp"
#include "cluster/state.hpp"

#include <cstdint>
#include <string_view>

namespace ouro::api {

/// Bodies of these requests are at most that long.
constexpr std::uint64_t operator_body_max = std::uint64_t{64} << 10;

/// {"action":"leave|replace|weight|zone|unstage|lost","node":…} with "with" (replace), "weight",
/// "zone", and for lost "nodes" in place of "node" and "accept_data_loss". Problems: bad_body
/// (400), unknown_node (404).
Checked<cluster::CommandBody> parse_stage(std::string_view body, const cluster::State& state);

/// {"plan":"<hash>"}. Problem: bad_body.
Checked<std::uint64_t> parse_commit(std::string_view body);

/// {"change":id}, or nothing: the change that runs. Problems: bad_body; no_change (409).
Checked<cluster::CommandBody> parse_abort(std::string_view body, const cluster::State& state);

}  // namespace ouro::api
