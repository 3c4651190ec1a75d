#include "engine/log_survey.hpp"

#include "engine/file_names.hpp"
#include "engine/log_bytes.hpp"
#include "engine/wal_batch.hpp"

#include <algorithm>
#include <utility>

namespace ouro::engine {
namespace {

// Where a new memtable is begun, so that none outgrows what memtables are made for.
constexpr std::size_t memtable_bytes = std::size_t{64} << 20;

constexpr std::size_t table_ids = 256;  // that a log can name

class Walk {
 public:
  Walk(FileSystem& files, const std::string& directory, const LogQuestion& question)
      : files_(files), directory_(directory), question_(question) {}

  Result<LogSurvey> run(const std::vector<std::uint64_t>& numbers) {
    if (question_.begin) expected_ = question_.begin->sequence;
    for (const std::uint64_t number : numbers)
      if (Status read = read_segment(number); !read) return read.error();
    // A missing first segment is found before what lies behind it is judged.
    if (question_.begin &&
        !std::binary_search(numbers.begin(), numbers.end(), question_.begin->number))
      damage(log_path(directory_, question_.begin->number) +
             ": missing, though the manifest names it");
    for (std::size_t i = 0; i < logs_.size(); ++i) judge(i);
    return std::move(survey_);
  }

 private:
  struct Loaded {
    LogBytes log;
    std::size_t segment = 0;  // in survey_.segments
    bool readable = true;     // the header is right
  };

  void damage(std::string sentence) {
    survey_.damage.push_back(std::move(sentence));
    broken_ = true;
  }
  void damage_at(const LogBytes& log, std::uint64_t offset, const std::string& what) {
    damage(log.path + " at " + std::to_string(offset) + ": " + what);
  }
  bool is_first(std::uint64_t number) const {
    return question_.begin && number == question_.begin->number;
  }

  Status read_segment(std::uint64_t number) {
    LogSegment segment;
    segment.number = number;
    const std::string path = log_path(directory_, number);
    if (question_.begin && number < question_.begin->number) {
      segment.state = SegmentState::flushed;
      const auto size = files_.file_size(path);
      if (!size) return size.error();
      segment.size = *size;
      survey_.notes.push_back(path + ": flushed, no longer needed");
      survey_.segments.push_back(segment);
      return {};
    }
    auto log = LogBytes::read(files_, path, LogKind::wal, number);
    if (!log) return log.error();
    segment.size = log->bytes.size();
    if (log->header) segment.first_sequence = log->header->first_sequence;
    // The manifest only names a segment whose header is durable; others may be cut short.
    const bool unborn = !log->header && segment.size <= log_header_size && !is_first(number);
    if (unborn) {
      segment.state = SegmentState::empty;
      survey_.notes.push_back(path + ": its creation was cut short by a crash; it holds nothing");
    } else {
      logs_.push_back({std::move(*log), survey_.segments.size(), true});
    }
    survey_.segments.push_back(segment);
    return {};
  }

  void judge(std::size_t i) {
    Loaded& loaded = logs_[i];
    LogBytes& log = loaded.log;
    LogSegment& segment = survey_.segments[loaded.segment];
    if (log.header && log.header->identity != question_.identity) {
      damage_at(log, 0, "it belongs to another database");
      segment.state = SegmentState::foreign;
      loaded.readable = false;
      return;
    }
    if (!log.header) {
      damage_at(log, 0, "this is no log header");
      segment.state = SegmentState::damaged;
      loaded.readable = false;
      // What the header told apart from these two is not needed to check the frames.
      log.header = LogHeader{.kind = LogKind::wal,
                             .number = segment.number,
                             .identity = question_.identity,
                             .previous = 0,
                             .previous_end = 0,
                             .first_sequence = 0};
    } else if (const std::string what = misfit(i); !what.empty()) {
      damage_at(log, 0, what);
      segment.state = SegmentState::damaged;
    }
    take_frames(i, segment);
  }

  // Why a segment does not follow what was read before it; empty if it does.
  std::string misfit(std::size_t i) {
    const LogHeader& header = *logs_[i].log.header;
    const bool begins = is_first(header.number) || (!question_.begin && i == 0);
    if (begins) {
      if (question_.begin && header.first_sequence != expected_)
        return "it does not begin where the tables end";
      if (!question_.begin && header.previous != 0)
        survey_.notes.push_back(log_path(directory_, header.previous) +
                                ": not there, which is right if all of it had been flushed");
      expected_ = header.first_sequence;
      return "";
    }
    if (header.previous != 0) {
      const bool follows =
          i > 0 && logs_[i - 1].readable && logs_[i - 1].log.header->number == header.previous;
      if (!follows)
        return "its predecessor " + log_path(directory_, header.previous) + " is missing";
    } else if (question_.begin) {
      // Made by an open that did not come to its end: nothing was ever written to it.
      if (logs_[i].log.find_frame(log_header_size))
        return "frames in a segment that the manifest does not know";
      return "";
    }
    if (header.first_sequence == expected_) return "";
    return "it begins with sequence " + std::to_string(header.first_sequence) + ", not with " +
           std::to_string(expected_);
  }

  // Where the successor says that this segment ended.
  std::optional<std::uint64_t> recorded_end(std::size_t i) const {
    if (i + 1 >= logs_.size()) return std::nullopt;
    const auto& next = logs_[i + 1].log.header;
    if (!next || next->identity != question_.identity ||
        next->previous != logs_[i].log.header->number)
      return std::nullopt;
    return next->previous_end;
  }

  void take_frames(std::size_t i, LogSegment& segment) {
    const LogBytes& log = logs_[i].log;
    const auto recorded = recorded_end(i);
    std::uint64_t end = log_header_size;
    const bool behind_damage = broken_;
    bool skipped = false;
    while (const auto found = log.find_frame(end)) {
      // A frame behind a gap proves damage only if it promised more than the gap's begin.
      if (found->offset != end && !skipped) {
        if (found->frame.synced_upto > end || recorded) {
          damage_at(log, end,
                    "no valid frame, but the frame at " + std::to_string(found->offset) +
                        " proves that one was there");
          segment.state = SegmentState::damaged;
        } else {
          survey_.notes.push_back(log.path + " at " + std::to_string(end) +
                                  ": the tail was torn by a crash, before frames that were not "
                                  "synced either");
          segment.state = SegmentState::torn;
        }
        skipped = true;
      }
      if (recorded && found->offset >= *recorded) {
        damage_at(log, *recorded, "frames behind the recorded end");
        segment.state = SegmentState::damaged;
      }
      take(log, *found, segment, skipped);
      end = found->frame.end;
    }
    finish(log, end, recorded, segment, skipped);
    if (behind_damage && !question_.salvage && segment.state != SegmentState::damaged &&
        segment.changes == 0 && end > log_header_size)
      segment.state = SegmentState::left_out;
  }

  void finish(const LogBytes& log, std::uint64_t end, std::optional<std::uint64_t> recorded,
              LogSegment& segment, bool skipped) {
    if (recorded && end < *recorded) {
      damage_at(log, end,
                "no valid frame, but the next segment was begun at " + std::to_string(*recorded));
      segment.state = SegmentState::damaged;
    } else if (!recorded && end < log.bytes.size() && !skipped &&
               segment.state == SegmentState::whole) {
      survey_.notes.push_back(log.path + " at " + std::to_string(end) +
                              ": the tail was torn by a crash; what was acknowledged as durable "
                              "is before it");
      segment.state = SegmentState::torn;
    } else if (end == log_header_size && segment.state == SegmentState::whole) {
      segment.state = SegmentState::empty;
    }
  }

  // `skipped`: this frame lies behind a place that could not be read.
  void take(const LogBytes& log, const LogBytes::Found& found, LogSegment& segment, bool skipped) {
    const LogFrame& frame = found.frame;
    if (frame.type == FrameType::pad) return;
    const Sequence last = frame.first_sequence + frame.count - 1;
    if (!fits(log, found, segment, skipped)) return;
    if ((broken_ || skipped) && !question_.salvage) {
      survey_.left_out += frame.count;
      return;
    }
    if (survey_.memtables.empty() || survey_.memtables.back()->bytes() >= memtable_bytes)
      survey_.memtables.push_back(std::make_shared<Memtable>(question_.tables, memtable_bytes));
    ChangeReader changes(frame, question_.tables.size());
    for (LoggedChange change{}; changes.next(change);)
      survey_.memtables.back()->add({change.table, change.key, change.sequence, change.kind},
                                    change.value);
    ++segment.frames;
    segment.changes += frame.count;
    survey_.changes += frame.count;
    survey_.last_sequence = last;
    expected_ = last + 1;
  }

  // Says what is wrong with a frame; false if it cannot be taken even with salvage.
  bool fits(const LogBytes& log, const LogBytes::Found& found, LogSegment& segment, bool skipped) {
    const LogFrame& frame = found.frame;
    TableId greatest = 0;
    ChangeReader changes(frame, table_ids);
    for (LoggedChange change{}; changes.next(change);) greatest = std::max(greatest, change.table);
    std::string wrong;
    bool usable = true;
    if (frame.type != FrameType::batch || frame.count == 0) {
      wrong = "a frame of an unexpected kind";
      usable = false;
    } else if (!changes.finished()) {
      wrong = "malformed changes";
      usable = false;
    } else if (greatest >= question_.tables.size()) {
      wrong = "a change of table " + std::to_string(greatest) + ", which is not known";
      usable = false;
      survey_.unknown_table = std::max(survey_.unknown_table.value_or(0), greatest);
    } else if (frame.first_sequence != expected_ && !skipped && !broken_) {
      wrong = "sequence " + std::to_string(frame.first_sequence) + " follows " +
              std::to_string(expected_ - 1);
    }
    // Sequences only go up, or what is newest could not be told.
    usable = usable && frame.first_sequence > survey_.last_sequence;
    if (!wrong.empty()) {
      damage_at(log, found.offset, wrong);
      segment.state = SegmentState::damaged;
    }
    return usable;
  }

  FileSystem& files_;
  const std::string& directory_;
  const LogQuestion& question_;
  std::vector<Loaded> logs_;
  LogSurvey survey_;
  Sequence expected_ = 0;
  bool broken_ = false;  // damage was found before this place
};

}  // namespace

std::string_view name(SegmentState state) {
  switch (state) {
    case SegmentState::whole:
      return "whole";
    case SegmentState::torn:
      return "torn tail";
    case SegmentState::empty:
      return "empty";
    case SegmentState::flushed:
      return "flushed";
    case SegmentState::damaged:
      return "damaged";
    case SegmentState::left_out:
      return "behind damage";
    case SegmentState::foreign:
      return "of another database";
  }
  return "?";
}

Result<LogSurvey> survey_logs(FileSystem& files, const std::string& directory,
                              const std::vector<std::uint64_t>& numbers,
                              const LogQuestion& question) {
  return Walk(files, directory, question).run(numbers);
}

}  // namespace ouro::engine
