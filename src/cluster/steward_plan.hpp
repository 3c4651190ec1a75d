// What does a running change need next? Pure: states in, arcs out.
#pragma once

#include "cluster/arc_lists.hpp"
#include "cluster/state.hpp"

#include <cstddef>
#include <map>
#include <set>
#include <vector>

namespace ouro::cluster {

/// The arcs that may begin to move now, ascending: as many as leave every node with at most
/// `per_node` arcs coming in. Others wait, so that each arc is done soon after it began.
std::vector<ring::Arc> arcs_to_start(const State& state, const ArcLists& lists,
                                     std::size_t per_node);

/// Whose word the arcs in read_new wait for: nodes that do not know yet that the arc is read
/// elsewhere could answer a read among themselves, with what they have. By node, the epoch that it
/// must have applied. Lost nodes answer nobody.
std::map<NodeId, Epoch> words_needed(const State& state, const ArcLists& lists);

/// The arcs in read_new of which so many old owners know that the others are too few for a read,
/// ascending. `applied`: what each node is known to have applied.
std::vector<ring::Arc> arcs_to_finish(const State& state, const ArcLists& lists,
                                      const std::map<NodeId, Epoch>& applied);

}  // namespace ouro::cluster
