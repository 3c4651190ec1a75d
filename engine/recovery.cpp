#include "engine/recovery.hpp"

#include "engine/file_names.hpp"
#include "engine/flush.hpp"
#include "engine/memtable.hpp"
#include "engine/wal_batch.hpp"
#include "engine/wal_reader.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace ouro::engine {
namespace {

class LogRecovery {
 public:
  LogRecovery(const TableStore& store, const ManifestState& state)
      : store_(store), state_(state), memtable_(new_memtable()) {
    recovered_.last_sequence = state.last_sequence;
  }

  Result<Recovered> run(const std::vector<std::uint64_t>& numbers) {
    Status done = walk(numbers);
    if (done) done = flush();
    if (!done) {
      remove_tables(store_, recovered_.tables);
      return done.error();
    }
    return std::move(recovered_);
  }

 private:
  std::shared_ptr<Memtable> new_memtable() const {
    return std::make_shared<Memtable>(state_.tables, store_.options.memtable_bytes);
  }

  std::string path(std::uint64_t number) const { return log_path(store_.directory, number); }

  Error damaged(std::uint64_t number, std::uint64_t offset, const std::string& what) const {
    return {ErrorCode::corruption, path(number) + " at " + std::to_string(offset) + ": " + what +
                                       "; restore it or refill the node"};
  }

  // Each segment is replayed once its successor is known, which tells where it must end.
  Status walk(const std::vector<std::uint64_t>& numbers) {
    for (const std::uint64_t number : numbers) {
      if (number < state_.log_number) continue;
      if (Status taken = take_segment(number); !taken) return taken;
    }
    if (!current_) return damaged(state_.log_number, 0, "missing, though the manifest names it");
    return torn_ ? Status() : replay(nullptr);
  }

  Status take_segment(std::uint64_t number) {
    const bool is_first = number == state_.log_number;
    // The manifest only names a segment whose header is durable, so the first is never unborn.
    if (!is_first) {
      const auto unborn = LogReader::is_unborn(store_.files, path(number), LogKind::wal, number);
      if (!unborn) return unborn.error();
      if (*unborn) return {};
    }
    auto reader = LogReader::open(store_.files, path(number), LogKind::wal, number);
    if (!reader) return reader.error();
    const LogHeader& header = reader->header();
    if (header.identity != state_.identity)
      return damaged(number, 0, "it belongs to another database");
    if (is_first) {
      current_.emplace(std::move(*reader));
      if (header.first_sequence != state_.last_sequence + 1)
        return damaged(number, 0, "it does not begin where the tables end");
      return {};
    }
    if (header.previous == 0) return pass_over(*reader);
    if (!current_ || header.previous != current_->header().number)
      return damaged(number, 0, "its predecessor " + path(header.previous) + " is missing");
    if (!torn_)
      if (Status replayed = replay(&header); !replayed) return replayed;
    if (torn_) return leave_out(std::move(*reader));
    if (header.first_sequence != recovered_.last_sequence + 1)
      return damaged(number, 0, "it does not begin where its predecessor ends");
    current_.emplace(std::move(*reader));
    return {};
  }

  // Behind a torn end that was never synced nothing can have been synced either.
  Status leave_out(LogReader reader) {
    const std::uint64_t number = reader.header().number;
    const auto synced = [&] {
      return damaged(*torn_, 0,
                     "its end is torn, but " + path(number) + " proves that it was synced");
    };
    if (reader.header().previous_synced) return synced();
    while (const auto frame = reader.next())
      if (frame->synced_upto > log_header_size) return synced();
    if (Status tail = reader.check_tail(); !tail) return tail;
    current_.emplace(std::move(reader));
    return {};
  }

  // A segment that begins a chain and is not the one in the manifest was made by an open that did
  // not come to its end; nothing was ever written to it.
  Status pass_over(LogReader& reader) const {
    if (reader.next())
      return damaged(reader.header().number, log_header_size,
                     "frames in a segment that the manifest does not know");
    return reader.check_tail();
  }

  // `next` is the successor's header, which tells where this segment must end and whether that was
  // durable; null for the last segment.
  Status replay(const LogHeader* next) {
    const std::uint64_t number = current_->header().number;
    while (next == nullptr || current_->end() < next->previous_end) {
      const std::uint64_t at = current_->end();
      const auto frame = current_->next();
      if (!frame) break;
      if (next != nullptr && frame->end > next->previous_end)
        return damaged(number, at, "a frame reaches beyond the recorded end");
      if (Status applied = apply(*frame, number, at); !applied) return applied;
    }
    if (next == nullptr) return current_->check_tail();
    if (current_->end() != next->previous_end) {
      if (next->previous_synced)
        return damaged(number, current_->end(),
                       "no valid frame, but the next segment was begun at " +
                           std::to_string(next->previous_end));
      torn_ = number;
      return current_->check_tail();
    }
    if (current_->next())
      return damaged(number, next->previous_end, "frames behind the recorded end");
    return {};
  }

  Status apply(const LogFrame& frame, std::uint64_t number, std::uint64_t at) {
    if (frame.type == FrameType::pad) return {};
    if (frame.type != FrameType::batch || frame.count == 0)
      return damaged(number, at, "a frame of an unexpected kind");
    if (frame.first_sequence != recovered_.last_sequence + 1)
      return damaged(number, at,
                     "sequence " + std::to_string(frame.first_sequence) + " follows " +
                         std::to_string(recovered_.last_sequence));
    ChangeReader changes(frame, state_.tables.size());
    for (LoggedChange change; changes.next(change);)
      memtable_->add({change.table, change.key, change.sequence, change.kind}, change.value);
    if (!changes.finished()) return damaged(number, at, "malformed changes");
    recovered_.last_sequence += frame.count;
    recovered_.changes += frame.count;
    return memtable_->bytes() < store_.options.memtable_bytes ? Status{} : flush();
  }

  Status flush() {
    if (memtable_->entries() == 0) return {};
    const Retention retention{.snapshots = {}, .visible = recovered_.last_sequence};
    if (Status written = write_tables(store_, *memtable_, retention, recovered_.tables); !written)
      return written;
    memtable_ = new_memtable();
    return {};
  }

  const TableStore& store_;
  const ManifestState& state_;
  std::shared_ptr<Memtable> memtable_;
  std::optional<LogReader> current_;
  std::optional<std::uint64_t> torn_;  ///< A segment that is not the last and was cut short.
  Recovered recovered_;
};

}  // namespace

Result<Recovered> recover_logs(const TableStore& store, const ManifestState& state,
                               const std::vector<std::uint64_t>& log_numbers) {
  return LogRecovery(store, state).run(log_numbers);
}

}  // namespace ouro::engine
