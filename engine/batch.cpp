#include "engine/batch.hpp"

namespace ouro::engine {

std::size_t Batch::size() const {
  std::size_t total = 0;
  for (const Change& change : changes_) {
    total += change.key.size();
    for (const SharedBytes& piece : change.pieces) total += piece.size();
  }
  return total;
}

}  // namespace ouro::engine
