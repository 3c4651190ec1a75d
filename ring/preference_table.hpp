// All preference lists of a ring, worked out once: a request only looks its list up.
#pragma once

#include "ring/ring.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace ouro::ring {

/// The preference lists of every arc for one N. Immutable; any thread may read it.
class PreferenceTable {
 public:
  PreferenceTable(const Ring& ring, std::size_t n);

  /// Ring::preference_list(arc, n).
  std::span<const NodeId> list(Arc arc) const {
    return std::span(nodes_).subspan(arc * length_, length_);
  }

 private:
  std::size_t length_;  // the same for all arcs: n, or all owners if there are fewer
  std::vector<NodeId> nodes_;
};

}  // namespace ouro::ring
