#include "raft/log.hpp"

#include "base/check.hpp"
#include "raft/format.hpp"

#include <algorithm>
#include <utility>

namespace ouro::raft {

Log::Log(Snapshot snapshot, std::vector<Entry> entries) {
  base_index_ = entries.empty() ? snapshot.index : entries.front().index - 1;
  check(base_index_ <= snapshot.index);
  base_term_ = base_index_ == snapshot.index ? snapshot.term : 0;
  configurations_.clear();
  configurations_.emplace(snapshot.index, snapshot.configuration);
  snapshot_ = std::move(snapshot);
  for (Entry& entry : entries) append(std::move(entry));
  check(last() >= snapshot_.index);
  stable_ = last();
}

std::optional<Term> Log::term(Index index) const {
  if (index == snapshot_.index) return snapshot_.term;
  // The base's term is not stored with the tail that is kept before a snapshot.
  if (index == base_index_) {
    if (base_term_ == 0 && index > 0) return std::nullopt;
    return base_term_;
  }
  if (index < base_index_ || index > last()) return std::nullopt;
  return entries_[index - base_index_ - 1].term;
}

const Entry& Log::at(Index index) const {
  check(index >= first() && index <= last());
  return entries_[index - base_index_ - 1];
}

std::vector<Entry> Log::range(Index from, Index to, std::size_t bytes_max) const {
  std::vector<Entry> found;
  std::size_t bytes = 0;
  for (Index index = from; index <= std::min(to, last()); ++index) {
    const Entry& entry = at(index);
    bytes += cost(entry);
    if (!found.empty() && bytes > bytes_max) break;
    found.push_back(entry);
  }
  return found;
}

void Log::append(Entry entry) {
  check(entry.index == last() + 1);
  // A tail kept before the snapshot may hold older configurations; they are history.
  if (entry.kind == EntryKind::configuration && entry.index > snapshot_.index) {
    const auto configuration = decode_configuration(entry.data);
    check(configuration.has_value());  // who receives or loads entries looks first
    configurations_[entry.index] = *configuration;
  }
  bytes_ += cost(entry);
  entries_.push_back(std::move(entry));
}

void Log::truncate(Index from) {
  check(from > snapshot_.index && from >= first());
  while (last() >= from) {
    bytes_ -= cost(entries_.back());
    entries_.pop_back();
  }
  configurations_.erase(configurations_.lower_bound(from), configurations_.end());
  stable_ = std::min(stable_, last());
}

void Log::install(Snapshot snapshot) {
  if (matches(snapshot.index, snapshot.term)) {
    forget_to(snapshot.index, snapshot.term);
  } else {
    entries_.clear();
    bytes_ = 0;
    base_index_ = snapshot.index;
    base_term_ = snapshot.term;
    configurations_.clear();
    stable_ = snapshot.index;
  }
  configurations_.erase(configurations_.begin(), configurations_.upper_bound(snapshot.index));
  configurations_.emplace(snapshot.index, snapshot.configuration);
  stable_ = std::max(stable_, snapshot.index);
  snapshot_ = std::move(snapshot);
}

void Log::compact(Snapshot snapshot, std::size_t bytes_kept) {
  check(matches(snapshot.index, snapshot.term));
  std::size_t bytes = bytes_;
  Index to = base_index_;
  while (to < snapshot.index && bytes - cost(at(to + 1)) >= bytes_kept) bytes -= cost(at(++to));
  if (to > base_index_) forget_to(to, *term(to));
  configurations_.erase(configurations_.begin(), configurations_.upper_bound(snapshot.index));
  configurations_.emplace(snapshot.index, snapshot.configuration);
  snapshot_ = std::move(snapshot);
}

const Configuration& Log::configuration_at(Index index) const {
  auto after = configurations_.upper_bound(index);
  check(after != configurations_.begin());
  return std::prev(after)->second;
}

void Log::set_stable(Index index, Term term) {
  if (index > stable_ && matches(index, term)) stable_ = index;
}

Index Log::last_at_most(Index index, Term term) const {
  index = std::min(index, last());
  while (index > base_index_ && this->term(index).value_or(0) > term) --index;
  return std::max(index, base_index_);
}

void Log::forget_to(Index index, Term term) {
  while (base_index_ < index && !entries_.empty()) {
    bytes_ -= cost(entries_.front());
    entries_.pop_front();
    ++base_index_;
  }
  check(base_index_ == index);
  base_term_ = term;
}

}  // namespace ouro::raft
