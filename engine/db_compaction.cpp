// Compaction: what is merged when, by how many lanes, and how it ends.
//
// A compaction is cut into parts, and each lane steps the part it prefers. The lock is let go
// during a step, so flushes, other lanes and whoever waits for the compaction never wait longer
// than that. The last one to finish installs the whole result as one edit; if one part fails all
// are given up.
#include "engine/db_impl.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace ouro::engine {

// One lane while it keeps up; with level 0 half way from its limit to the stop, all of them.
std::size_t DbImpl::wanted_compaction_lanes() const {
  const std::size_t lanes = lanes_.compaction.size();
  if (compaction_holds_.load() > 0) return lanes;  // somebody waits
  if (waiting_memtables_.load(std::memory_order_relaxed) >= options_.memtables_max) return lanes;
  const std::size_t runs = level0_runs_.load(std::memory_order_relaxed);
  if (runs <= options_.level0_runs_max) return 1;
  const std::size_t span = std::max(1u, (options_.level0_runs_stop - options_.level0_runs_max) / 2);
  return std::min(lanes, 1 + (runs - options_.level0_runs_max) * lanes / span);
}

void DbImpl::schedule_compaction() {
  compaction_resting_.store(false);
  continue_compaction();
}

void DbImpl::continue_compaction() {
  if (failed()) return;
  const std::size_t lanes = wanted_compaction_lanes();
  for (std::size_t lane = 0; lane < lanes; ++lane) schedule_compaction_on(lane);
}

void DbImpl::schedule_compaction_on(std::size_t lane) {
  if (compaction_scheduled_[lane].exchange(true)) return;
  lanes_.compaction[lane]->post([this, lifeline = lifeline_, lane] {
    if (!lifeline->enter()) return;
    compaction_job(lane);
    lifeline->leave();
  });
}

void DbImpl::compaction_job(std::size_t lane) {
  compaction_scheduled_[lane].store(false);
  {
    std::unique_lock lock(compaction_mutex_);
    if (failed()) return give_up_compaction(lock);
    if (!compaction_ && !begin_compaction_locked()) return;
    const auto piece = compaction_->next(lane);
    // Others work on the rest; the last of them goes on.
    if (!piece) return;
    const Status stepped = step_compaction(*piece, lock);
    if (!stepped) return note_background_error(stepped);
  }
  continue_compaction();
}

bool DbImpl::begin_compaction_locked() {
  if (compaction_holds_ > 0 || compaction_resting_.load()) return false;
  // The version first: what it holds is older than the retention asked for after it.
  const auto version = state()->version;
  auto plan = pick(*version, options_);
  if (!plan) return false;
  begin_locked(version, std::move(*plan));
  return true;
}

void DbImpl::begin_locked(std::shared_ptr<const Version> version, CompactionPlan plan) {
  compaction_ = std::make_shared<RunningCompaction>(
      std::make_unique<CompactionJob>(store_, std::move(version), std::move(plan),
                                      snapshots_->retention(visible_), lanes_.compaction.size()));
}

// Does one piece without the lock. Whoever leaves the compaction last ends it: installs it if all
// parts are finished, gives it up if one has failed.
Status DbImpl::step_compaction(RunningCompaction::Piece piece, std::unique_lock<std::mutex>& lock) {
  using State = RunningCompaction::State;
  const std::shared_ptr<RunningCompaction> running = compaction_;
  CompactionJob& job = *running->job;
  if (!piece.prepares) running->parts[piece.part] = State::busy;
  ++running->busy;
  lock.unlock();
  Result<bool> done = false;
  if (piece.prepares) {
    if (Status ready = job.prepare(); !ready) done = ready.error();
  } else {
    done = job.step_part(piece.part);
  }
  lock.lock();
  --running->busy;
  compaction_changed_.notify_all();
  if (!done) {
    if (!running->failed) running->failed = done.error();
  } else if (piece.prepares) {
    running->prepared = true;
    running->unfinished = job.parts();
    running->parts.assign(job.parts(), State::waiting);
  } else {
    running->parts[piece.part] = *done ? State::finished : State::waiting;
    if (*done) --running->unfinished;
  }
  if (running->busy > 0) return {};
  if (running->failed)
    compaction_.reset();
  else if (running->all_finished())
    install_compaction_locked();
  if (!running->failed) return {};
  // Tried again after the next flush, or when a commit is refused; trying at once would only spin.
  compaction_resting_.store(true);
  return *running->failed;
}

void DbImpl::install_compaction_locked() {
  const auto running = std::exchange(compaction_, nullptr);
  CompactionJob& job = *running->job;
  compaction_bytes_read_.add(job.bytes_read());
  compaction_bytes_written_.add(job.bytes_written());
  Status installed = job.finish();
  if (installed) installed = install(job.take_edit(), nullptr);
  if (installed)
    compactions_.add();
  else
    running->failed = installed.error();
}

// Lanes at work on a part still leave it by themselves; the last one takes it down.
void DbImpl::give_up_compaction(std::unique_lock<std::mutex>& lock) {
  check(lock.owns_lock());
  if (compaction_ && compaction_->busy == 0) compaction_.reset();
}

Status DbImpl::finish_running_compaction(std::unique_lock<std::mutex>& lock) {
  check(lock.owns_lock());
  const auto running = compaction_;
  while (compaction_ && compaction_ == running) {
    if (const auto piece = running->next(0))
      static_cast<void>(step_compaction(*piece, lock));
    else
      compaction_changed_.wait(lock);
  }
  if (running && running->failed) return *running->failed;
  return {};
}

Status DbImpl::compact_table(TableId table, std::unique_lock<std::mutex>& lock) {
  const auto version = state()->version;
  auto plan = pick_all(*version, table);
  if (!plan) return {};
  begin_locked(version, std::move(*plan));
  continue_compaction();
  return finish_running_compaction(lock);
}

Status DbImpl::compact_sync() {
  if (Status flushed = flush_all(); !flushed) return flushed;
  std::unique_lock lock(compaction_mutex_);
  const CompactionHold hold(*this);
  if (failed()) return closed();
  Status done = finish_running_compaction(lock);
  for (std::size_t table = 0; done && table < options_.tables.size(); ++table)
    done = compact_table(static_cast<TableId>(table), lock);
  return done;
}

}  // namespace ouro::engine
