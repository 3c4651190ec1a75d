// How long a suspect may take to prove that it is alive.
#pragma once

#include "cluster/swim/types.hpp"

#include <cstddef>

namespace ouro::cluster::swim {

/// The time from the first accusation to the verdict, in a cluster of `members` nodes of which
/// `accusers` (at least one) found the suspect silent. Shrinks from the longest to the least time
/// with the logarithm of the accusers, so that one observer's trouble takes long to kill and what
/// everybody sees is settled fast (Lifeguard's LHA-Suspicion: Dadgar, Phillips, Currey 2018).
Duration suspicion_time(const Settings& settings, std::size_t members, std::size_t accusers);

/// How often a rumour is sent on in a cluster of `members` nodes.
unsigned transmissions(const Settings& settings, std::size_t members);

}  // namespace ouro::cluster::swim
