#include "net/http_client.hpp"

#include "net/http_codec.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include <array>
#include <optional>

namespace ouro::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::uint32_t response_head_max = 64 << 10;

/// Beast's response parser, made to fill our struct. Not reusable.
class ResponseParser final : public http::basic_parser<false> {
 public:
  explicit ResponseParser(bool to_head_request) {
    eager(true);
    header_limit(response_head_max);
    body_limit(http_response_body_max);
    skip(to_head_request);
  }

  HttpClientResponse& response() { return response_; }

 private:
  void on_response_impl(int status, boost::beast::string_view, int, error_code&) override {
    response_.status = static_cast<unsigned>(status);
  }
  void on_field_impl(http::field, boost::beast::string_view name, boost::beast::string_view value,
                     error_code&) override {
    response_.fields.emplace_back(std::string(name), std::string(value));
  }
  std::size_t on_body_impl(boost::beast::string_view body, error_code&) override {
    response_.body.append(body.data(), body.size());
    return body.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view body,
                                 error_code& error) override {
    return on_body_impl(body, error);
  }
  void on_body_init_impl(const boost::optional<std::uint64_t>& size, error_code&) override {
    if (size) response_.body.reserve(std::min<std::uint64_t>(*size, 1 << 20));
  }
  void on_request_impl(http::verb, boost::beast::string_view, boost::beast::string_view, int,
                       error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
  void on_finish_impl(error_code&) override {}

  HttpClientResponse response_;
};

std::string name_of(const HttpClientRequest& request) {
  return request.method + " http://" + request.host + ":" + std::to_string(request.port) +
         request.target;
}

Error failure(const HttpClientRequest& request, ErrorCode code, const std::string& what) {
  return Error{code, name_of(request) + ": " + what};
}

bool is_clean(const HttpClientRequest& request) {
  for (const auto& [name, value] : request.fields)
    if (!is_token(name) || has_control(value)) return false;
  return is_token(request.method) && !has_control(request.host) && !request.target.empty() &&
         !has_control(request.target) && request.target.find_first_of(" \t") == std::string::npos;
}

std::string encode_head(const HttpClientRequest& request) {
  const bool ipv6 = request.host.find(':') != std::string::npos;
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\nHost: ";
  head += ipv6 ? "[" + request.host + "]" : request.host;
  head += ":" + std::to_string(request.port) + "\r\n";
  for (const auto& [name, value] : request.fields) head.append(name + ": " + value + "\r\n");
  if (!request.body.empty() || request.method == "PUT" || request.method == "POST")
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  return head + "\r\n";
}

}  // namespace

std::string_view HttpClientResponse::field(std::string_view name) const {
  for (const auto& [field_name, value] : fields)
    if (same_token(field_name, name)) return value;
  return {};
}

class HttpClient::Impl {
 public:
  Result<HttpClientResponse> send(const HttpClientRequest& request) {
    deadline_ = std::chrono::steady_clock::now() + request.timeout;
    if (!is_reusable(request)) {
      const Status connected = connect(request);
      if (!connected) return connected.error();
    }
    Result<HttpClientResponse> response = exchange(request);
    if (!response || !keep_) disconnect();
    return response;
  }

 private:
  /// Runs what was started. False if the deadline came first; everything is cancelled then.
  bool run() {
    loop_.restart();
    loop_.run_until(deadline_);
    if (loop_.stopped()) return true;
    disconnect();
    resolver_.cancel();
    loop_.run();
    return false;
  }

  void disconnect() {
    error_code ignored;
    socket_.close(ignored);
  }

  /// The server may have closed the connection meanwhile; then it is readable.
  bool is_reusable(const HttpClientRequest& request) {
    if (!socket_.is_open() || request.host != host_ || request.port != port_) return false;
    char byte = 0;
    error_code error;
    socket_.non_blocking(true, error);
    if (!error) socket_.receive(asio::buffer(&byte, 1), asio::socket_base::message_peek, error);
    return error == asio::error::would_block;
  }

  Status connect(const HttpClientRequest& request) {
    disconnect();
    host_ = request.host;
    port_ = request.port;
    error_code result;
    resolver_.async_resolve(
        host_, std::to_string(port_),
        [this, &result](const error_code& error, const tcp::resolver::results_type& found) {
          result = error;
          if (error) return;
          asio::async_connect(
              socket_, found,
              [&result](const error_code& refused, const tcp::endpoint&) { result = refused; });
        });
    if (!run()) return failure(request, ErrorCode::unreachable, "no connection in time");
    if (result) {
      disconnect();
      return failure(request, ErrorCode::unreachable, "cannot connect: " + result.message());
    }
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    return {};
  }

  /// Writes and reads side by side: a server may answer, and stop reading, before it has all.
  Result<HttpClientResponse> exchange(const HttpClientRequest& request) {
    const std::string head = encode_head(request);
    const std::array<asio::const_buffer, 2> pieces = {asio::buffer(head),
                                                      asio::buffer(request.body)};
    keep_ = false;
    bool written = false;
    asio::async_write(socket_, pieces, [&written](const error_code& error, std::size_t) {
      written = !error;  // if it failed, the answer may still say why
    });
    input_.clear();
    read_error_ = error_code();
    parser_.emplace(request.method == "HEAD");
    head_request_ = request.method == "HEAD";
    read();
    if (!run()) return failure(request, ErrorCode::timeout, "no answer in time");
    if (!parser_->is_done() || read_error_) return broken(request);
    keep_ = written && parser_->keep_alive();
    return std::move(parser_->response());
  }

  Error broken(const HttpClientRequest& request) const {
    if (read_error_ == http::error::body_limit || read_error_ == http::error::header_limit)
      return failure(request, ErrorCode::unsupported, "the answer is too large");
    if (read_error_.category() == http::make_error_code(http::error::bad_value).category() &&
        read_error_ != http::error::partial_message && read_error_ != http::error::end_of_stream)
      return failure(request, ErrorCode::corruption,
                     "the answer is not HTTP/1.1: " + read_error_.message());
    return failure(request, ErrorCode::connection_lost,
                   "the connection broke before the answer: " + read_error_.message());
  }

  void read() {
    socket_.async_read_some(asio::buffer(chunk_),
                            [this](const error_code& error, std::size_t count) {
                              if (error) return on_end(error);
                              input_.append(chunk_.data(), count);
                              if (parse()) read();
                            });
  }

  void on_end(const error_code& error) {
    read_error_ = error;
    if (error != asio::error::eof || !parser_->got_some()) return stop_writing();
    read_error_ = error_code();
    parser_->put_eof(read_error_);
    stop_writing();
  }

  /// True while more must be read.
  bool parse() {
    std::size_t used = 0;
    while (used < input_.size() || parser_->is_done()) {
      if (parser_->is_done()) {
        if (parser_->response().status / 100 != 1 || parser_->response().status == 101) break;
        parser_.emplace(head_request_);  // an interim response: the real one follows
        continue;
      }
      error_code error;
      const asio::const_buffer rest(input_.data() + used, input_.size() - used);
      used += parser_->put(rest, error);
      if (error == http::error::need_more) break;
      if (error) {
        read_error_ = error;
        break;
      }
    }
    input_.erase(0, used);
    if (!read_error_ && !parser_->is_done()) return true;
    stop_writing();
    return false;
  }

  /// The answer is there or will not come: what is not yet written is of no use.
  void stop_writing() {
    error_code ignored;
    socket_.cancel(ignored);
  }

  asio::io_context loop_{1};
  tcp::resolver resolver_{loop_};
  tcp::socket socket_{loop_};
  std::string host_;
  std::uint16_t port_ = 0;
  std::chrono::steady_clock::time_point deadline_;
  std::optional<ResponseParser> parser_;
  bool head_request_ = false;
  bool keep_ = false;
  error_code read_error_;
  std::string input_;
  std::array<char, 64 << 10> chunk_{};
};

HttpClient::HttpClient() : impl_(std::make_unique<Impl>()) {}
HttpClient::~HttpClient() = default;
HttpClient::HttpClient(HttpClient&&) noexcept = default;
HttpClient& HttpClient::operator=(HttpClient&&) noexcept = default;

Result<HttpClientResponse> HttpClient::send(const HttpClientRequest& request) {
  if (!is_clean(request))
    return Error{ErrorCode::invalid_argument,
                 "the request's method, host, target or fields have a character that HTTP does not "
                 "allow there"};
  return impl_->send(request);
}

Result<HttpClientResponse> fetch(const HttpClientRequest& request) {
  HttpClient connection;
  return connection.send(request);
}

}  // namespace ouro::net
