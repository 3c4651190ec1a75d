// How a log lies in its file: the write-ahead log's segments and the manifest alike.
//
// A header, then frames, each aligned to 8 bytes. Every checksum is seeded with the database's
// identity, the file's number and the place in the file, so bytes that are stale or in the wrong
// place never verify. docs/formats.md has the layouts.
//
// A frame tells up to where the log was known to be durable when it was written ("synced_upto",
// after Pebble's WAL sync chunks): a valid frame that promises more than what could be read before
// it proves that durable data was damaged, which a torn tail never does.
#pragma once

#include "base/result.hpp"
#include "engine/entry.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ouro::engine {

/// Tells the files of one database from those of another.
using DbIdentity = std::array<char, 16>;

enum class LogKind : std::uint8_t { wal, manifest };

constexpr std::uint32_t log_format_version = 1;
constexpr std::size_t log_header_size = 80;
constexpr std::size_t frame_header_bytes = 40;
constexpr std::size_t frame_alignment = 8;

struct LogHeader {
  LogKind kind = LogKind::wal;
  std::uint64_t number = 0;
  DbIdentity identity{};
  /// The segment before this one and where its valid frames end; zeros: this one begins a chain.
  std::uint64_t previous = 0;
  std::uint64_t previous_end = 0;
  /// Whether all segments before were durable when this one was begun. If not, they were before the
  /// first sync of this one.
  bool previous_synced = true;
  Sequence first_sequence = 0;
};

std::string encode_log_header(const LogHeader& header);
/// Errors: corruption (not such a log, or damaged), unsupported (a newer format).
Result<LogHeader> decode_log_header(std::string_view bytes, LogKind kind, std::uint64_t number);

enum class FrameType : std::uint8_t {
  batch = 1,  ///< A commit group.
  pad = 2,    ///< No payload: only carries a newer synced_upto.
  edit = 3,   ///< A change of the manifest.
};

struct LogFrame {
  FrameType type = FrameType::batch;
  std::uint32_t count = 0;  ///< Changes in the payload; they have consecutive sequences.
  Sequence first_sequence = 0;
  std::uint64_t synced_upto = 0;
  std::string_view payload;
  std::uint64_t end = 0;  ///< Offset behind the frame.
};

/// Makes room for a frame's header at the start of `out`; the payload is appended behind it.
void begin_frame(std::string& out);
/// Pads `out` and fills in the header. `frame.payload` and `frame.end` are ignored.
void finish_frame(std::string& out, const LogFrame& frame, const LogHeader& log,
                  std::uint64_t offset);

/// The frame at `offset` of a log's bytes, if a valid one lies there.
bool read_frame(std::string_view log_bytes, std::uint64_t offset, const LogHeader& log,
                LogFrame& frame);

}  // namespace ouro::engine
