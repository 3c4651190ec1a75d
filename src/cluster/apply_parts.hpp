// The parts of apply(), one function per command. For apply*.cpp only.
//
// Each checks all of its precondition before it calls begin(): from there on it cannot fail.
#pragma once

#include "cluster/apply.hpp"
#include "cluster/commands.hpp"
#include "cluster/state.hpp"

#include <string>
#include <utility>

namespace ouro::cluster::apply_parts {

inline Error refuse(ErrorCode code, std::string message) { return {code, std::move(message)}; }

/// The point of no return: the epoch that the command makes.
inline Epoch begin(State& state) { return ++state.epoch; }
/// What came of it, told in the audit as well.
Applied told(State& state, const Origin& origin, std::string what);
/// The same for the many steps of a change, which would push the rest out of the audit.
Applied untold(const State& state, std::string what);
/// It was carried out before.
Applied already(const State& state, std::string what, NodeId node = NodeId{});

/// Error not_found or denied unless `node` is a member.
Status check_member(const State& state, NodeId node);
/// Takes a member, which has no seat, into the removed ones.
void remove_member(State& state, NodeId node);
/// Moves arcs whose receivers are all covered on to read_new, and ends the change when all arcs are
/// after. True if it ended.
bool settle(State& state);

Result<Applied> carry_out(State& state, const Join& join, const Origin& origin);
Result<Applied> carry_out(State& state, const Register& begun, const Origin& origin);
Result<Applied> carry_out(State& state, const ForgetLost& lost, const Origin& origin);
Result<Applied> carry_out(State& state, const SetFeatureLevel& feature, const Origin& origin);

Result<Applied> carry_out(State& state, const StageLeave& leave, const Origin& origin);
Result<Applied> carry_out(State& state, const StageReplace& replace, const Origin& origin);
Result<Applied> carry_out(State& state, const StageWeight& weight, const Origin& origin);
Result<Applied> carry_out(State& state, const StageZone& zone, const Origin& origin);
Result<Applied> carry_out(State& state, const Unstage& unstage, const Origin& origin);

Result<Applied> carry_out(State& state, const CommitPlan& commit, const Origin& origin);
Result<Applied> carry_out(State& state, const StartArcs& start, const Origin& origin);
Result<Applied> carry_out(State& state, const Covered& covered, const Origin& origin);
Result<Applied> carry_out(State& state, const FinishArcs& finish, const Origin& origin);
Result<Applied> carry_out(State& state, const Abort& abort, const Origin& origin);
Result<Applied> carry_out(State& state, const DoubleArcs& twice, const Origin& origin);

Result<Applied> carry_out(State& state, const SetBucket& set, const Origin& origin);
Result<Applied> carry_out(State& state, const DropBucket& drop, const Origin& origin);
Result<Applied> carry_out(State& state, const SetDefaults& set, const Origin& origin);

}  // namespace ouro::cluster::apply_parts
