#include "engine/point_lookup.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

namespace ouro::engine {
namespace {

/// More at once do not help: a core waits for about this many cache lines at a time.
constexpr std::size_t group_max = 16;

void prefetch_memtables(const ReadState& state, TableId table, const PointRead& read) {
  state.active->memtable->prefetch(table, read.prefix);
  for (const auto& generation : state.waiting) generation->memtable->prefetch(table, read.prefix);
}

bool find_in_memtables(const ReadState& state, TableId table, const PointRead& read,
                       std::optional<SharedBytes>& value) {
  const auto look = [&](const Generation& generation) {
    auto found = generation.memtable->get(table, read.prefix, read.key, read.at_most);
    if (!found) return false;
    if (found->kind == EntryKind::put) value = std::move(found->value);
    return true;
  };
  if (look(*state.active)) return true;
  return std::any_of(state.waiting.begin(), state.waiting.end(),
                     [&](const auto& generation) { return look(*generation); });
}

/// One key on its way through the tables.
class Walk {
 public:
  Walk(const LookupView& view, Lookup& lookup)
      : view_(view),
        lookup_(lookup),
        table_(view.disk_ids[lookup.table]),
        read_(lookup.key, view.at_most, view.mode) {}

  void prefetch() {
    prefetch_memtables(view_.state, table_, read_);
    view_.state.version->find_candidates(table_, read_, candidates_);
  }

  /// True if the memtables know the key.
  bool try_memtables() { return find_in_memtables(view_.state, table_, read_, lookup_.value); }

  /// To the next file that may have the key; false if there is none.
  bool next_file() {
    for (; next_ < candidates_.count(); ++next_) {
      if (!candidates_[next_].may_have(read_)) continue;
      file_ = &candidates_[next_++];
      number_ = file_->find_block(read_);
      file_->slot(number_).prefetch();
      return true;
    }
    return false;
  }

  void prefetch_block() {
    if (!file_->slot(number_).prefetch_block() && view_.mode == ReadMode::blocking)
      file_->read_ahead(number_);
  }

  Status take_block() {
    auto block = file_->block(number_, view_.mode);
    if (!block) return block.error();
    const std::size_t at = (*block)->lower_bound(read_.prefix, read_.key, read_.at_most);
    if (at < (*block)->count()) (*block)->prefetch_entry(at);
    place_ = {number_, std::move(*block), at};
    return {};
  }

  /// True if the file knows the key.
  Result<bool> try_file() {
    Found found;
    if (Status read = file_->get_from(std::move(place_), read_, found); !read) return read.error();
    if (found.kind == Found::Kind::put) lookup_.value = std::move(found.value);
    return found.kind != Found::Kind::none;
  }

 private:
  const LookupView& view_;
  Lookup& lookup_;
  const TableId table_;
  const PointRead read_;
  Candidates candidates_;
  std::size_t next_ = 0;
  const TableReader* file_ = nullptr;
  std::size_t number_ = 0;
  BlockPosition place_{};
};

/// The walks of a group that are still under way.
class Group {
 public:
  Group(const LookupView& view, std::span<Lookup> lookups) {
    for (Lookup& lookup : lookups) {
      walks_[count_].emplace(view, lookup);
      going_[count_] = &*walks_[count_];
      ++count_;
    }
  }

  Status run() {
    for (Walk* walk : going()) walk->prefetch();
    keep([](Walk& walk) { return !walk.try_memtables(); });
    for (;;) {
      keep([](Walk& walk) { return walk.next_file(); });
      if (count_ == 0) return {};
      for (Walk* walk : going()) walk->prefetch_block();
      for (Walk* walk : going())
        if (Status taken = walk->take_block(); !taken) return taken;
      Status outcome;
      keep([&](Walk& walk) {
        const Result<bool> found = walk.try_file();
        if (!found) outcome = found.error();
        return found && !*found;
      });
      if (!outcome) return outcome;
    }
  }

 private:
  std::span<Walk*> going() { return {going_.data(), count_}; }

  template <class Test>
  void keep(Test test) {
    std::size_t kept = 0;
    for (Walk* walk : going())
      if (test(*walk)) going_[kept++] = walk;
    count_ = kept;
  }

  std::array<std::optional<Walk>, group_max> walks_;
  std::array<Walk*, group_max> going_;
  std::size_t count_ = 0;
};

Status look_up_one(const LookupView& view, Lookup& lookup) {
  const TableId table = view.disk_ids[lookup.table];
  const PointRead read(lookup.key, view.at_most, view.mode);
  prefetch_memtables(view.state, table, read);
  Candidates candidates;
  view.state.version->find_candidates(table, read, candidates);
  if (find_in_memtables(view.state, table, read, lookup.value)) return {};
  for (std::size_t i = 0; i < candidates.count(); ++i) {
    Found found;
    if (Status status = candidates[i].get(read, found); !status) return status;
    if (found.kind == Found::Kind::none) continue;
    if (found.kind == Found::Kind::put) lookup.value = std::move(found.value);
    break;
  }
  return {};
}

}  // namespace

Status look_up(const LookupView& view, std::span<Lookup> lookups) {
  if (lookups.size() == 1) return look_up_one(view, lookups.front());
  while (!lookups.empty()) {
    const auto group = lookups.first(std::min(group_max, lookups.size()));
    if (Status done = Group(view, group).run(); !done) return done;
    lookups = lookups.subspan(group.size());
  }
  return {};
}

}  // namespace ouro::engine
