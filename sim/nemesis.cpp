#include "sim/nemesis.hpp"

#include "base/hash.hpp"

#include <array>
#include <utility>

namespace ouro::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t trace_trouble = 3;

std::string number(NodeId node) { return std::to_string(to_integer(node)); }

}  // namespace

std::string_view name(Trouble trouble) {
  constexpr std::array<std::string_view, trouble_count> names{
      "kill",    "power_loss", "pause", "partition", "one_way_cut",
      "isolate", "slow_link",  "noise", "clock",     "slow_disk"};
  return names[static_cast<std::size_t>(trouble)];
}

Nemesis::Nemesis(Scheduler& scheduler, Network& network, Victims& victims,
                 std::vector<NodeId> nodes, std::uint64_t seed, NemesisOptions options)
    : scheduler_(scheduler),
      network_(network),
      victims_(victims),
      nodes_(std::move(nodes)),
      options_(std::move(options)),
      random_(seed),
      life_(scheduler.new_life()),
      quality_(network.options().quality) {
  for (std::size_t i = 0; i < trouble_count; ++i) {
    const auto trouble = static_cast<Trouble>(i);
    const bool wanted = random_.one_in(2);
    if (wanted && !options_.never.contains(trouble)) enabled_.push_back(trouble);
  }
  if (!enabled_.empty()) act();
}

Nemesis::~Nemesis() {
  if (!scheduler_.is_dead(life_)) scheduler_.kill(life_);
}

void Nemesis::heal() {
  if (scheduler_.is_dead(life_)) return;
  scheduler_.kill(life_);
  network_.heal();
  network_.set_quality(quality_);
  for (const NodeId node : nodes_) {
    Machine& machine = victims_.machine(node);
    machine.wall().set_drift(0);
    machine.lane_timing() = machine.options().lane_timing;
  }
  for (const NodeId node : std::exchange(down_, {})) victims_.start(node);
}

template <class Event>
void Nemesis::after(Duration time, Event event) {
  scheduler_.add(life_, scheduler_.now() + time, Scheduler::Handler(std::move(event)));
}

Duration Nemesis::draw(Duration least, Duration most) {
  return least + Duration(random_.below(static_cast<std::uint64_t>((most - least).count()) + 1));
}

NodeId Nemesis::pick() { return nodes_[random_.below(nodes_.size())]; }

void Nemesis::act() {
  after(draw(options_.calm_least, options_.calm_most), [this] {
    cause(enabled_[random_.below(enabled_.size())]);
    act();
  });
}

void Nemesis::note(Trouble trouble, const std::string& whom) {
  const auto ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(scheduler_.now().time_since_epoch());
  log_.push_back(std::to_string(ms.count()) + " ms " + std::string(name(trouble)) + " " + whom);
  scheduler_.record(trace_trouble, static_cast<std::uint64_t>(trouble), hash64(whom));
}

void Nemesis::cause(Trouble trouble) {
  switch (trouble) {
    case Trouble::kill:
    case Trouble::power_loss:
      return take_down(trouble);
    case Trouble::pause: {
      const NodeId node = pick();
      if (down_.contains(node)) return;
      note(trouble, number(node));
      return victims_.machine(node).pause(draw(10ms, 5s));
    }
    case Trouble::partition:
      return partition();
    case Trouble::one_way_cut:
      return one_way_cut();
    case Trouble::isolate:
      return isolate();
    case Trouble::slow_link:
      return slow_link();
    case Trouble::noise:
      return noise();
    case Trouble::clock:
      return clock();
    case Trouble::slow_disk:
      return slow_disk();
  }
}

void Nemesis::take_down(Trouble trouble) {
  const NodeId node = pick();
  if (down_.size() >= options_.max_down || down_.contains(node)) return;
  down_.insert(node);
  note(trouble, number(node));
  if (trouble == Trouble::kill)
    victims_.kill(node);
  else
    victims_.power_loss(node, random_crash_policy(random_));
  after(draw(options_.trouble_least, options_.trouble_most), [this, node] { bring_back(node); });
}

void Nemesis::bring_back(NodeId node) {
  down_.erase(node);
  log_.push_back("  start " + number(node));
  victims_.start(node);
}

void Nemesis::partition() {
  std::set<NodeId> one, other;
  for (const NodeId node : nodes_) (random_.one_in(2) ? one : other).insert(node);
  std::string whom;
  for (const NodeId node : one) whom += number(node) + " ";
  note(Trouble::partition, whom + "from the others");
  network_.partition(one, other);
  after(draw(options_.trouble_least, options_.trouble_most),
        [this, one, other] { network_.unite(one, other); });
}

void Nemesis::one_way_cut() {
  const NodeId from = pick(), to = pick();
  note(Trouble::one_way_cut, number(from) + " to " + number(to));
  network_.clog(from, to, draw(options_.trouble_least, options_.trouble_most));
}

void Nemesis::isolate() {
  const NodeId node = pick();
  note(Trouble::isolate, number(node));
  network_.stall(node, draw(options_.trouble_least, options_.trouble_most));
}

void Nemesis::slow_link() {
  const NodeId from = pick(), to = pick();
  note(Trouble::slow_link, number(from) + " to " + number(to));
  LinkQuality slow = quality_;
  slow.most = 500ms;
  network_.set_quality(from, to, slow);
  after(draw(options_.trouble_least, options_.trouble_most),
        [this, from, to] { network_.set_quality(from, to, quality_); });
}

void Nemesis::noise() {
  note(Trouble::noise, "everywhere");
  LinkQuality noisy = quality_;
  noisy.reset_per_million = 20'000;
  noisy.corrupt_per_million = 20'000;
  noisy.slow_permille = 100;
  network_.set_quality(noisy);
  after(draw(options_.trouble_least, options_.trouble_most),
        [this] { network_.set_quality(quality_); });
}

void Nemesis::clock() {
  const NodeId node = pick();
  note(Trouble::clock, number(node));
  WallClock& wall = victims_.machine(node).wall();
  const Duration by = draw(1ms, random_.one_in(2) ? Duration(1s) : Duration(1h));
  wall.jump(random_.one_in(2) ? by : -by);
  wall.set_drift(static_cast<std::int64_t>(random_.below(1001)) - 500);
}

void Nemesis::slow_disk() {
  const NodeId node = pick();
  note(Trouble::slow_disk, number(node));
  Machine& machine = victims_.machine(node);
  machine.lane_timing().most = 100ms;
  after(draw(options_.trouble_least, options_.trouble_most),
        [&machine] { machine.lane_timing() = machine.options().lane_timing; });
}

}  // namespace ouro::sim
