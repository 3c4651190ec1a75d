#include "engine/db_iterator.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ouro::engine {
namespace {

class DbIterator final : public Iterator {
 public:
  DbIterator(std::unique_ptr<EntryIterator> entries, ScanView view)
      : view_(std::move(view)), entries_(std::move(entries)) {
    position(view_.range.start);
    untouched_ = true;
  }

  void seek(std::string_view key) override {
    position(std::max(key, std::string_view(view_.range.start)));
  }

  void seek_to_first() override {
    if (!untouched_) position(view_.range.start);
  }

  void next() override {
    untouched_ = false;
    key_.assign(entries_->entry().key);
    skip_rest_of_key();
    settle();
  }

  bool valid() const override { return valid_; }
  std::string_view key() const override { return entries_->entry().key; }
  std::string_view value() const override { return entries_->entry().value; }
  Status status() const override { return entries_->status(); }

 private:
  void position(std::string_view key) {
    untouched_ = false;
    entries_->seek(key, view_.at_most);
    settle();
  }

  // Steps over older versions; many of them (a hot key) are left behind by a seek.
  void skip_rest_of_key() {
    constexpr int steps_max = 8;
    for (int step = 0; entries_->valid() && entries_->entry().key == key_; ++step) {
      if (step == steps_max) {
        entries_->seek(key_, 0);
        if (entries_->valid() && entries_->entry().key == key_) entries_->next();
        return;
      }
      entries_->next();
    }
  }

  // From the present entry on to one that this scan shows.
  void settle() {
    valid_ = false;
    while (entries_->valid()) {
      const Entry entry = entries_->entry();
      if (!view_.range.end.empty() && entry.key >= view_.range.end) return;
      if (entry.sequence > view_.at_most) {
        entries_->next();
      } else if (entry.kind == EntryKind::put) {
        valid_ = true;
        return;
      } else {
        key_.assign(entry.key);
        skip_rest_of_key();
      }
    }
  }

  ScanView view_;  // before the entries, which need what it pins
  std::unique_ptr<EntryIterator> entries_;
  std::string key_;
  bool valid_ = false;
  bool untouched_ = false;
};

class FailedIterator final : public Iterator {
 public:
  explicit FailedIterator(Error error) : error_(std::move(error)) {}
  void seek(std::string_view) override {}
  void seek_to_first() override {}
  void next() override {}
  bool valid() const override { return false; }
  std::string_view key() const override { return {}; }
  std::string_view value() const override { return {}; }
  Status status() const override { return error_; }

 private:
  Error error_;
};

}  // namespace

std::unique_ptr<Iterator> make_iterator(std::unique_ptr<EntryIterator> entries, ScanView view) {
  return std::make_unique<DbIterator>(std::move(entries), std::move(view));
}

std::unique_ptr<Iterator> make_failed_iterator(Error error) {
  return std::make_unique<FailedIterator>(std::move(error));
}

}  // namespace ouro::engine
