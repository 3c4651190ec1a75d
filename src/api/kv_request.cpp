#include "api/kv_request.hpp"

#include "api/text.hpp"

#include <array>

namespace ouro::api {
namespace {

constexpr unsigned timeout_ms_max = 60'000;
constexpr std::string_view parameters = "r, w, consistency and timeout";

Problem bad_parameter(std::string detail) {
  return Problem(400, "bad_parameter", std::move(detail));
}

Checked<unsigned> replicas_named(const std::string& name, const std::string& value,
                                 unsigned replicas) {
  const std::optional<unsigned> number = parse_number(value);
  if (number && *number >= 1 && *number <= replicas) return *number;
  return bad_parameter(name + " must be a number from 1 to " + std::to_string(replicas) +
                       ", the replicas of this key");
}

Checked<unsigned> preset(const std::string& value, unsigned replicas) {
  if (value == "one") return 1u;
  if (value == "quorum") return replicas / 2 + 1;
  if (value == "all") return replicas;
  return bad_parameter("consistency must be one, quorum or all");
}

Checked<Duration> timeout_named(const std::string& value) {
  const std::optional<unsigned> number = parse_number(value);
  if (number && *number >= 1 && *number <= timeout_ms_max)
    return Duration(std::chrono::milliseconds(*number));
  return bad_parameter("timeout must be a number of milliseconds from 1 to " +
                       std::to_string(timeout_ms_max));
}

/// What must not be ignored silently, because the client counts on it.
std::optional<Problem> problem_with_field(std::string_view name, bool writes) {
  if (same_ignoring_case(name, "If-Match") ||
      (writes && (same_ignoring_case(name, "If-None-Match") ||
                  same_ignoring_case(name, "If-Unmodified-Since"))))
    return Problem(400, "cas_needs_strong",
                   std::string(name) +
                       " cannot be promised by this bucket, whose writes may be concurrent: send "
                       "the Ouro-Context of your last read instead");
  if (!writes) return std::nullopt;
  constexpr std::array unsupported{"Ouro-TTL", "Ouro-Fence", "Idempotency-Key", "Content-Range"};
  for (const std::string_view field : unsupported)
    if (same_ignoring_case(name, field))
      return Problem(400, "unsupported_field",
                     std::string(field) + " is not supported: send the request without it");
  return std::nullopt;
}

Problem unsupported_encoding() {
  return Problem(415, "unsupported_encoding",
                 "a Content-Encoding would not be kept with the value: send it without, or name "
                 "the encoding in the Content-Type");
}

bool sets_once(std::string_view& view, std::string_view value) {
  if (view.data() != nullptr) return false;
  view = value;
  return true;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Cuts the part before the next comma off `list`.
std::string_view next_item(std::string_view& list) {
  const std::size_t comma = list.find(',');
  const std::string_view item = list.substr(0, comma);
  list.remove_prefix(comma == list.npos ? list.size() : comma + 1);
  return trimmed(item);
}

}  // namespace

Checked<KvOptions> read_options(const std::vector<std::pair<std::string, std::string>>& query,
                                unsigned replicas) {
  KvOptions options;
  std::optional<unsigned> both;
  bool timed = false;
  for (const auto& [name, value] : query) {
    const bool repeated = (name == "r" && options.r) || (name == "w" && options.w) ||
                          (name == "consistency" && both) || (name == "timeout" && timed);
    if (repeated) return bad_parameter(name + " is given twice");
    if (name == "r" || name == "w") {
      const Checked<unsigned> number = replicas_named(name, value, replicas);
      if (!number) return number.error();
      (name == "r" ? options.r : options.w) = *number;
    } else if (name == "consistency") {
      const Checked<unsigned> number = preset(value, replicas);
      if (!number) return number.error();
      both = *number;
    } else if (name == "timeout") {
      const Checked<Duration> timeout = timeout_named(value);
      if (!timeout) return timeout.error();
      options.timeout = *timeout;
      timed = true;
    } else {
      return bad_parameter("there is no parameter \"" + name + "\": there are " +
                           std::string(parameters));
    }
  }
  if (!options.r) options.r = both;
  if (!options.w) options.w = both;
  return options;
}

Checked<KvFields> read_fields(const HttpHead& head) {
  const bool writes = head.method == HttpMethod::put || head.method == HttpMethod::del;
  KvFields fields;
  for (const auto& [name, value] : head.fields) {
    if (same_ignoring_case(name, "Content-Type")) {
      if (value.size() > kv::content_type_size_max || !sets_once(fields.content_type, value))
        return Problem(400, "bad_content_type",
                       "one Content-Type of at most " + std::to_string(kv::content_type_size_max) +
                           " bytes can be kept with a value");
    } else if (same_ignoring_case(name, "Ouro-Context")) {
      if (!sets_once(fields.context, value))
        return Problem(400, "bad_context", "Ouro-Context is given twice: send the latest only");
    } else if (same_ignoring_case(name, "Accept")) {
      if (fields.accept.empty()) fields.accept = value;
    } else if (same_ignoring_case(name, "Content-Encoding")) {
      if (writes && !same_ignoring_case(value, "identity")) return unsupported_encoding();
    } else if (auto problem = problem_with_field(name, writes)) {
      return *std::move(problem);
    } else if (same_ignoring_case(name, "If-None-Match")) {
      if (fields.if_none_match.empty()) fields.if_none_match = value;
    }
  }
  return fields;
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    std::string_view item = next_item(if_none_match);
    if (item == "*") return true;
    if (item.starts_with("W/")) item.remove_prefix(2);
    if (item.size() == etag.size() + 2 && item.front() == '"' && item.back() == '"' &&
        item.substr(1, etag.size()) == etag)
      return true;
  }
  return false;
}

bool accepts_json(std::string_view accept) {
  if (trimmed(accept).empty()) return true;
  while (!accept.empty()) {
    const std::string_view item = next_item(accept);
    const std::string_view type = trimmed(item.substr(0, item.find(';')));
    if (type == "*/*" || same_ignoring_case(type, "application/*") ||
        same_ignoring_case(type, "application/json"))
      return true;
  }
  return false;
}

}  // namespace ouro::api
