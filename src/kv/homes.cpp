#include "kv/homes.hpp"

#include "runtime/reply.hpp"

namespace ouro::kv {

Task<Result<Coordinated>> Homes::coordinate(LocalWrite write) {
  const std::size_t index = write.arc.arc % homes_.size();
  Task<Result<Coordinated>> task = homes_[index].store->coordinate(std::move(write));
  if (index == here_) return task;
  return on_executor(homes_[index].loop->executor(), std::move(task));
}

Task<Status> Homes::apply(ArcId arc, std::string data_key, Frame frame) {
  const std::size_t index = arc.arc % homes_.size();
  Task<Status> task = homes_[index].store->apply(arc, std::move(data_key), std::move(frame));
  if (index == here_) return task;
  return on_executor(homes_[index].loop->executor(), std::move(task));
}

}  // namespace ouro::kv
