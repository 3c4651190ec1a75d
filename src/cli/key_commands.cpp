#include "cli/key_commands.hpp"

#include "cli/exit_code.hpp"
#include "cli/process.hpp"
#include "cli/report.hpp"
#include "kv/request.hpp"
#include "net/posix_file_system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace ouro::cli {
namespace {

client::Options options_of(const KeyCommand& command) {
  client::Options options;
  options.r = command.r;
  options.w = command.w;
  options.timeout = std::chrono::milliseconds(command.timeout_ms);
  options.context = command.context;
  options.content_type = command.content_type;
  return options;
}

Result<std::string> read_value(const std::string& typed) {
  if (typed == "-") return read_standard_input(kv::value_size_max);
  if (!typed.starts_with('@')) return typed;
  net::PosixFileSystem files;
  return files.read_file(typed.substr(1));
}

Result<client::Answer> perform(const KeyCommand& command, client::Client& client) {
  const client::Options options = options_of(command);
  switch (command.what) {
    case KeyCommand::What::get:
      return client.get(command.bucket, command.key, options);
    case KeyCommand::What::del:
      return client.remove(command.bucket, command.key, options);
    case KeyCommand::What::put:
      break;
  }
  Result<std::string> value = read_value(command.value);
  if (!value) return value.error();
  return client.put(command.bucket, command.key, *std::move(value), options);
}

std::string next_step(const client::Answer& answer, const KeyCommand& command) {
  if (answer.indeterminate)
    return "the write may or may not have happened: read the key before you repeat it";
  if (answer.code == "quorum_not_met")
    return fmt::format("retry with {} 1, or see: ouro ring locate {} {}",
                       command.what == KeyCommand::What::get ? "-r" : "-w",
                       shell_quoted(command.bucket), shell_quoted(command.key));
  if (answer.retryable) return "retry in a moment";
  return "";
}

void tell_problem(const client::Answer& answer, const KeyCommand& command) {
  const std::string name = command.bucket + "/" + command.key;
  if (answer.status == 404 && command.what != KeyCommand::What::put) {
    say_error(name + " does not exist", "");
  } else if (answer.status == 300) {
    say_error(name + " has several concurrent values",
              "--siblings writes them as JSON; put the merged value with its context");
  } else {
    const std::string what =
        answer.detail.empty() ? "the node answered without saying why" : answer.detail;
    say_error(fmt::format("{} ({} {}) for {}", what, answer.status, answer.code, name),
              next_step(answer, command));
  }
}

void tell_details(const client::Answer& answer) {
  const auto line = [](const char* name, const std::string& value) {
    if (!value.empty()) say(fmt::format("{:<14}{}", name, value));
  };
  line("status", std::to_string(answer.status));
  line("content-type", answer.content_type);
  line("etag", answer.etag);
  line("replicas", answer.replicas);
  line("context", answer.context);
}

bool write_out(const std::string& bytes) {
  return std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size() &&
         std::fflush(stdout) == 0;
}

int report(const Result<client::Answer>& answer, const KeyCommand& command) {
  const bool writes = command.what != KeyCommand::What::get;
  const int code = exit_code_of(answer, writes);
  if (!answer) {
    say_error(answer.error().message,
              code == indeterminate ? "the write may or may not have happened: read the key" : "");
    return code;
  }
  if (command.verbose) tell_details(*answer);
  const bool shows = answer->ok() || (answer->status == 300 && command.siblings);
  if (!writes && shows && !write_out(answer->body)) {
    say_error("cannot write to standard output", "");
    return failed;
  }
  if (!shows) tell_problem(*answer, command);
  return code;
}

}  // namespace

int run_key_command(const KeyCommand& command) {
  Result<std::vector<client::Endpoint>> nodes = client::parse_endpoints(command.nodes);
  if (!nodes) {
    say_error(nodes.error().message, "");
    return wrong_usage;
  }
  if (command.curl) return write_out(curl_line(command, nodes->front()) + "\n") ? done : failed;
  client::Client client(*std::move(nodes));
  return report(perform(command, client), command);
}

int exit_code_of(const Result<client::Answer>& answer, bool writes) {
  if (!answer) {
    switch (answer.error().code) {
      case ErrorCode::unreachable:
        return unavailable;
      case ErrorCode::connection_lost:
      case ErrorCode::timeout:
        return writes ? indeterminate : unavailable;
      default:
        return failed;
    }
  }
  if (answer->ok()) return done;
  if (answer->indeterminate) return indeterminate;
  switch (answer->status) {
    case 404:
      return not_found;
    case 300:
    case 409:
    case 412:
    case 428:
      return conflict;
    case 429:
    case 503:
    case 504:
      return unavailable;
    default:
      return failed;
  }
}

std::string curl_line(const KeyCommand& command, const client::Endpoint& node) {
  const client::Options options = options_of(command);
  std::string line = "curl -sS";
  if (command.what == KeyCommand::What::put) line += " -X PUT";
  if (command.what == KeyCommand::What::del) line += " -X DELETE";
  const auto header = [&line](const char* name, const std::string& value) {
    line += " -H " + shell_quoted(std::string(name) + ": " + value);
  };
  if (options.context) header("Ouro-Context", *options.context);
  if (command.what == KeyCommand::What::put) {
    // curl would say that it sends a form.
    header("Content-Type", options.content_type.value_or("application/octet-stream"));
    line += " --data-binary " + shell_quoted(command.value == "-" ? "@-" : command.value);
  }
  return line + " " +
         shell_quoted(node.url() + client::key_target(command.bucket, command.key, options));
}

std::string shell_quoted(const std::string& text) {
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-._~/:@%+=,").find(c) != std::string_view::npos;
  };
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return text;
  std::string quoted = "'";
  for (const char c : text) c == '\'' ? quoted += "'\\''" : quoted += c;
  return quoted + "'";
}

}  // namespace ouro::cli
