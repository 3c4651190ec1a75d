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

/// A tree of losers (Knuth, The Art of Computer Programming, vol. 3, 5.4.1): each inner node keeps
/// the source that lost there, so the next winner is found along one path from leaf to root, with
/// one comparison on each level. Prefixes lie together and are compared before keys: most
/// comparisons end there.
class MergingIterator final : public EntryIterator {
 public:
  explicit MergingIterator(std::vector<std::unique_ptr<EntryIterator>> sources)
      : sources_(std::move(sources)),
        prefixes_(sources_.size()),
        ended_(sources_.size()),
        entries_(sources_.size()),
        losers_(sources_.size()) {}

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
    sources_[winner_]->next();
    load(winner_);
    replay();
  }

  bool valid() const override { return valid_; }
  Entry entry() const override { return entries_[winner_]; }

  Status status() const override {
    if (failed_) return *failed_;
    return {};
  }

 private:
  /// Takes over what a source shows now.
  void load(std::size_t number) {
    const EntryIterator& source = *sources_[number];
    ended_[number] = !source.valid();
    if (!ended_[number]) {
      entries_[number] = source.entry();
      prefixes_[number] = key_prefix(entries_[number].key);
      return;
    }
    prefixes_[number] = UINT64_MAX;
    const Status status = source.status();
    if (!status && !failed_) failed_ = status.error();
  }

  /// Whether source `a` comes before `b`.
  bool beats(std::size_t a, std::size_t b) const {
    if (prefixes_[a] != prefixes_[b]) return prefixes_[a] < prefixes_[b];
    if (ended_[a] || ended_[b]) return ended_[a] == ended_[b] ? a < b : !ended_[a];
    if (before(entries_[a], entries_[b])) return true;
    return !before(entries_[b], entries_[a]) && a < b;
  }

  // Inner nodes are 1 to k - 1, the leaf of source i is node k + i.
  void rebuild() {
    failed_.reset();
    for (std::size_t i = 0; i < sources_.size(); ++i) load(i);
    winner_ = play(1);
    valid_ = !failed_ && !ended_[winner_];
  }

  std::size_t play(std::size_t node) {
    if (node >= sources_.size()) return node - sources_.size();
    const std::size_t left = play(2 * node);
    const std::size_t right = play(2 * node + 1);
    const bool left_wins = beats(left, right);
    losers_[node] = left_wins ? right : left;
    return left_wins ? left : right;
  }

  void replay() {
    for (std::size_t node = (sources_.size() + winner_) / 2; node > 0; node /= 2)
      if (beats(losers_[node], winner_)) std::swap(losers_[node], winner_);
    valid_ = !failed_ && !ended_[winner_];
  }

  std::vector<std::unique_ptr<EntryIterator>> sources_;
  std::vector<std::uint64_t> prefixes_;  ///< By source, as the next two.
  std::vector<char> ended_;
  std::vector<Entry> entries_;
  std::vector<std::size_t> losers_;  ///< By inner node; the first is not used.
  std::size_t winner_ = 0;
  bool valid_ = false;
  std::optional<Error> failed_;
};

}  // namespace

std::unique_ptr<EntryIterator> merge(std::vector<std::unique_ptr<EntryIterator>> sources) {
  if (sources.empty()) return std::make_unique<NothingIterator>();
  if (sources.size() == 1) return std::move(sources.front());
  return std::make_unique<MergingIterator>(std::move(sources));
}

}  // namespace ouro::engine
