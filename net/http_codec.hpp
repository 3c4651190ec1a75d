// How do bytes become the head of an HTTP/1.1 request, and which bytes are refused?
//
// Sans I/O: whoever owns the bytes feeds them. Beast's parser knows the grammar; around it stand
// our own checks, since two parsers that disagree about where a request ends are how requests are
// smuggled past a proxy (RFC 9112 section 11.2). Whatever could be read in two ways is refused, and
// the outcome never depends on how the bytes were cut into reads.
#pragma once

#include "runtime/http.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ouro::net {

/// Bounds on what one request may hold besides its body. All in bytes but fields_max.
struct HttpLimits {
  std::size_t request_line_max = 16 << 10;  ///< Holds a 4 KiB key with every byte escaped.
  std::size_t head_max = 32 << 10;          ///< Request line and fields together.
  std::size_t fields_max = 100;
  std::size_t chunk_extension_max = 256;
  std::size_t trailer_max = 8 << 10;
};

/// Why a request is refused: what HttpHandler::refuse() is called with.
struct HttpProblem {
  unsigned status = 400;
  std::string_view code = "bad_request";
  std::string detail;
};

/// Finds the end of a request's head and refuses line endings, folds and control characters that
/// other parsers read differently. Looks at every byte once, however small the reads are.
class HeadScanner {
 public:
  enum class Progress : std::uint8_t { need_more, complete, bad };

  explicit HeadScanner(const HttpLimits& limits) : limits_(limits) {}

  /// `bytes` begins with the request and holds at least what an earlier call saw.
  Progress scan(std::string_view bytes);

  /// After complete: the size of the head with its empty line.
  std::size_t size() const { return line_begin_; }
  /// After bad.
  const HttpProblem& problem() const { return problem_; }
  /// Makes ready for the next request.
  void reset();

 private:
  Progress refuse(unsigned status, std::string_view code, std::string_view detail);
  bool line_is_clean(std::string_view line);

  HttpLimits limits_;
  std::size_t line_begin_ = 0;
  std::size_t searched_ = 0;
  std::size_t lines_ = 0;
  HttpProblem problem_;
};

/// What a head says to the connection rather than to the handler.
struct HeadTraits {
  bool keep_alive = false;
  bool version_1_0 = false;
  bool expects_continue = false;
};

/// Reads the head that a HeadScanner found complete. On success `head` holds views of `bytes`, on
/// failure it is not to be used.
std::optional<HttpProblem> parse_head(std::string_view bytes, HttpHead& head, HeadTraits& traits);

/// Are two names or tokens the same but for the case of ASCII letters?
bool same_token(std::string_view a, std::string_view b);

/// Any character that must not stand in a line: controls other than the tab, and DEL.
bool has_control(std::string_view line);

/// A non-empty run of the characters of which names are made (RFC 9110 section 5.6.2).
bool is_token(std::string_view text);

}  // namespace ouro::net
