#include "net/http_response.hpp"

#include "base/check.hpp"
#include "net/http_codec.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace ouro::net {
namespace {

/// One system call takes at most this many buffers from Asio.
constexpr std::size_t buffers_max = 64;

struct Reason {
  unsigned status;
  std::string_view text;
};
constexpr Reason reasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {300, "Multiple Choices"},
    {302, "Found"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {507, "Insufficient Storage"},
};

/// May be empty: clients look at the number.
std::string_view reason(unsigned status) {
  for (const Reason& known : reasons)
    if (known.status == status) return known.text;
  return {};
}

void append_number(std::string& text, std::uint64_t number) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  check(error == std::errc());
  text.append(digits, end);
}

/// A line break inside a value would let whoever chose the value write fields of his own.
void append_clean(std::string& text, std::string_view value) {
  if (!has_control(value)) {
    text.append(value);
    return;
  }
  for (const char c : value) text.push_back(has_control({&c, 1}) ? ' ' : c);
}

bool may_have_body(unsigned status) { return status != 204 && status != 304 && status >= 200; }

}  // namespace

std::string http_date(WallTime time) {
  const auto seconds = static_cast<std::time_t>(time / 1'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  char rest[40];
  // Not %a and %b: those follow the locale.
  const std::size_t size = std::strftime(rest, sizeof rest, " %Y %H:%M:%S GMT", &parts);
  std::string date = days[parts.tm_wday];
  date += parts.tm_mday < 10 ? ", 0" : ", ";
  append_number(date, static_cast<std::uint64_t>(parts.tm_mday));
  date.append(" ").append(months[parts.tm_mon]).append(rest, size);
  return date;
}

void ResponseBatch::add_head(const HttpResponse& response, const ResponseContext& context) {
  text_.append("HTTP/1.1 ");
  append_number(text_, response.status);
  text_.append(" ").append(reason(response.status)).append("\r\n");
  for (const auto& [name, value] : response.fields) {
    append_clean(text_, name);
    text_.append(": ");
    append_clean(text_, value);
    text_.append("\r\n");
  }
  text_.append(response.fixed_fields);
  text_.append("Date: ").append(context.date).append("\r\n");
  if (context.close)
    text_.append("Connection: close\r\n");
  else if (context.version_1_0)
    text_.append("Connection: keep-alive\r\n");
  if (may_have_body(response.status)) {
    const bool announced_only = context.head_request && response.body.empty();
    text_.append("Content-Length: ");
    append_number(text_, announced_only ? response.head_content_length : response.body.size());
    text_.append("\r\n");
  }
  text_.append("\r\n");
}

void ResponseBatch::add(HttpResponse response, const ResponseContext& context) {
  const std::size_t before = text_.size();
  add_head(response, context);
  size_ += text_.size() - before;
  if (context.head_request || !may_have_body(response.status)) response.body = SharedBytes();
  finish_part(std::move(response.body));
  ++count_;
}

void ResponseBatch::add_continue() {
  constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
  text_.append(line);
  size_ += line.size();
  finish_part(SharedBytes());
}

void ResponseBatch::finish_part(SharedBytes body) {
  size_ += body.size();
  parts_.push_back({.text_end = text_.size(), .body = std::move(body)});
}

void ResponseBatch::append_buffer(std::string_view bytes, std::size_t& skip) {
  const std::size_t skipped = std::min(skip, bytes.size());
  skip -= skipped;
  bytes.remove_prefix(skipped);
  if (!bytes.empty() && buffers_.size() < buffers_max)
    buffers_.emplace_back(bytes.data(), bytes.size());
}

const std::vector<boost::asio::const_buffer>& ResponseBatch::buffers() {
  buffers_.clear();
  std::size_t skip = written_;
  std::size_t text_begin = 0;
  for (const Part& part : parts_) {
    append_buffer(std::string_view(text_).substr(text_begin, part.text_end - text_begin), skip);
    append_buffer(part.body.view(), skip);
    text_begin = part.text_end;
  }
  return buffers_;
}

void ResponseBatch::written(std::size_t count) {
  check(count <= size_);
  written_ += count;
  size_ -= count;
  if (size_ > 0) return;
  text_.clear();
  parts_.clear();
  written_ = 0;
  count_ = 0;
}

}  // namespace ouro::net
