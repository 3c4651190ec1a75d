// How is the body of a request collected, whichever way it is framed?
//
// Sans I/O, like http_codec.hpp. The bytes are written once, to where they stay: the handler's
// SharedBytes shares that memory.
#pragma once

#include "net/http_codec.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace ouro::net {

/// Decodes the chunked encoding (RFC 9112 section 7.1). Extensions and trailers are checked and
/// dropped.
class ChunkDecoder {
 public:
  ChunkDecoder(const HttpLimits& limits, std::uint64_t body_max);

  /// Consumes bytes up to the end of the body, appends what they carry to `body`, and returns how
  /// many were consumed: fewer than all only when done or bad.
  std::size_t feed(std::string_view bytes, std::string& body);

  bool done() const { return state_ == State::done; }
  bool bad() const { return state_ == State::bad; }
  const HttpProblem& problem() const { return problem_; }

 private:
  enum class State : std::uint8_t { size, data, data_end, trailer, done, bad };

  std::size_t feed_line(std::string_view bytes, std::size_t body_size);
  std::size_t line_max() const;
  void on_line(std::string_view line, std::size_t body_size);
  void on_size(std::string_view line, std::size_t body_size);
  void on_trailer(std::string_view line);
  void refuse(unsigned status, std::string_view code, std::string_view detail);

  HttpLimits limits_;
  std::uint64_t body_max_;
  State state_ = State::size;
  std::uint64_t chunk_left_ = 0;
  std::size_t overhead_ = 0;
  std::size_t trailer_size_ = 0;
  std::string line_;  ///< The part of a line that has arrived.
  HttpProblem problem_;
};

/// Collects one body after the other. start(), then feed() or space()/filled() until done() or
/// bad(), then take().
class BodyReader {
 public:
  explicit BodyReader(const HttpLimits& limits) : limits_(limits) {}

  /// Prepares for the body that `head` announces. A body that is announced larger than `body_max`
  /// makes the reader bad at once, before it takes memory.
  void start(const HttpHead& head, std::uint64_t body_max);

  /// Takes bytes that were read together with the head; returns how many belong to the body.
  std::size_t feed(std::string_view bytes);

  /// Where the rest of a body of known size may be read to directly; empty for a chunked body.
  std::span<char> space();
  /// `count` bytes of space() were filled.
  void filled(std::size_t count);

  bool done() const;
  bool bad() const { return problem_.has_value(); }
  const HttpProblem& problem() const { return *problem_; }
  /// The bytes of memory that the body holds now.
  std::size_t held() const { return chunks_ ? text_.size() : size_; }

  /// After done(): the body. The reader is empty then.
  SharedBytes take();
  /// Forgets the body.
  void reset();

 private:
  HttpLimits limits_;
  std::shared_ptr<char[]> bytes_;  ///< A body of known size.
  std::size_t size_ = 0;
  std::size_t filled_ = 0;
  std::optional<ChunkDecoder> chunks_;
  std::string text_;  ///< A chunked body.
  std::optional<HttpProblem> problem_;
};

}  // namespace ouro::net
