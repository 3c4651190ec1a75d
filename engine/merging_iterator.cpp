#include "engine/merging_iterator.hpp"

#include "base/check.hpp"
#include "engine/block.hpp"
#include "engine/point_read.hpp"

#include <optional>
#include <utility>

namespace ouro::engine {
namespace {

/// No sources: an empty stream.
class NothingIterator final : public EntryIterator {
 public:
  void seek(std::string_view, Sequence) override {}
  void seek_to_first() override {}
  void next() override { check(false); }
  bool valid() const override { return false; }
  Entry entry() const override { return {}; }
  Status status() const override { return {}; }
};

/// A binary heap of the sources that have entries left, the smallest on top. Prefixes are compared
/// before keys: most comparisons end there.
class MergingIterator final : public EntryIterator {
 public:
  explicit MergingIterator(std::vector<std::unique_ptr<EntryIterator>> sources)
      : sources_(std::move(sources)) {
    heap_.reserve(sources_.size());
  }

  void seek(std::string_view key, Sequence sequence) override {
    for (const auto& source : sources_) source->seek(key, sequence);
    rebuild();
  }

  void seek_to_first() override {
    for (const auto& source : sources_) source->seek_to_first();
    rebuild();
  }

  void next() override {
    check(valid());
    Item& top = heap_.front();
    EntryIterator& source = *sources_[top.source];
    source.next();
    if (source.valid()) {
      top = item(top.source);
    } else {
      note_failure(source);
      top = heap_.back();
      heap_.pop_back();
    }
    if (!heap_.empty()) sift_down(0);
  }

  bool valid() const override { return !failed_ && !heap_.empty(); }
  Entry entry() const override { return heap_.front().entry; }

  Status status() const override {
    if (failed_) return *failed_;
    return {};
  }

 private:
  struct Item {
    std::uint64_t prefix;
    std::size_t source;
    Entry entry;
  };

  static bool comes_first(const Item& a, const Item& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    if (before(a.entry, b.entry)) return true;
    if (before(b.entry, a.entry)) return false;
    return a.source < b.source;
  }

  Item item(std::size_t source) const {
    const Entry entry = sources_[source]->entry();
    return {key_prefix(entry.key), source, entry};
  }

  void note_failure(const EntryIterator& source) {
    if (failed_) return;
    const Status status = source.status();
    if (!status) failed_ = status.error();
  }

  void rebuild() {
    heap_.clear();
    failed_.reset();
    for (std::size_t i = 0; i < sources_.size(); ++i)
      if (sources_[i]->valid())
        heap_.push_back(item(i));
      else
        note_failure(*sources_[i]);
    for (std::size_t i = heap_.size() / 2; i-- > 0;) sift_down(i);
  }

  void sift_down(std::size_t at) {
    const Item moving = heap_[at];
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= heap_.size()) break;
      if (child + 1 < heap_.size() && comes_first(heap_[child + 1], heap_[child])) ++child;
      if (!comes_first(heap_[child], moving)) break;
      heap_[at] = heap_[child];
      at = child;
    }
    heap_[at] = moving;
  }

  std::vector<std::unique_ptr<EntryIterator>> sources_;
  std::vector<Item> heap_;
  std::optional<Error> failed_;
};

}  // namespace

std::unique_ptr<EntryIterator> merge(std::vector<std::unique_ptr<EntryIterator>> sources) {
  if (sources.empty()) return std::make_unique<NothingIterator>();
  if (sources.size() == 1) return std::move(sources.front());
  return std::make_unique<MergingIterator>(std::move(sources));
}

}  // namespace ouro::engine
