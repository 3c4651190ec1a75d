// How do responses become bytes, several at once if they are ready together?
#pragma once

#include "runtime/http.hpp"

#include <boost/asio/buffer.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ouro::net {

/// "Sun, 06 Nov 1994 08:49:37 GMT": the Date field's form (RFC 9110 section 5.6.7).
std::string http_date(WallTime time);

/// What a response needs to know of its request and connection.
struct ResponseContext {
  bool head_request = false;  ///< The request's method was HEAD: no body follows.
  bool version_1_0 = false;
  bool close = false;  ///< The last response of the connection.
  std::string_view date;
};

/// Responses in the order of their requests, waiting to be written. Heads share one buffer that is
/// used again and again; bodies are not copied.
class ResponseBatch {
 public:
  void add(HttpResponse response, const ResponseContext& context);
  void add_continue();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }    ///< Bytes not yet written.
  std::size_t count() const { return count_; }  ///< Responses since the batch was last empty.

  /// What is to be written next; valid until the next call that changes the batch. May leave a rest
  /// for later, so that the system takes it in one call.
  const std::vector<boost::asio::const_buffer>& buffers();
  /// The first `count` bytes of it were written.
  void written(std::size_t count);

 private:
  struct Part {
    std::size_t text_end;  ///< Text up to here comes first, then the body.
    SharedBytes body;
  };
  void add_head(const HttpResponse& response, const ResponseContext& context);
  void finish_part(SharedBytes body);
  void append_buffer(std::string_view bytes, std::size_t& skip);

  std::string text_;
  std::vector<Part> parts_;
  std::vector<boost::asio::const_buffer> buffers_;
  std::size_t written_ = 0;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
};

}  // namespace ouro::net
