#include "api/respond.hpp"

#include "api/json.hpp"
#include "api/text.hpp"

#include <utility>

namespace ouro::api {
namespace {

// A stored value is shown by browsers as what it says it is, so none of these answers may run
// scripts or be taken for another type (OWASP: content sniffing, stored cross-site scripting).
constexpr std::string_view fixed_fields =
    "X-Content-Type-Options: nosniff\r\n"
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; sandbox\r\n";

constexpr std::size_t fields_of_value = 8;  // as many as the answer to a GET has at most

std::string quoted(const std::string& etag) {
  std::string text;
  text.reserve(etag.size() + 2);
  text += '"';
  text += etag;
  text += '"';
  return text;
}

std::string replicas(unsigned answered, unsigned of) {
  return std::to_string(answered) + "/" + std::to_string(of);
}

template <class Answer>
void set_answer_fields(HttpResponse& response, const Answer& answer, unsigned answered) {
  if (!answer.context.empty()) response.set("Ouro-Context", answer.context);
  response.set("Ouro-Replicas", replicas(answered, answer.replicas));
  response.set("Ouro-Epoch", std::to_string(answer.epoch));
}

Problem not_found(std::string detail) { return Problem(404, "not_found", std::move(detail)); }

HttpResponse one_value(kv::Found& found, const KvFields& fields, const Asked& asked) {
  kv::FoundValue& value = found.values.front();
  const bool unchanged =
      fields.if_none_match.data() != nullptr && names_etag(fields.if_none_match, value.etag);
  HttpResponse response = new_response(unchanged ? 304 : 200, asked);
  response.set("ETag", quoted(value.etag));
  response.set("Last-Modified", http_date(value.modified));
  set_answer_fields(response, found, found.answered);
  if (unchanged) return response;
  response.set("Content-Type", std::move(value.content_type));
  set_body(response, asked, std::move(value.value));
  return response;
}

HttpResponse siblings(const kv::Found& found, const KvFields& fields, const Asked& asked) {
  HttpResponse response;
  if (accepts_json(fields.accept)) {
    response = json_response(asked, siblings_json(found), 300);
  } else {
    const Problem problem(
        409, "siblings",
        "the key has " + std::to_string(found.values.size()) +
            " concurrent values: read them with Accept: application/json, then PUT the merged "
            "value with the Ouro-Context of this answer");
    response = problem_response(problem, asked);
  }
  response.set("Ouro-Siblings", std::to_string(found.values.size()));
  set_answer_fields(response, found, found.answered);
  return response;
}

}  // namespace

HttpResponse new_response(unsigned status, const Asked& asked) {
  HttpResponse response;
  response.status = status;
  response.fixed_fields = fixed_fields;
  response.fields.reserve(fields_of_value);
  response.set("X-Request-Id", asked.request_id);
  return response;
}

void set_body(HttpResponse& response, const Asked& asked, SharedBytes body) {
  if (asked.method == HttpMethod::head)
    response.head_content_length = body.size();
  else
    response.body = std::move(body);
}

HttpResponse json_response(const Asked& asked, std::string document, unsigned status) {
  HttpResponse response = new_response(status, asked);
  response.set("Content-Type", "application/json");
  set_body(response, asked, SharedBytes(std::move(document)));
  return response;
}

HttpResponse problem_response(const Problem& problem, const Asked& asked) {
  HttpResponse response = new_response(problem.status, asked);
  response.set("Content-Type", "application/problem+json");
  if (!problem.allow.empty()) response.set("Allow", problem.allow);
  if (problem.retry_after > 0) response.set("Retry-After", std::to_string(problem.retry_after));
  set_body(response, asked, SharedBytes(problem_json(problem, asked.request_id)));
  return response;
}

HttpResponse found_response(kv::Found found, const KvFields& fields, const Asked& asked) {
  if (found.values.size() == 1) return one_value(found, fields, asked);
  if (found.values.size() > 1) return siblings(found, fields, asked);
  HttpResponse response =
      problem_response(not_found("the key does not exist: PUT a value to it to create it"), asked);
  set_answer_fields(response, found, found.answered);
  return response;
}

HttpResponse written_response(const kv::Written& written, const Asked& asked) {
  HttpResponse response;
  if (asked.method == HttpMethod::del)
    response = written.existed
                   ? new_response(204, asked)
                   : problem_response(not_found("there was nothing to delete: the key does not "
                                                "exist"),
                                      asked);
  else
    response = new_response(written.existed ? 204 : 201, asked);
  if (!written.etag.empty()) response.set("ETag", quoted(written.etag));
  if (written.siblings > 1) response.set("Ouro-Siblings", std::to_string(written.siblings));
  set_answer_fields(response, written, written.acknowledged);
  return response;
}

}  // namespace ouro::api
