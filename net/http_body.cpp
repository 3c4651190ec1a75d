#include "net/http_body.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace ouro::net {
namespace {

constexpr std::size_t size_digits_max = 16;
/// Bytes of framing forgiven per chunk, and in all beyond that: a body of tiny chunks with long
/// extensions would cost much to read and carry nothing.
constexpr std::size_t chunk_overhead = 16;
constexpr std::size_t overhead_max = 16 << 10;

HttpProblem too_large(std::uint64_t body_max) {
  return {.status = 413,
          .code = "body_too_large",
          .detail = "the body is larger than " + std::to_string(body_max) + " bytes"};
}

}  // namespace

ChunkDecoder::ChunkDecoder(const HttpLimits& limits, std::uint64_t body_max)
    : limits_(limits), body_max_(body_max) {}

void ChunkDecoder::refuse(unsigned status, std::string_view code, std::string_view detail) {
  problem_ = {.status = status, .code = code, .detail = std::string(detail)};
  state_ = State::bad;
}

std::size_t ChunkDecoder::feed(std::string_view bytes, std::string& body) {
  std::size_t used = 0;
  while (used < bytes.size() && !done() && !bad()) {
    const std::string_view rest = bytes.substr(used);
    if (state_ != State::data) {
      used += feed_line(rest, body.size());
      continue;
    }
    const std::size_t count = std::min<std::uint64_t>(rest.size(), chunk_left_);
    body.append(rest.substr(0, count));
    used += count;
    chunk_left_ -= count;
    if (chunk_left_ == 0) state_ = State::data_end;
  }
  return used;
}

std::size_t ChunkDecoder::line_max() const {
  switch (state_) {
    case State::size:
      return size_digits_max + limits_.chunk_extension_max + 2;
    case State::data_end:
      return 2;
    default:
      return limits_.trailer_max - trailer_size_;
  }
}

std::size_t ChunkDecoder::feed_line(std::string_view bytes, std::size_t body_size) {
  const std::size_t newline = bytes.find('\n');
  const std::size_t used = newline == bytes.npos ? bytes.size() : newline + 1;
  if (line_.size() + used > line_max()) {
    refuse(400, "bad_request", "a line of the chunked encoding is too long");
    return used;
  }
  line_.append(bytes.substr(0, used));
  if (newline == bytes.npos) return used;
  const std::string_view line(line_.data(), line_.size() - 1);
  if (line.empty() || line.back() != '\r')
    refuse(400, "bad_request", "a line of the chunked encoding ends without CR LF");
  else
    on_line(line.substr(0, line.size() - 1), body_size);
  line_.clear();
  return used;
}

void ChunkDecoder::on_line(std::string_view line, std::size_t body_size) {
  if (has_control(line))
    return refuse(400, "bad_request", "the chunked encoding has a control character");
  switch (state_) {
    case State::size:
      return on_size(line, body_size);
    case State::data_end:
      if (!line.empty()) return refuse(400, "bad_request", "a chunk does not end with CR LF");
      state_ = State::size;
      return;
    default:
      return on_trailer(line);
  }
}

void ChunkDecoder::on_size(std::string_view line, std::size_t body_size) {
  const std::size_t digits = std::min(line.find(';'), line.size());
  std::uint64_t size = 0;
  const char* const digits_end = line.data() + digits;
  const auto [end, error] = std::from_chars(line.data(), digits_end, size, 16);
  if (error != std::errc() || end != digits_end || digits > size_digits_max)
    return refuse(400, "bad_request", "a chunk size is not a hexadecimal number of 64 bits");
  if (line.size() - digits > limits_.chunk_extension_max)
    return refuse(400, "bad_request", "a chunk extension is too long");

  const std::uint64_t allowed = chunk_overhead + 2 * std::min<std::uint64_t>(size, body_max_);
  overhead_ += line.size() + 4;
  overhead_ -= std::min<std::uint64_t>(overhead_, allowed);
  if (overhead_ > overhead_max)
    return refuse(400, "bad_request", "the chunked encoding carries too little");

  if (size > body_max_ - body_size) {
    problem_ = too_large(body_max_);
    state_ = State::bad;
    return;
  }
  chunk_left_ = size;
  state_ = size == 0 ? State::trailer : State::data;
}

void ChunkDecoder::on_trailer(std::string_view line) {
  if (line.empty()) {
    state_ = State::done;
    return;
  }
  trailer_size_ += line.size() + 2;
  const std::size_t colon = line.find(':');
  if (colon == line.npos || !is_token(line.substr(0, colon)))
    refuse(400, "bad_request", "a trailer is malformed");
}

void BodyReader::start(const HttpHead& head, std::uint64_t body_max) {
  reset();
  if (head.chunked) {
    chunks_.emplace(limits_, body_max);
    return;
  }
  if (head.content_length > body_max) {
    problem_ = too_large(body_max);
    return;
  }
  size_ = head.content_length;
  // Not touched before it is filled: what is announced and never sent costs no memory.
  if (size_ > 0) bytes_ = std::make_shared_for_overwrite<char[]>(size_);
}

std::size_t BodyReader::feed(std::string_view bytes) {
  if (chunks_) {
    const std::size_t used = chunks_->feed(bytes, text_);
    if (chunks_->bad()) problem_ = chunks_->problem();
    return used;
  }
  const std::size_t used = std::min(bytes.size(), size_ - filled_);
  if (used > 0) std::memcpy(bytes_.get() + filled_, bytes.data(), used);
  filled_ += used;
  return used;
}

std::span<char> BodyReader::space() {
  if (chunks_) return {};
  return {bytes_.get() + filled_, size_ - filled_};
}

void BodyReader::filled(std::size_t count) {
  check(count <= size_ - filled_);
  filled_ += count;
}

bool BodyReader::done() const {
  return !problem_ && (chunks_ ? chunks_->done() : filled_ == size_);
}

SharedBytes BodyReader::take() {
  check(done());
  SharedBytes body;
  if (chunks_)
    body = SharedBytes(std::move(text_));
  else if (size_ > 0)
    body = SharedBytes(bytes_, std::string_view(bytes_.get(), size_));
  reset();
  return body;
}

void BodyReader::reset() {
  bytes_.reset();
  size_ = 0;
  filled_ = 0;
  chunks_.reset();
  text_.clear();
  problem_.reset();
}

}  // namespace ouro::net
