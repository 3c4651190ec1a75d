#include "engine/snapshot_list.hpp"

#include <utility>

namespace ouro::engine {

class SnapshotList::Held final : public Snapshot {
 public:
  Held(std::shared_ptr<SnapshotList> list, Sequence sequence)
      : list_(std::move(list)), sequence_(sequence) {}
  ~Held() override {
    const std::lock_guard lock(list_->mutex_);
    list_->sequences_.erase(list_->sequences_.find(sequence_));
  }
  Sequence sequence() const override { return sequence_; }

 private:
  std::shared_ptr<SnapshotList> list_;
  Sequence sequence_;
};

std::shared_ptr<const Snapshot> SnapshotList::take(const std::atomic<Sequence>& visible) {
  const std::lock_guard lock(mutex_);
  const Sequence sequence = visible.load(std::memory_order_acquire);
  sequences_.insert(sequence);
  return std::make_shared<const Held>(shared_from_this(), sequence);
}

Retention SnapshotList::retention(const std::atomic<Sequence>& visible) const {
  const std::lock_guard lock(mutex_);
  Retention retention;
  retention.visible = visible.load(std::memory_order_acquire);
  for (const Sequence sequence : sequences_)
    if (retention.snapshots.empty() || retention.snapshots.back() != sequence)
      retention.snapshots.push_back(sequence);
  return retention;
}

}  // namespace ouro::engine
