// What names one write for ever?
#pragma once

#include "base/node_id.hpp"

#include <compare>
#include <cstdint>
#include <string>

namespace ouro::kv {

/// Who mints dots: one run of one node.
struct Actor {
  NodeId node{};
  Boot boot = 0;

  auto operator<=>(const Actor&) const = default;
};

constexpr std::uint64_t counter_max = (std::uint64_t{1} << 63) - 1;

/// A put or a delete, unique within its (arc, N). The counter starts at 1 and belongs to the clock
/// of the (arc, N) and the boot, never to a key, and is never used twice: a counter per key would
/// begin again once the key is forgotten, and the new write would carry the name of a dead one.
/// (Dotted version vectors: Preguica et al. 2010; clocks per replica: DottedDB, Goncalves et al.,
/// SRDS 2017.)
struct Dot {
  Actor actor;
  std::uint64_t counter = 0;

  auto operator<=>(const Dot&) const = default;
};

/// A node that is not 0, a counter in 1 .. counter_max. A dot from outside that is not well formed
/// must not be put into a DotSet.
constexpr bool well_formed(const Dot& dot) {
  return dot.actor.node != NodeId{} && dot.counter >= 1 && dot.counter <= counter_max;
}

/// 32 hex digits: node, boot, counter. Serves as the ETag of the value that the dot names.
std::string to_string(const Dot& dot);

}  // namespace ouro::kv
