// The replicated store on one event loop: what clients and other nodes ask of it.
#pragma once

#include "kv/coordinator.hpp"
#include "kv/read_path.hpp"
#include "kv/write_path.hpp"
#include "runtime/peers.hpp"

#include <string_view>

namespace ouro::kv {

class Store final : public Coordinator, public PeerHandler {
 public:
  explicit Store(Collaborators with) : with_(with), reads_(with), writes_(with) {}

  Task<Outcome<Found>> get(Get request) override;
  Task<Outcome<Written>> put(Put request) override;
  Task<Outcome<Written>> remove(Remove request) override;

  Task<Message> answer(NodeId from, Message request, Instant deadline) override;

 private:
  Task<Message> answer_write(Message request, Instant deadline);
  Task<Message> answer_apply(Message request, Instant deadline);
  Task<Message> answer_fetch(Message request, Instant deadline);
  Task<Result<ArcId>> admit(Epoch epoch, std::string_view data_key, unsigned n, Instant deadline);

  Collaborators with_;
  ReadPath reads_;
  WritePath writes_;
};

}  // namespace ouro::kv
