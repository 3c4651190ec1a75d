// How does an answer become an HTTP response?
//
// Pure: values in, responses out, so that every status and header can be tested with literals.
#pragma once

#include "api/kv_request.hpp"
#include "api/problem.hpp"
#include "kv/request.hpp"
#include "runtime/http.hpp"

#include <string>
#include <string_view>

namespace ouro::api {

/// What a response needs to know of its request.
struct Asked {
  HttpMethod method = HttpMethod::get;
  std::string request_id;
};

/// A response with the fields that all have: X-Request-Id and the security headers.
HttpResponse new_response(unsigned status, const Asked& asked);

/// Gives `body` to the response, or for HEAD only announces its size.
void set_body(HttpResponse& response, const Asked& asked, SharedBytes body);

/// 200 (or `status`) with a JSON document.
HttpResponse json_response(const Asked& asked, std::string document, unsigned status = 200);

HttpResponse problem_response(const Problem& problem, const Asked& asked);

/// 200 one value, 304 the client has it, 300 siblings as JSON, 409 siblings for a client that takes
/// no JSON, 404. `fields` are those of the request.
HttpResponse found_response(kv::Found found, const KvFields& fields, const Asked& asked);

/// PUT: 201 created, 204 replaced. DELETE: 204, or 404 when there was nothing to delete.
HttpResponse written_response(const kv::Written& written, const Asked& asked);

}  // namespace ouro::api
