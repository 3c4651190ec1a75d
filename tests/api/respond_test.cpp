#include "api/respond.hpp"

#include "tests/support/catch.hpp"

#include <nlohmann/json.hpp>

using namespace ouro;
using namespace ouro::api;

namespace {

const Asked asked_get{HttpMethod::get, "request"};
const Asked asked_head{HttpMethod::head, "request"};
const Asked asked_put{HttpMethod::put, "request"};
const Asked asked_delete{HttpMethod::del, "request"};

std::string field(const HttpResponse& response, const std::string& name) {
  for (const auto& [field_name, value] : response.fields)
    if (field_name == name) return value;
  return "(absent)";
}

nlohmann::json body_of(const HttpResponse& response) {
  return nlohmann::json::parse(response.body.view());
}

kv::FoundValue value_of(std::string bytes) {
  return {SharedBytes(std::move(bytes)), "text/plain", "0123456789abcdef", 784111777'000000};
}

kv::Found found_of(std::vector<kv::FoundValue> values) {
  return {std::move(values), "context", 2, 3, 7};
}

kv::Written written_of(bool existed) { return {existed, 1, "context", "fedcba98", 2, 3, 7}; }

}  // namespace

TEST_CASE("one value is served as it was stored") {
  const HttpResponse response = found_response(found_of({value_of("bytes")}), {}, asked_get);
  CHECK(response.status == 200);
  CHECK(response.body.view() == "bytes");
  CHECK(field(response, "Content-Type") == "text/plain");
  CHECK(field(response, "ETag") == "\"0123456789abcdef\"");
  CHECK(field(response, "Last-Modified") == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(field(response, "Ouro-Context") == "context");
  CHECK(field(response, "Ouro-Replicas") == "2/3");
  CHECK(field(response, "Ouro-Epoch") == "7");
  CHECK(field(response, "X-Request-Id") == "request");
}

TEST_CASE("no answer may be sniffed, cached or run") {
  const HttpResponse response = found_response(found_of({value_of("<script>")}), {}, asked_get);
  for (const char* line : {"X-Content-Type-Options: nosniff\r\n", "Cache-Control: no-store\r\n",
                           "Content-Security-Policy: default-src 'none'; sandbox\r\n"}) {
    CAPTURE(line);
    CHECK(response.fixed_fields.find(line) != std::string_view::npos);
  }
}

TEST_CASE("a value is answered without copying it") {
  kv::Found found = found_of({value_of(std::string(1000, 'x'))});
  const char* const stored = found.values.front().value.view().data();
  const HttpResponse response = found_response(std::move(found), {}, asked_get);
  CHECK(response.body.view().data() == stored);
}

TEST_CASE("HEAD announces the size and sends nothing") {
  const HttpResponse response = found_response(found_of({value_of("bytes")}), {}, asked_head);
  CHECK(response.status == 200);
  CHECK(response.body.empty());
  CHECK(response.head_content_length == 5);
}

TEST_CASE("a client that has the value is not sent it again") {
  KvFields fields;
  fields.if_none_match = "\"0123456789abcdef\"";
  const HttpResponse response = found_response(found_of({value_of("bytes")}), fields, asked_get);
  CHECK(response.status == 304);
  CHECK(response.body.empty());
  CHECK(field(response, "ETag") == "\"0123456789abcdef\"");
}

TEST_CASE("siblings are all shown, as text where they are text") {
  const HttpResponse response =
      found_response(found_of({value_of("caf\xc3\xa9"), value_of("\xff")}), {}, asked_get);
  CHECK(response.status == 300);
  CHECK(field(response, "Content-Type") == "application/json");
  CHECK(field(response, "Ouro-Siblings") == "2");
  const auto body = body_of(response);
  CHECK(body["context"] == "context");
  CHECK(body["values"][0]["value"] == "caf\xc3\xa9");
  CHECK(body["values"][1]["value_base64"] == "/w==");
  CHECK(!body["values"][1].contains("value"));
  CHECK(body["values"][0]["last_modified"] == "1994-11-06T08:49:37.000Z");
}

TEST_CASE("a client that takes no JSON is not given siblings") {
  KvFields fields;
  fields.accept = "application/octet-stream";
  const HttpResponse response =
      found_response(found_of({value_of("a"), value_of("b")}), fields, asked_get);
  CHECK(response.status == 409);
  CHECK(body_of(response)["code"] == "siblings");
  CHECK(field(response, "Ouro-Context") == "context");
}

TEST_CASE("an absent key has a context too") {
  const HttpResponse response = found_response(found_of({}), {}, asked_get);
  CHECK(response.status == 404);
  CHECK(field(response, "Ouro-Context") == "context");
  CHECK(body_of(response)["code"] == "not_found");
}

TEST_CASE("PUT tells created from replaced") {
  const HttpResponse created = written_response(written_of(false), asked_put);
  CHECK(created.status == 201);
  CHECK(field(created, "ETag") == "\"fedcba98\"");
  CHECK(field(created, "Ouro-Context") == "context");
  CHECK(field(created, "Ouro-Siblings") == "(absent)");
  CHECK(written_response(written_of(true), asked_put).status == 204);
}

TEST_CASE("a write that left siblings says so") {
  kv::Written written = written_of(true);
  written.siblings = 2;
  CHECK(field(written_response(written, asked_put), "Ouro-Siblings") == "2");
}

TEST_CASE("DELETE tells deleted from absent") {
  CHECK(written_response(written_of(true), asked_delete).status == 204);
  const HttpResponse absent = written_response(written_of(false), asked_delete);
  CHECK(absent.status == 404);
  CHECK(field(absent, "Ouro-Context") == "context");
}

TEST_CASE("a failure says all that is known") {
  kv::Failure failure;
  failure.code = kv::FailureCode::quorum_not_met;
  failure.detail = "1 of 2 \xff";
  failure.retryable = true;
  failure.indeterminate = true;
  failure.acknowledged = 1;
  failure.needed = 2;
  const HttpResponse response = problem_response(problem_of(failure), asked_put);
  CHECK(response.status == 503);
  CHECK(field(response, "Content-Type") == "application/problem+json");
  CHECK(field(response, "Retry-After") == "1");
  const auto body = body_of(response);
  CHECK(body["type"] == "urn:ouro:problem:quorum_not_met");
  CHECK(body["title"] == "Service Unavailable");
  CHECK(body["status"] == 503);
  CHECK(body["code"] == "quorum_not_met");
  CHECK(body["retryable"] == true);
  CHECK(body["indeterminate"] == true);
  CHECK(body["acked"] == 1);
  CHECK(body["needed"] == 2);
  CHECK(body["request_id"] == "request");
}

TEST_CASE("each failure has its status") {
  const auto status_of = [](kv::FailureCode code) {
    kv::Failure failure;
    failure.code = code;
    return problem_of(failure).status;
  };
  CHECK(status_of(kv::FailureCode::invalid_argument) == 400);
  CHECK(status_of(kv::FailureCode::bad_context) == 400);
  CHECK(status_of(kv::FailureCode::quorum_not_met) == 503);
  CHECK(status_of(kv::FailureCode::timeout) == 504);
  CHECK(status_of(kv::FailureCode::overloaded) == 503);
  CHECK(status_of(kv::FailureCode::storage) == 500);
  CHECK(status_of(kv::FailureCode::stale_epoch) == 409);
  CHECK(status_of(kv::FailureCode::too_many_siblings) == 409);
  CHECK(status_of(kv::FailureCode::no_space) == 507);
}
