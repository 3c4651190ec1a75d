#include "api/kv_request.hpp"

#include "tests/support/catch.hpp"

using namespace ouro;
using namespace ouro::api;

namespace {

constexpr unsigned three = 3;

std::string code_of(const std::vector<std::pair<std::string, std::string>>& query) {
  const Checked<KvOptions> options = read_options(query, three);
  REQUIRE(!options.has_value());
  return options.error().detail;
}

HttpHead head_of(HttpMethod method,
                 std::vector<std::pair<std::string_view, std::string_view>> fields) {
  HttpHead head;
  head.method = method;
  head.fields = std::move(fields);
  return head;
}

std::string refused(HttpMethod method, std::string_view name, std::string_view value) {
  const Checked<KvFields> fields = read_fields(head_of(method, {{name, value}}));
  return fields ? "" : fields.error().code;
}

}  // namespace

TEST_CASE("without a query the bucket decides and five seconds are allowed") {
  const Checked<KvOptions> options = read_options({}, three);
  REQUIRE(options.has_value());
  CHECK(!options->r);
  CHECK(!options->w);
  CHECK(options->timeout == std::chrono::seconds(5));
}

TEST_CASE("quorums are named by number or by preset, and the number wins") {
  const Checked<KvOptions> options =
      read_options({{"consistency", "all"}, {"r", "1"}, {"timeout", "60000"}}, three);
  REQUIRE(options.has_value());
  CHECK(*options->r == 1);
  CHECK(*options->w == 3);
  CHECK(options->timeout == std::chrono::seconds(60));
  CHECK(*read_options({{"consistency", "quorum"}}, three)->r == 2);
  CHECK(*read_options({{"consistency", "one"}}, three)->w == 1);
}

TEST_CASE("a parameter that is unknown, repeated or out of range is named") {
  CHECK(code_of({{"rr", "1"}}).find("\"rr\"") != std::string::npos);
  CHECK(code_of({{"r", "0"}}).find("r must be a number from 1 to 3") == 0);
  CHECK(code_of({{"w", "4"}}).find("w must be a number from 1 to 3") == 0);
  CHECK(code_of({{"timeout", "60001"}}).find("timeout must be") == 0);
  CHECK(code_of({{"timeout", "0"}}).find("timeout must be") == 0);
  CHECK(code_of({{"consistency", "most"}}).find("consistency must be") == 0);
  CHECK(code_of({{"r", "1"}, {"r", "1"}}) == "r is given twice");
  CHECK(code_of({{"timeout", "5000"}, {"timeout", "5000"}}) == "timeout is given twice");
}

TEST_CASE("the fields of a write are read in any case") {
  const auto fields = read_fields(head_of(
      HttpMethod::put, {{"content-type", "a/b; c=\"d\""}, {"OURO-CONTEXT", "abc"}, {"X", "y"}}));
  REQUIRE(fields.has_value());
  CHECK(fields->content_type == "a/b; c=\"d\"");
  CHECK(fields->context == "abc");
  CHECK(fields->accept.data() == nullptr);
}

TEST_CASE("conditions that cannot be promised are refused") {
  CHECK(refused(HttpMethod::put, "If-Match", "\"1\"") == "cas_needs_strong");
  CHECK(refused(HttpMethod::get, "if-match", "\"1\"") == "cas_needs_strong");
  CHECK(refused(HttpMethod::put, "If-None-Match", "*") == "cas_needs_strong");
  CHECK(refused(HttpMethod::del, "If-Unmodified-Since", "x") == "cas_needs_strong");
  CHECK(refused(HttpMethod::get, "If-None-Match", "*").empty());
}

TEST_CASE("what would be lost silently is refused") {
  CHECK(refused(HttpMethod::put, "Content-Encoding", "gzip") == "unsupported_encoding");
  CHECK(refused(HttpMethod::put, "Content-Encoding", "identity").empty());
  CHECK(refused(HttpMethod::put, "Content-Range", "bytes 0-1/2") == "unsupported_field");
  CHECK(refused(HttpMethod::put, "Ouro-TTL", "60") == "unsupported_field");
  CHECK(refused(HttpMethod::put, "Idempotency-Key", "x") == "unsupported_field");
  CHECK(refused(HttpMethod::put, "Content-Type", std::string(257, 'x')) == "bad_content_type");
  CHECK(refused(HttpMethod::put, "Content-Type", std::string(256, 'x')).empty());
}

TEST_CASE("two contexts are one too many") {
  const auto fields =
      read_fields(head_of(HttpMethod::put, {{"Ouro-Context", "a"}, {"Ouro-Context", "b"}}));
  REQUIRE(!fields.has_value());
  CHECK(fields.error().code == "bad_context");
}

TEST_CASE("an entity tag is found in a list") {
  CHECK(names_etag("\"0123456789abcdef\"", "0123456789abcdef"));
  CHECK(names_etag("\"x\" , W/\"0123456789abcdef\"", "0123456789abcdef"));
  CHECK(names_etag("*", "0123456789abcdef"));
  CHECK(!names_etag("0123456789abcdef", "0123456789abcdef"));
  CHECK(!names_etag("\"0123456789abcde\"", "0123456789abcdef"));
  CHECK(!names_etag("", "0123456789abcdef"));
}

TEST_CASE("a client takes JSON unless it only names other types") {
  CHECK(accepts_json(""));
  CHECK(accepts_json("*/*"));
  CHECK(accepts_json("text/html, application/json;q=0.9"));
  CHECK(accepts_json("Application/*"));
  CHECK(!accepts_json("application/octet-stream"));
  CHECK(!accepts_json("text/html, text/*;q=0.1"));
}
