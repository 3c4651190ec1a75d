#include "engine/level_iterator.hpp"

#include "base/check.hpp"

#include <algorithm>

namespace ouro::engine {

void LevelIterator::enter(std::size_t file) {
  at_ = file;
  current_.reset();
  if (file < files_.size()) current_.emplace(files_[file], options_);
}

void LevelIterator::seek(std::string_view key, Sequence sequence) {
  const auto file = std::partition_point(files_.begin(), files_.end(), [&](const auto& candidate) {
    return candidate->meta().largest < key;
  });
  const auto number = static_cast<std::size_t>(file - files_.begin());
  if (!current_ || number != at_) enter(number);
  if (!current_) return;
  current_->seek(key, sequence);
  skip_finished_files();
}

void LevelIterator::seek_to_first() {
  enter(0);
  if (!current_) return;
  current_->seek_to_first();
  skip_finished_files();
}

void LevelIterator::next() {
  check(valid());
  current_->next();
  skip_finished_files();
}

void LevelIterator::skip_finished_files() {
  while (current_ && !current_->valid() && current_->status()) {
    enter(at_ + 1);
    if (current_) current_->seek_to_first();
  }
}

Status LevelIterator::status() const {
  if (current_) return current_->status();
  return {};
}

}  // namespace ouro::engine
