#include "client/client.hpp"

#include "runtime/url.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace ouro::client {
namespace {

// The server's deadline passes first, so that its answer says what is known.
constexpr std::chrono::milliseconds grace = std::chrono::seconds(2);

std::string name_path(std::string_view bucket, std::string_view key) {
  return percent_encode(bucket, false) + "/" + percent_encode(key, true);
}

net::HttpClientRequest request_for(std::string method, std::string target,
                                   std::chrono::milliseconds timeout) {
  net::HttpClientRequest request;
  request.method = std::move(method);
  request.target = std::move(target);
  request.timeout = timeout + grace;
  return request;
}

void read_problem(Answer& answer) {
  const auto problem = nlohmann::json::parse(answer.body, nullptr, false);
  if (!problem.is_object()) return;
  const auto text = [&problem](const char* key) {
    const auto at = problem.find(key);
    return at != problem.end() && at->is_string() ? at->get<std::string>() : std::string();
  };
  const auto flag = [&problem](const char* key) {
    const auto at = problem.find(key);
    return at != problem.end() && at->is_boolean() && at->get<bool>();
  };
  answer.code = text("code");
  answer.detail = text("detail");
  answer.retryable = flag("retryable");
  answer.indeterminate = flag("indeterminate");
}

Answer read_answer(net::HttpClientResponse response) {
  Answer answer;
  answer.status = response.status;
  answer.content_type = response.field("Content-Type");
  answer.context = response.field("Ouro-Context");
  answer.etag = response.field("ETag");
  answer.replicas = response.field("Ouro-Replicas");
  answer.body = std::move(response.body);
  if (answer.content_type == "application/problem+json") read_problem(answer);
  return answer;
}

/// Another node may do better, and asking it cannot do harm.
bool worth_another(const Result<Answer>& answer, bool reads) {
  if (answer) return answer->retryable && !answer->indeterminate;
  switch (answer.error().code) {
    case ErrorCode::unreachable:
      return true;
    case ErrorCode::connection_lost:
    case ErrorCode::timeout:
      return reads;
    default:
      return false;
  }
}

}  // namespace

Result<Answer> Client::get(std::string_view bucket, std::string_view key, const Options& options) {
  return ask(request_for("GET", key_target(bucket, key, options), options.timeout));
}

Result<Answer> Client::put(std::string_view bucket, std::string_view key, std::string value,
                           const Options& options) {
  auto request = request_for("PUT", key_target(bucket, key, options), options.timeout);
  if (options.context) request.fields.emplace_back("Ouro-Context", *options.context);
  if (options.content_type) request.fields.emplace_back("Content-Type", *options.content_type);
  request.body = std::move(value);
  return ask(std::move(request));
}

Result<Answer> Client::remove(std::string_view bucket, std::string_view key,
                              const Options& options) {
  auto request = request_for("DELETE", key_target(bucket, key, options), options.timeout);
  if (options.context) request.fields.emplace_back("Ouro-Context", *options.context);
  return ask(std::move(request));
}

Result<Answer> Client::fetch(const std::string& target, std::chrono::milliseconds timeout) {
  return ask(request_for("GET", target, timeout));
}

Result<Answer> Client::post(const std::string& target, std::string document,
                            std::chrono::milliseconds timeout) {
  auto request = request_for("POST", target, timeout);
  request.fields.emplace_back("Content-Type", "application/json");
  request.body = std::move(document);
  return ask(std::move(request));
}

Result<Answer> Client::ask(net::HttpClientRequest request) {
  const bool reads = request.method == "GET";
  Result<Answer> answer = Error{ErrorCode::invalid_argument, "no node is named"};
  for (const Endpoint& node : nodes_) {
    request.host = node.host;
    request.port = node.port;
    Result<net::HttpClientResponse> response = http_.send(request);
    if (response)
      answer = read_answer(*std::move(response));
    else
      answer = response.error();
    if (!worth_another(answer, reads)) break;
  }
  return answer;
}

std::string key_target(std::string_view bucket, std::string_view key, const Options& options) {
  std::string target = "/v1/kv/" + name_path(bucket, key);
  char separator = '?';
  const auto add = [&target, &separator](std::string_view name, auto value) {
    target += separator;
    target.append(name).append("=").append(std::to_string(value));
    separator = '&';
  };
  if (options.r) add("r", *options.r);
  if (options.w) add("w", *options.w);
  if (options.timeout != Options().timeout) add("timeout", options.timeout.count());
  return target;
}

std::string locate_target(std::string_view bucket, std::string_view key) {
  return "/v1/ring/locate/" + name_path(bucket, key);
}

}  // namespace ouro::client
