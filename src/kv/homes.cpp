#include "kv/homes.hpp"

#include "runtime/reply.hpp"

namespace ouro::kv {

const Homes::Home& Homes::home(ArcId arc) const { return homes_[arc.arc % homes_.size()]; }

template <class T>
Task<T> Homes::at_home(ArcId arc, Task<T> task) {
  if (arc.arc % homes_.size() == here_) return task;
  return on_executor(home(arc).loop->executor(), std::move(task));
}

Task<Result<Coordinated>> Homes::coordinate(LocalWrite write) {
  const ArcId arc = write.arc;
  return at_home(arc, home(arc).store->coordinate(std::move(write)));
}

Task<Status> Homes::apply(ArcId arc, std::string data_key, Frame frame, Epoch epoch) {
  return at_home(arc, home(arc).store->apply(arc, std::move(data_key), std::move(frame), epoch));
}

Task<Result<Pulled>> Homes::pull(PullOrder order) {
  const ArcId arc = order.arc;
  return at_home(arc, home(arc).receiver->pull(std::move(order)));
}

Task<Result<Content>> Homes::content(ArcId arc) {
  return at_home(arc, home(arc).receiver->content(arc));
}

Task<Status> Homes::drop(ArcId arc) { return at_home(arc, home(arc).receiver->drop(arc)); }

Task<Status> Homes::forget_clock(ArcId arc) {
  return at_home(arc, home(arc).store->forget_clock(arc));
}

Task<std::vector<ArcId>> Homes::list(const HomeStore& store) { co_return store.arcs(); }

Task<std::vector<ArcId>> Homes::arcs() {
  std::vector<ArcId> all;
  for (const Home& home : homes_) {
    Task<std::vector<ArcId>> listing = on_executor(home.loop->executor(), list(*home.store));
    const std::vector<ArcId> some = co_await std::move(listing);
    all.insert(all.end(), some.begin(), some.end());
  }
  co_return all;
}

Task<void> Homes::end_transfers() {
  for (const Home& home : homes_) {
    Task<void> ended = on_executor(home.loop->executor(), home.receiver->end());
    co_await std::move(ended);
  }
}

Task<std::optional<Message>> Homes::answer_transfer(NodeId from, Message request,
                                                    Instant deadline) {
  const Result<ArcId> arc = transfer_arc(request);
  if (!arc || home(*arc).source == nullptr) co_return std::nullopt;
  Task<Message> answer =
      at_home(*arc, home(*arc).source->answer(from, std::move(request), deadline));
  co_return co_await std::move(answer);
}

}  // namespace ouro::kv
