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
    key_.assign(entry_.key);
    entries_->next();
    skip_rest_of_key();
    settle();
  }

  bool valid() const override { return valid_; }
  std::string_view key() const override { return entry_.key; }
  std::string_view value() const override { return entry_.value; }
  Status status() const override { return entries_->status(); }

 private:
  void position(std::string_view key) {
    untouched_ = false;
    entries_->seek(key, view_.at_most);
    look();
    settle();
  }

  /// Takes over what the entries show now.
  void look() {
    valid_ = entries_->valid();
    if (valid_) entry_ = entries_->entry();
  }

  // Steps over older versions of key_; many of them (a hot key) are left behind by a seek.
  void skip_rest_of_key() {
    constexpr int steps_max = 8;
    look();
    for (int step = 0; valid_ && entry_.key == key_; ++step) {
      if (step == steps_max) {
        entries_->seek(key_, 0);
        look();
        if (!valid_ || entry_.key != key_) return;
      }
      entries_->next();
      look();
    }
  }

  // From the present entry on to one that this scan shows.
  void settle() {
    while (valid_) {
      if (!view_.range.end.empty() && entry_.key >= view_.range.end) break;
      if (entry_.sequence > view_.at_most) {
        entries_->next();
        look();
      } else if (entry_.kind == EntryKind::put) {
        return;
      } else {
        key_.assign(entry_.key);
        entries_->next();
        skip_rest_of_key();
      }
    }
    valid_ = false;
  }

  ScanView view_;  // before the entries, which need what it pins
  std::unique_ptr<EntryIterator> entries_;
  Entry entry_;
  std::string key_;
  bool valid_ = false;  // entry_ is what entries_ shows, and this scan too
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
