#include "tests/node/workload.hpp"

#include "base/check.hpp"
#include "runtime/coroutine.hpp"

#include <algorithm>
#include <sstream>
#include <utility>

namespace ouro::node {
namespace {

using namespace std::chrono_literals;

constexpr Duration patience = 2s;

kv::KeyName named(const std::string& key) { return {"test", key}; }

// The ids in "a b c".
std::set<std::string> words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::set<std::string> result;
  for (std::string word; stream >> word;) result.insert(word);
  return result;
}

std::string joined(const std::set<std::string>& ids) {
  std::string text;
  for (const std::string& id : ids) text += id + " ";
  return text;
}

}  // namespace

Workload::Workload(SimCluster& cluster, std::uint64_t seed) : cluster_(cluster), random_(seed) {}

void Workload::run(unsigned clients, Duration time) {
  clients_ = clients;
  const Instant end = cluster_.clock().now() + time;
  for (unsigned id = 0; id < clients; ++id)
    asio::co_spawn(cluster_.scheduler().get_executor(), client(id, end),
                   [this](std::exception_ptr escaped) {
                     check(escaped == nullptr);
                     --clients_;
                   });
  const auto done = [this] { return clients_ == 0; };
  check(cluster_.scheduler().run_until(done, time + 1min));
}

Task<void> Workload::client(unsigned id, Instant end) {
  Clock& clock = cluster_.clock();
  for (unsigned i = 0; clock.now() < end; ++i) {
    const std::string name = std::to_string(id) + "-" + std::to_string(i);
    ++operations_;
    switch (random_.below(4)) {
      case 0:
        co_await write_once(name);
        break;
      case 1:
        co_await write_and_remove(name);
        break;
      case 2:
        co_await add_to_set(name);
        break;
      default:
        co_await overwrite(name);
        break;
    }
    co_await sleep_until(clock, clock.now() + Duration(random_.below(400'000'000)));
  }
}

Task<void> Workload::write_once(std::string id) {
  const std::string key = "once/" + id;
  const std::string value = padded(id);
  written_[key].insert(value);
  const NodeId at = some_node();
  if (!cluster_.running(at)) co_return;
  const auto put = co_await cluster_.put(at, named(key), value, std::nullopt, patience);
  if (!put || !*put) co_return;
  ++acknowledged_;
  once_[key] = value;
}

Task<void> Workload::write_and_remove(std::string id) {
  const std::string key = "gone/" + id;
  const std::string value = padded(id);
  written_[key].insert(value);
  NodeId at = some_node();
  if (!cluster_.running(at)) co_return;
  const auto put = co_await cluster_.put(at, named(key), value, std::nullopt, patience);
  if (!put || !*put) co_return;
  at = some_node();
  if (!cluster_.running(at)) co_return;
  const auto read = co_await cluster_.get(at, named(key), std::nullopt, patience);
  if (!read || !*read) co_return;
  if ((*read)->values.empty()) wrong_.push_back(key + " was acknowledged and then not found");
  at = some_node();
  if (!cluster_.running(at)) co_return;
  const auto removed = co_await cluster_.remove(at, named(key), (*read)->context, patience);
  if (!removed || !*removed) co_return;
  ++acknowledged_;
  gone_.insert(key);
}

Task<void> Workload::add_to_set(std::string id) {
  const std::string key = "set/" + std::to_string(random_.below(3));
  NodeId at = some_node();
  if (!cluster_.running(at)) co_return;
  const auto read = co_await cluster_.get(at, named(key), std::nullopt, patience);
  if (!read || !*read) co_return;
  std::set<std::string> ids;
  for (const kv::FoundValue& value : (*read)->values) ids.merge(words(value.value.view()));
  ids.insert(id);
  at = some_node();
  if (!cluster_.running(at)) co_return;
  const std::string value = joined(ids);
  written_[key].insert(value);
  const auto put = co_await cluster_.put(at, named(key), value, (*read)->context, patience);
  if (!put || !*put) co_return;
  ++acknowledged_;
  sets_[key].insert(id);
}

Task<void> Workload::overwrite(std::string id) {
  const std::string key = "shared/" + std::to_string(random_.below(3));
  const std::string value = padded(id);
  written_[key].insert(value);
  const NodeId at = some_node();
  if (!cluster_.running(at)) co_return;
  const auto put = co_await cluster_.put(at, named(key), value, std::nullopt, patience);
  if (put && *put) ++acknowledged_;
}

NodeId Workload::some_node() { return cluster_.nodes()[random_.below(cluster_.nodes().size())]; }

std::string Workload::padded(const std::string& id) {
  return id + std::string(random_.below(300), '.');
}

std::vector<std::string> Workload::verify() {
  const auto ended = std::make_shared<bool>(false);
  asio::co_spawn(cluster_.scheduler().get_executor(), verify_all(),
                 [ended](std::exception_ptr escaped) {
                   check(escaped == nullptr);
                   *ended = true;
                 });
  if (!cluster_.scheduler().run_until([&] { return *ended; }, 10min))
    wrong_.push_back("the cluster did not answer for ten minutes after it was healed");
  return wrong_;
}

Task<void> Workload::verify_all() {
  std::set<std::string> keys = gone_;
  for (const auto& [key, values] : written_) keys.insert(key);
  for (const std::string& key : keys) co_await verify_key(key);
}

Task<void> Workload::verify_key(std::string key) {
  Values values;
  const bool agreed = co_await converge(key, &values);
  if (!agreed) {
    wrong_.push_back(key + " is not the same on all nodes long after they were healed");
    co_return;
  }
  verify_values(key, values);
}

// A read of all replicas repairs them; after it each node alone must give the same answer.
Task<bool> Workload::converge(std::string key, Values* values) {
  Clock& clock = cluster_.clock();
  for (int attempt = 0; attempt < 10; ++attempt) {
    const std::vector<NodeId> serving = cluster_.serving();
    const NodeId first = serving[static_cast<std::size_t>(attempt) % serving.size()];
    const auto view = cluster_.node(first).metadata().view();
    const auto all = static_cast<unsigned>(view->replicas(0, view->defaults().n).reads.size());
    co_await cluster_.get(first, named(key), all, patience);
    co_await sleep_until(clock, clock.now() + 100ms);

    std::set<Values> answers;
    for (const NodeId node : serving) {
      const auto read = co_await cluster_.get(node, named(key), 1, patience);
      Values found;
      if (!read || !*read) found.insert("no answer from node " + std::to_string(to_integer(node)));
      if (read && *read)
        for (const kv::FoundValue& value : (*read)->values) found.emplace(value.value.view());
      answers.insert(std::move(found));
    }
    *values = *answers.begin();
    if (answers.size() == 1) co_return true;
    co_await sleep_until(clock, clock.now() + 1s);
  }
  co_return false;
}

void Workload::verify_values(const std::string& key, const Values& values) {
  for (const std::string& value : values)
    if (!written_[key].contains(value)) wrong_.push_back(key + " has a value that nobody wrote");
  if (const auto at = once_.find(key); at != once_.end() && values != Values{at->second})
    wrong_.push_back(key + " was acknowledged and is lost");
  if (gone_.contains(key) && !values.empty()) wrong_.push_back(key + " was deleted and is back");
  if (const auto at = sets_.find(key); at != sets_.end()) {
    std::set<std::string> present;
    for (const std::string& value : values) present.merge(words(value));
    for (const std::string& id : at->second)
      if (!present.contains(id)) wrong_.push_back(key + " has lost what was added as " + id);
  }
}

}  // namespace ouro::node
