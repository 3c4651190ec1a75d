#include "cli/supervisor.hpp"

#include "client/endpoint.hpp"
#include "net/http_client.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace ouro::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds start_max = 30s;
constexpr std::chrono::seconds end_max = 10s;
constexpr std::chrono::milliseconds look_interval = 50ms;
constexpr std::chrono::milliseconds idle_interval = 1s;

/// What a node answers to a GET with 200, or nothing.
std::optional<std::string> body_of(const DemoState::Member& member, const std::string& path) {
  const auto endpoints = client::parse_endpoints(member.http);
  if (!endpoints) return std::nullopt;
  net::HttpClientRequest request;
  request.host = endpoints->front().host;
  request.port = endpoints->front().port;
  request.target = path;
  request.timeout = 1s;
  auto response = net::fetch(request);
  if (!response || response->status != 200) return std::nullopt;
  return std::move(response->body);
}

std::vector<std::string> unreachable_members(const std::string& cluster_json) {
  std::vector<std::string> names;
  const auto document = nlohmann::json::parse(cluster_json, nullptr, false);
  if (!document.is_object()) return names;
  for (const auto& member : document.value("members", nlohmann::json::array()))
    if (!member.value("reachable", true)) names.push_back(member.value("name", ""));
  return names;
}

}  // namespace

Supervisor::Supervisor(FileSystem& files, std::string dir, cluster::Settings settings,
                       DemoEvent on_event)
    : files_(files),
      dir_(std::move(dir)),
      settings_(std::move(settings)),
      on_event_(std::move(on_event)) {
  state_.supervisor = own_pid();
  for (const cluster::Node& node : settings_.nodes)
    state_.members.push_back({node.name, 0, client::Endpoint{node.host, node.http_port}.url(),
                              fmt::format("{}:{}", node.host, node.peer_port),
                              node_data_dir(dir_, node.name)});
}

Supervisor::~Supervisor() { end(); }

Status Supervisor::start() {
  if (const Status made = files_.create_directory(requests_dir(dir_)); !made) return made;
  for (const cluster::Node& node : settings_.nodes)
    if (const Status prepared = prepare(node); !prepared) return prepared;
  for (DemoState::Member& member : state_.members)
    if (const Status started = start_member(member); !started) return started;
  if (const Status saved = save_state(); !saved) return saved;
  return wait_until_ready();
}

void Supervisor::watch() {
  for (;;) {
    const Signal signal = signals_.wait(idle_interval);
    if (signal == Signal::stop) return;
    note_deaths();
    start_requested();
  }
}

void Supervisor::end() {
  for (const DemoState::Member& member : state_.members) ask_to_end(member.pid);
  for (auto waited = 0ms; any_runs() && waited < end_max; waited += look_interval) {
    pause_for(look_interval);
    note_deaths();
  }
  for (const DemoState::Member& member : state_.members) kill_now(member.pid);
  while (any_runs()) {
    pause_for(look_interval);
    note_deaths();
  }
  if (files_.exists(state_file(dir_))) (void)files_.remove(state_file(dir_));
}

Status Supervisor::prepare(const cluster::Node& node) {
  if (const Status made = files_.create_directory(node_dir(dir_, node.name)); !made) return made;
  return replace_file(files_, node_config_file(dir_, node.name),
                      render_config(config_of(settings_, node, dir_)));
}

Status Supervisor::start_member(DemoState::Member& member) {
  const std::string config = node_config_file(dir_, member.name);
  const Result<Pid> pid =
      spawn_self({"serve", "--config", config}, node_log_file(dir_, member.name));
  if (!pid) return pid.error();
  member.pid = *pid;
  return {};
}

Status Supervisor::wait_until_ready() {
  for (auto waited = 0ms; waited < start_max; waited += look_interval) {
    note_deaths();
    bool all = true;
    for (const DemoState::Member& member : state_.members) {
      if (member.pid == 0)
        return Error{ErrorCode::io, fmt::format("{} did not start ({}): {}", member.name, how_,
                                                last_line_of_log(member.name))};
      all = all && is_ready(member);
    }
    if (all && are_connected(state_)) return {};
    if (signals_.wait(look_interval) == Signal::stop)
      return Error{ErrorCode::closed, "ended before all nodes served"};
  }
  return Error{ErrorCode::timeout,
               fmt::format("the nodes did not serve within {} s: see the logs in {}",
                           start_max.count(), dir_)};
}

void Supervisor::start_requested() {
  const auto names = files_.list(requests_dir(dir_));
  if (!names) return;
  for (const std::string& name : *names) {
    (void)files_.remove(requests_dir(dir_) + "/" + name);
    DemoState::Member* const member = state_.member(name);
    if (member == nullptr || member->pid != 0) continue;
    const Status started = start_member(*member);
    on_event_(*member, started ? fmt::format("{} started (pid {})", member->name, member->pid)
                               : started.error().message);
    (void)save_state();
  }
}

void Supervisor::note_deaths() {
  while (const std::optional<Ended> ended = reap()) {
    const auto at = std::ranges::find(state_.members, ended->pid, &DemoState::Member::pid);
    if (at == state_.members.end()) continue;
    const Pid pid = std::exchange(at->pid, 0);
    how_ = ended->how;
    on_event_(*at, fmt::format("{} (pid {}) ended: {}", at->name, pid, ended->how));
    (void)save_state();
  }
}

bool Supervisor::any_runs() const {
  return std::ranges::any_of(state_.members, [](const auto& member) { return member.pid != 0; });
}

Status Supervisor::save_state() {
  return replace_file(files_, state_file(dir_), encode_state(state_));
}

std::string Supervisor::last_line_of_log(const std::string& node) {
  const std::string path = node_log_file(dir_, node);
  Result<std::string> text = files_.read_file(path);
  if (!text || text->empty()) return "see " + path;
  text->erase(text->find_last_not_of('\n') + 1);
  return text->substr(text->rfind('\n') + 1);
}

bool is_ready(const DemoState::Member& member) { return body_of(member, "/readyz").has_value(); }

bool are_connected(const DemoState& state) {
  for (const DemoState::Member& member : state.members) {
    if (member.pid == 0) continue;
    const std::optional<std::string> body = body_of(member, "/v1/cluster");
    if (!body) return false;
    for (const std::string& name : unreachable_members(*body)) {
      const auto other = std::ranges::find(state.members, name, &DemoState::Member::name);
      if (other != state.members.end() && other->pid != 0) return false;
    }
  }
  return true;
}

}  // namespace ouro::cli
