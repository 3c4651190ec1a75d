#include "ring/preference_table.hpp"

namespace ouro::ring {

PreferenceTable::PreferenceTable(const Ring& ring, std::size_t n)
    : length_(ring.preference_list(0, n).size()) {
  nodes_.reserve(ring.arc_count() * length_);
  for (Arc arc = 0; arc < ring.arc_count(); ++arc)
    for (const NodeId node : ring.preference_list(arc, n)) nodes_.push_back(node);
}

}  // namespace ouro::ring
