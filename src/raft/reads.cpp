// What may be read without a write to the log: 6.4.
#include "raft/core.hpp"
#include "raft/quorum.hpp"

#include <map>
#include <utility>

namespace ouro::raft {

void Core::read(std::uint64_t id) {
  if (role_ == Role::leader) {
    if (!reads_.add(id, options_.self)) read_results_.push_back({id, std::nullopt});
    return begin_reads();
  }
  if (leader_ == no_node) {
    read_results_.push_back({id, std::nullopt});
    return;
  }
  Packet request = packet(PacketKind::read, leader_);
  request.round = id;
  send(std::move(request));
}

void Core::on_read(const Packet& request) {
  const ReadQueue::Read read{request.round, request.from};
  if (role_ != Role::leader || !reads_.add(read.id, read.from)) return answer_read(read, false);
  begin_reads();
}

void Core::begin_reads() {
  // A new leader has every committed entry but does not know which those are.
  if (role_ != Role::leader || log_.term(hard_.commit) != hard_.term) return;
  if (!reads_.begin_round(hard_.commit)) return;
  broadcast_heartbeat();
  confirm_reads();  // at once where one voter is a majority
}

void Core::confirm_reads() {
  std::map<NodeId, std::uint64_t> rounds{{options_.self, reads_.round()}};
  for (const auto& [node, progress] : progress_) rounds[node] = progress.confirmed_round;
  const std::uint64_t round = reached_by_majority(log_.configuration(), rounds);
  for (const ReadQueue::Read& read : reads_.confirm(round)) answer_read(read, true);
  begin_reads();
}

void Core::give_up_reads() {
  for (const ReadQueue::Read& read : reads_.give_up()) answer_read(read, false);
}

void Core::answer_read(const ReadQueue::Read& read, bool confirmed) {
  if (read.from == options_.self) {
    read_results_.push_back({read.id, confirmed ? std::optional(read.index) : std::nullopt});
    return;
  }
  Packet answer = packet(PacketKind::read_answer, read.from);
  answer.round = read.id;
  answer.index = read.index;
  answer.granted = confirmed;
  send(std::move(answer));
}

}  // namespace ouro::raft
