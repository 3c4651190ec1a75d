#include "base/coding.hpp"
#include "base/hash.hpp"
#include "engine/wal_reader.hpp"
#include "engine/wal_writer.hpp"
#include "sim/file_system.hpp"
#include "tests/engine/db_fixture.hpp"

#include <string>
#include <vector>

namespace ouro::engine {
namespace {

constexpr std::uint64_t number = 7;

LogHeader header() {
  LogHeader header;
  header.number = number;
  header.identity = {'i', 'd'};
  header.previous = 5;
  header.previous_end = 4096;
  header.first_sequence = 100;
  return header;
}

struct Log {
  sim::FileSystem files;
  std::unique_ptr<LogWriter> writer;
  std::vector<std::uint64_t> ends{log_header_size};

  Log() {
    REQUIRE(files.create_directory("d"));
    auto made = LogWriter::create(files, "d/log", header());
    REQUIRE(made);
    writer = std::move(*made);
  }
  void append(const std::string& payload, bool sync) {
    std::string buffer;
    begin_frame(buffer);
    buffer += payload;
    LogFrame frame;
    frame.count = 1;
    frame.first_sequence = 99 + ends.size();
    REQUIRE(writer->append(buffer, frame));
    if (sync) REQUIRE(writer->sync());
    ends.push_back(writer->end());
  }
  LogReader read() {
    auto reader = LogReader::open(files, "d/log", LogKind::wal, number);
    REQUIRE(reader);
    return std::move(*reader);
  }
  std::vector<std::string> payloads(LogReader& reader) {
    std::vector<std::string> found;
    while (const auto frame = reader.next()) found.emplace_back(frame->payload);
    return found;
  }
};

TEST_CASE("a log gives back its header and frames", "[engine]") {
  Log log;
  log.append("first", true);
  log.append("", false);
  log.append(std::string(5000, 'x'), false);
  LogReader reader = log.read();
  CHECK(reader.header().previous == 5);
  CHECK(reader.header().previous_end == 4096);
  CHECK(reader.header().first_sequence == 100);
  CHECK(log.payloads(reader) == std::vector<std::string>{"first", "", std::string(5000, 'x')});
  CHECK(reader.end() == reader.size());
  CHECK(reader.check_tail());
}

TEST_CASE("a log cut anywhere behind its synced part ends with its last whole frame", "[engine]") {
  Log log;
  log.append("one", true);
  log.append("two", false);
  log.append("three", false);
  const std::string whole = log.files.bytes("d/log");
  for (std::size_t size = log.ends[1]; size < whole.size(); ++size) {
    CAPTURE(size);
    log.files.overwrite("d/log", whole.substr(0, size));
    LogReader reader = log.read();
    const std::size_t frames = size < log.ends[2] ? 1 : 2;
    REQUIRE(log.payloads(reader).size() == frames);
    REQUIRE(reader.check_tail());
  }
}

TEST_CASE("damage in front of what a later frame promises is corruption", "[engine]") {
  Log log;
  log.append("one", true);
  log.append("two", true);
  log.append("three", false);
  const std::string whole = log.files.bytes("d/log");
  for (std::uint64_t at = log_header_size; at < log.ends[2]; ++at) {
    CAPTURE(at);
    log.files.overwrite("d/log", whole);
    log.files.flip("d/log", at, 1);
    LogReader reader = log.read();
    while (reader.next()) {
    }
    const Status tail = reader.check_tail();
    REQUIRE(code_of(tail) == ErrorCode::corruption);
    const std::uint64_t start = at < log.ends[1] ? log_header_size : log.ends[1];
    REQUIRE(tail.error().message.find("d/log at " + std::to_string(start)) != std::string::npos);
  }
}

TEST_CASE("damage in what was never synced is a torn tail", "[engine]") {
  Log log;
  log.append("one", true);
  log.append("two", false);
  log.append("three", false);
  log.files.flip("d/log", log.ends[1] + 41, 1);
  LogReader reader = log.read();
  CHECK(log.payloads(reader) == std::vector<std::string>{"one"});
  CHECK(reader.check_tail());
}

TEST_CASE("a frame does not verify in another place or another log", "[engine]") {
  Log log;
  log.append("same", false);
  log.append("same", false);
  const std::string whole = log.files.bytes("d/log");
  LogFrame frame;
  REQUIRE(read_frame(whole, log.ends[0], header(), frame));
  const std::string first = whole.substr(log.ends[0], log.ends[1] - log.ends[0]);
  const std::string moved = whole.substr(0, log.ends[1]) + first;
  CHECK_FALSE(read_frame(moved, log.ends[1], header(), frame));
  LogHeader other = header();
  other.number = number + (std::uint64_t{1} << 32);
  CHECK_FALSE(read_frame(whole, log.ends[0], other, frame));
  other = header();
  other.identity = {'j', 'd'};
  CHECK_FALSE(read_frame(whole, log.ends[0], other, frame));
}

TEST_CASE("a log header that is damaged, foreign or newer is told apart", "[engine]") {
  const std::string good = encode_log_header(header());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 4);
    CAPTURE(at);
    REQUIRE(code_of(decode_log_header(bad, LogKind::wal, number)) == ErrorCode::corruption);
  }
  CHECK(code_of(decode_log_header(good, LogKind::manifest, number)) == ErrorCode::corruption);
  CHECK(code_of(decode_log_header(good, LogKind::wal, number + 1)) == ErrorCode::corruption);
  std::string newer = good;
  store_fixed(newer.data() + 8, log_format_version + 1);
  const std::uint64_t seed = number * 0x9e3779b97f4a7c15;
  store_fixed(newer.data() + log_header_size - 8,
              hash64(std::string_view(newer).substr(0, log_header_size - 8), seed));
  CHECK(code_of(decode_log_header(newer, LogKind::wal, number)) == ErrorCode::unsupported);
}

TEST_CASE("the bytes of a log are the same for ever", "[engine]") {
  Log log;
  log.append("payload", true);
  log.append("more", false);
  CHECK(hash64(log.files.bytes("d/log")) == 0x705b6f8731dff24e);
}

TEST_CASE("an error while reading a log is not its end", "[engine]") {
  Log log;
  log.append("one", true);
  log.files.fail_when([](sim::Operation operation, const std::string&) {
    return operation == sim::Operation::read ? std::optional(ErrorCode::io) : std::nullopt;
  });
  CHECK(code_of(LogReader::open(log.files, "d/log", LogKind::wal, number)) == ErrorCode::io);
}

}  // namespace
}  // namespace ouro::engine
