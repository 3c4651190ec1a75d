// What does a request for a key ask for, beyond its name?
//
// Pure: reads the query and the header fields, and refuses by name whatever Ouro would otherwise
// have to ignore although the client relies on it.
#pragma once

#include "api/problem.hpp"
#include "runtime/http.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ouro::api {

/// r, w, consistency and timeout of the query.
struct KvOptions {
  std::optional<unsigned> r;
  std::optional<unsigned> w;
  Duration timeout = std::chrono::seconds(5);
};

/// `replicas` is how many the bucket's keys have: it gives consistency=quorum and all their
/// numbers. Problem bad_parameter names the parameter that is unknown, repeated or out of range.
Checked<KvOptions> read_options(const std::vector<std::pair<std::string, std::string>>& query,
                                unsigned replicas);

/// The header fields that matter to a key. Views of the head; null data: the field is absent.
struct KvFields {
  std::string_view content_type;
  std::string_view context;
  std::string_view if_none_match;
  std::string_view accept;
};

/// Problems: cas_needs_strong (If-Match and other conditions on writes, which buckets with siblings
/// cannot keep), bad_content_type, bad_context (sent twice), unsupported_field (400),
/// unsupported_encoding (415).
Checked<KvFields> read_fields(const HttpHead& head);

/// True when the list `if_none_match` has `etag` (16 or more hex digits, without quotes) or is "*".
bool names_etag(std::string_view if_none_match, std::string_view etag);

/// True when a client that sent `accept` (null or empty: anything) can be given JSON.
bool accepts_json(std::string_view accept);

}  // namespace ouro::api
