#include "net/http_codec.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <algorithm>
#include <charconv>

namespace ouro::net {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;

std::string_view view(boost::beast::string_view text) { return {text.data(), text.size()}; }

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

bool is_host(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~:[]%!$&'()*+,;=").find(c) != std::string_view::npos;
  });
}

bool parse_decimal(std::string_view text, std::uint64_t& value) {
  if (text.empty() || text.front() < '0' || text.front() > '9') return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

HttpMethod method_of(http::verb verb) {
  switch (verb) {
    case http::verb::get:
      return HttpMethod::get;
    case http::verb::head:
      return HttpMethod::head;
    case http::verb::put:
      return HttpMethod::put;
    case http::verb::post:
      return HttpMethod::post;
    case http::verb::delete_:
      return HttpMethod::del;
    case http::verb::options:
      return HttpMethod::options;
    case http::verb::patch:
      return HttpMethod::patch;
    default:
      return HttpMethod::other;
  }
}

/// Beast's parser, made to record views and to stop at the end of the head: how the body is framed
/// is decided and read by our own code.
class HeadParser final : public http::basic_parser<true> {
 public:
  HeadParser(HttpHead& head, HeadTraits& traits) : head_(head), traits_(traits) {
    skip(true);
    body_limit(boost::none);
  }

  std::optional<HttpProblem> parse(std::string_view bytes) {
    header_limit(static_cast<std::uint32_t>(bytes.size()) + 1);
    error_code error;
    const std::size_t used = put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (reason_.empty() && error) return bad("the request head is malformed: " + error.message());
    if (reason_.empty() && (used != bytes.size() || !is_done()))
      return bad("the request head is malformed");
    if (reason_.empty()) check_whole();
    if (!reason_.empty()) return bad(std::string(reason_));
    traits_.keep_alive = keep_alive();
    if (expectation_) return unknown_expectation();
    return std::nullopt;
  }

 private:
  static HttpProblem bad(std::string detail) {
    return {.status = 400, .code = "bad_request", .detail = std::move(detail)};
  }
  static HttpProblem unknown_expectation() {
    return {.status = 417,
            .code = "expectation_failed",
            .detail = "the only expectation understood is 100-continue"};
  }

  void stop(std::string_view reason, error_code& error) {
    reason_ = reason;
    error = http::error::bad_value;
  }

  void on_request_impl(http::verb verb, boost::beast::string_view method,
                       boost::beast::string_view target, int version, error_code& error) override {
    head_.method = method_of(verb);
    head_.method_name = view(method);
    head_.target = view(target);
    traits_.version_1_0 = version == 10;
    if (!is_visible(head_.target))
      stop("the request target has a character that must be percent-encoded", error);
  }

  void on_field_impl(http::field field, boost::beast::string_view name,
                     boost::beast::string_view value, error_code& error) override {
    head_.fields.emplace_back(view(name), view(value));
    switch (field) {
      case http::field::host:
        return on_host(view(value), error);
      case http::field::content_length:
        return on_content_length(view(value), error);
      case http::field::transfer_encoding:
        return on_transfer_encoding(view(value), error);
      case http::field::expect:
        if (!traits_.version_1_0) on_expect(view(value));
        return;
      default:
        return;
    }
  }

  void on_host(std::string_view value, error_code& error) {
    if (has_host_) return stop("there is more than one Host field", error);
    has_host_ = true;
    host_ = value;
    if (!is_host(value)) stop("the Host field is malformed", error);
  }

  void on_content_length(std::string_view value, error_code& error) {
    if (head_.has_content_length) return stop("there is more than one Content-Length field", error);
    head_.has_content_length = true;
    if (!parse_decimal(value, head_.content_length))
      stop("Content-Length is not a number that fits 64 bits", error);
  }

  void on_transfer_encoding(std::string_view value, error_code& error) {
    if (head_.chunked) return stop("there is more than one Transfer-Encoding field", error);
    head_.chunked = true;
    if (!same_token(value, "chunked"))
      stop("the only transfer encoding understood is chunked", error);
  }

  void on_expect(std::string_view value) {
    if (same_token(value, "100-continue"))
      traits_.expects_continue = true;
    else
      expectation_ = true;
  }

  /// What can be judged only when all fields are known, whatever their order.
  void check_whole() {
    if (head_.chunked && head_.has_content_length)
      reason_ = "Content-Length and Transfer-Encoding exclude each other";
    else if (head_.chunked && traits_.version_1_0)
      reason_ = "HTTP/1.0 has no Transfer-Encoding";
    else if (!has_host_ && !traits_.version_1_0)
      reason_ = "HTTP/1.1 needs a Host field";
    else
      check_target();
  }

  void check_target() {
    constexpr std::string_view scheme = "http://";
    std::string_view& target = head_.target;
    if (target.front() == '/') return;
    if (target == "*" && head_.method == HttpMethod::options) return;
    if (!same_token(target.substr(0, scheme.size()), scheme)) {
      reason_ = "the request target must start with a slash";
      return;
    }
    const std::string_view rest = target.substr(scheme.size());
    const std::size_t path = std::min(rest.find_first_of("/?"), rest.size());
    if (!has_host_ || !same_token(rest.substr(0, path), host_))
      reason_ = "the request target names another host than the Host field";
    else if (path == rest.size() || rest[path] == '?')
      reason_ = "the request target has no path";
    target = rest.substr(path);
  }

  void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(boost::beast::string_view body, error_code&) override {
    return body.size();
  }
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body,
                                 error_code&) override {
    return body.size();
  }
  void on_finish_impl(error_code&) override {}

  HttpHead& head_;
  HeadTraits& traits_;
  std::string_view reason_;
  std::string_view host_;
  bool has_host_ = false;
  bool expectation_ = false;
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

bool same_token(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool has_control(std::string_view line) {
  bool found = false;  // no early end: this form is vectorised
  for (const char c : line) {
    const auto byte = static_cast<unsigned char>(c);
    found |= (byte < 0x20 && byte != '\t') || byte == 0x7f;
  }
  return found;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

void HeadScanner::reset() {
  line_begin_ = 0;
  searched_ = 0;
  lines_ = 0;
}

HeadScanner::Progress HeadScanner::refuse(unsigned status, std::string_view code,
                                          std::string_view detail) {
  problem_ = {.status = status, .code = code, .detail = std::string(detail)};
  return Progress::bad;
}

/// `line` is not empty and has lost its line ending.
bool HeadScanner::line_is_clean(std::string_view line) {
  if (line.front() == ' ' || line.front() == '\t')
    refuse(400, "bad_request", "a line of the request head begins with whitespace");
  else if (has_control(line))
    refuse(400, "bad_request", "the request head has a control character");
  else
    return true;
  return false;
}

HeadScanner::Progress HeadScanner::scan(std::string_view bytes) {
  for (;;) {
    // The order of the checks makes the outcome independent of how much has arrived yet.
    const std::size_t newline = bytes.find('\n', searched_);
    const std::size_t end = newline == bytes.npos ? bytes.size() : newline + 1;
    if (lines_ == 0 && end > limits_.request_line_max)
      return refuse(414, "uri_too_long", "the request line is too long");
    if (end > limits_.head_max)
      return refuse(431, "header_too_large", "the header fields are too large together");
    searched_ = end;
    if (newline == bytes.npos) return Progress::need_more;

    const std::string_view line = bytes.substr(line_begin_, newline - line_begin_);
    if (line.empty() || line.back() != '\r')
      return refuse(400, "bad_request", "a line of the request head ends without CR LF");
    line_begin_ = end;
    if (line.size() == 1 && lines_ > 0) return Progress::complete;
    if (line.size() == 1) return refuse(400, "bad_request", "the request line is empty");
    if (!line_is_clean(line.substr(0, line.size() - 1))) return Progress::bad;
    if (lines_++ > limits_.fields_max)
      return refuse(431, "header_too_large", "there are too many header fields");
  }
}

std::optional<HttpProblem> parse_head(std::string_view bytes, HttpHead& head, HeadTraits& traits) {
  head.fields.clear();
  head.content_length = 0;
  head.chunked = false;
  head.has_content_length = false;
  traits = HeadTraits();
  return HeadParser(head, traits).parse(bytes);
}

}  // namespace ouro::net
