#include "kv/local_reader.hpp"

#include "kv/passed.hpp"
#include "kv/tables.hpp"
#include "runtime/reply.hpp"

#include <array>
#include <span>
#include <utility>

namespace ouro::kv {
namespace {

constexpr std::size_t waiting_max = 1024;

using Answer = Result<LocalObject>;

}  // namespace

Task<Result<LocalObject>> LocalReader::read(ArcId arc, std::string data_key) {
  Answer answer = read_now(arc, data_key, ReadMode::cached);
  if (answer || answer.error().code != ErrorCode::would_block) co_return answer;

  if (waiting_.fetch_add(1) >= waiting_max) {
    waiting_.fetch_sub(1);
    co_return Error{ErrorCode::busy, "too many reads wait for the disk: try again later"};
  }
  auto start = [this, arc, &data_key](Reply<Answer> reply) {
    lane_.post([this, arc, data_key, reply = std::move(reply)]() mutable {
      reply(read_now(arc, data_key, ReadMode::blocking));
    });
  };
  auto from_disk = await_reply<Answer>(start);
  Answer read = co_await std::move(from_disk);
  waiting_.fetch_sub(1);
  co_return read;
}

Result<LocalObject> LocalReader::read_now(ArcId arc, const std::string& data_key, ReadMode mode) {
  const std::string clock = clock_key(arc);
  const std::string stream = stream_key(arc);
  std::array<engine::Lookup, 3> lookups{
      {{data_table, data_key, {}}, {clocks_table, clock, {}}, {clocks_table, stream, {}}}};
  engine::ReadOptions options;
  options.mode = mode;
  // Looked for only where there may be one; asked again if the first of all appeared meanwhile.
  std::size_t count = 0;
  while (count < (stream_rows_.load() > 0 ? std::size_t{3} : std::size_t{2})) {
    count = stream_rows_.load() > 0 ? 3 : 2;
    const Status found = db_.get(std::span(lookups).first(count), options);
    if (!found) return found.error();
  }

  LocalObject local;
  if (lookups[0].value) {
    Result<Object> object = decode_record(*lookups[0].value);
    if (!object) return object.error();
    local.object = std::move(*object);
  }
  if (lookups[1].value) {
    Result<DotSet> seen = decode_clock(*lookups[1].value);
    if (!seen) return seen.error();
    local.seen = std::move(*seen);
  }
  if (lookups[2].value) {
    const Result<Passed> passed = Passed::decode(*lookups[2].value);
    if (!passed) return passed.error();
    local.passed = passed->dead_for(data_key).difference(local.seen);
    local.object.rest.add(local.passed);
  }
  return local;
}

}  // namespace ouro::kv
