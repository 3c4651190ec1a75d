// The way from any event loop of a node to the home loop of an arc.
#pragma once

#include "kv/home_store.hpp"
#include "runtime/world.hpp"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace ouro::kv {

/// As seen from one loop; for use on that loop only. Borrows loops and stores.
class Homes {
 public:
  struct Home {
    Loop* loop;
    HomeStore* store;
  };
  /// `homes[i]` holds the arcs with arc % homes.size() == i; `here` is the caller's own.
  Homes(std::vector<Home> homes, std::size_t here) : homes_(std::move(homes)), here_(here) {}

  /// HomeStore::coordinate and HomeStore::apply, carried out at home.
  Task<Result<Coordinated>> coordinate(LocalWrite write);
  Task<Status> apply(ArcId arc, std::string data_key, Frame frame);

 private:
  std::vector<Home> homes_;
  std::size_t here_;
};

}  // namespace ouro::kv
