// The way from any event loop of a node to the home loop of an arc.
#pragma once

#include "kv/home_store.hpp"
#include "kv/transfer_receiver.hpp"
#include "kv/transfer_source.hpp"
#include "runtime/world.hpp"

#include <cstddef>
#include <optional>
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
    TransferSource* source = nullptr;
    TransferReceiver* receiver = nullptr;
  };
  /// `homes[i]` holds the arcs with arc % homes.size() == i; `here` is the caller's own, or
  /// nowhere.
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);
  Homes(std::vector<Home> homes, std::size_t here) : homes_(std::move(homes)), here_(here) {}

  // What HomeStore, TransferSource and TransferReceiver say, carried out at home.
  Task<Result<Coordinated>> coordinate(LocalWrite write);
  Task<Status> apply(ArcId arc, std::string data_key, Frame frame, Epoch epoch = never_stale);
  Task<Result<Pulled>> pull(PullOrder order);
  Task<Result<Content>> content(ArcId arc);
  Task<Status> drop(ArcId arc);
  Task<Status> forget_clock(ArcId arc);
  /// All arcs of which this node has something.
  Task<std::vector<ArcId>> arcs();
  /// Pulls and the like end soon, on all loops. Where there are receivers.
  Task<void> end_transfers();
  /// To a transfer request; nothing if it does not decode or transfers are not served here.
  Task<std::optional<Message>> answer_transfer(NodeId from, Message request, Instant deadline);

 private:
  const Home& home(ArcId arc) const;
  template <class T>
  Task<T> at_home(ArcId arc, Task<T> task);
  static Task<std::vector<ArcId>> list(const HomeStore& store);

  std::vector<Home> homes_;
  std::size_t here_;
};

}  // namespace ouro::kv
