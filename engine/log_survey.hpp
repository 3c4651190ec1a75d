// Which changes do the log segments of a directory hold, and where do they break off?
#pragma once

#include "base/file_system.hpp"
#include "base/result.hpp"
#include "engine/memtable.hpp"
#include "engine/options.hpp"
#include "engine/wal_format.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::engine {

enum class SegmentState : std::uint8_t {
  whole,
  torn,      ///< Whole, and behind it what a crash cut short.
  empty,     ///< No changes: begun and never used, or never born.
  flushed,   ///< Older than the first that is needed.
  damaged,   ///< Some of it could not be read or does not fit to the others.
  left_out,  ///< Readable, but behind damage.
  foreign,   ///< Of another database.
};
std::string_view name(SegmentState state);

struct LogSegment {
  std::uint64_t number = 0;
  SegmentState state = SegmentState::whole;
  std::uint64_t size = 0;
  std::uint64_t frames = 0, changes = 0;  ///< That were taken.
  Sequence first_sequence = 0;            ///< As its header says; 0 if that is damaged.
};

struct LogQuestion {
  DbIdentity identity{};
  /// The first segment that is needed and the sequence it must begin with; nothing if no manifest
  /// tells: then the oldest one that is there is believed to be the first.
  struct Begin {
    std::uint64_t number = 0;
    Sequence sequence = 0;
  };
  std::optional<Begin> begin;
  std::vector<TableSpec> tables;  ///< By id; changes of others make no sense.
  /// Take what can be read behind damage too. Otherwise what is taken is always all that was
  /// written up to some moment.
  bool salvage = false;
};

struct LogSurvey {
  std::vector<LogSegment> segments;  ///< All that are there, by number.
  /// What was taken, oldest first: the sequences of each are above those of the ones before.
  std::vector<std::shared_ptr<Memtable>> memtables;
  Sequence last_sequence = 0;  ///< Of the last change taken; 0 if there is none.
  std::uint64_t changes = 0;
  /// The greatest table id that a change names although LogQuestion::tables does not have it.
  std::optional<TableId> unknown_table;
  std::uint64_t left_out = 0;       ///< Readable changes behind damage that were not taken.
  std::vector<std::string> damage;  ///< A sentence each, naming file and offset.
  std::vector<std::string> notes;
};

/// Reads the segments `numbers` (ascending), by the rules of recovery (engine/recovery.hpp), but
/// goes on after damage to tell of all of it. What is taken is held in memory. Errors: io and the
/// like, unsupported (a newer format).
Result<LogSurvey> survey_logs(FileSystem& files, const std::string& directory,
                              const std::vector<std::uint64_t>& numbers,
                              const LogQuestion& question);

}  // namespace ouro::engine
