#include "engine/range_filter.hpp"

#include "engine/block.hpp"

#include <utility>

namespace ouro::engine {
namespace {

class OutsideIterator final : public EntryIterator {
 public:
  OutsideIterator(std::unique_ptr<EntryIterator> entries, Range range)
      : entries_(std::move(entries)), range_(std::move(range)) {}

  void seek(std::string_view key, Sequence sequence) override {
    ended_ = false;
    entries_->seek(key, sequence);
    leave_range();
  }
  void seek_to_first() override {
    ended_ = false;
    entries_->seek_to_first();
    leave_range();
  }
  void next() override {
    entries_->next();
    leave_range();
  }
  bool valid() const override { return !ended_ && entries_->valid(); }
  Entry entry() const override { return entries_->entry(); }
  Status status() const override { return entries_->status(); }

 private:
  void leave_range() {
    if (!entries_->valid() || !contains(range_, entries_->entry().key)) return;
    if (range_.end.empty())
      ended_ = true;
    else
      entries_->seek(range_.end, sequence_max);
  }

  std::unique_ptr<EntryIterator> entries_;
  Range range_;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<EntryIterator> without_range(std::unique_ptr<EntryIterator> entries, Range range) {
  return std::make_unique<OutsideIterator>(std::move(entries), std::move(range));
}

}  // namespace ouro::engine
