// An operator's interface of literals, which keeps what it was asked.
#pragma once

#include "cluster/administration.hpp"
#include "cluster/state_view.hpp"
#include "runtime/coroutine.hpp"
#include "tests/support/catch.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// n1, n2, n3 on 10.0.0.1, but for n3 on ::1.
inline ouro::cluster::Settings three_settings() {
  ouro::cluster::Settings settings;
  settings.cluster = 0xabc;
  for (std::uint32_t i = 1; i <= 3; ++i) {
    ouro::cluster::Node node;
    node.id = ouro::NodeId(i);
    node.name = "n" + std::to_string(i);
    node.host = i == 3 ? "::1" : "10.0.0.1";
    node.http_port = static_cast<std::uint16_t>(7069 + i);
    node.peer_port = static_cast<std::uint16_t>(7169 + i);
    settings.nodes.push_back(std::move(node));
  }
  return settings;
}

inline ouro::cluster::State three_founders() {
  ouro::Result<ouro::cluster::State> state = ouro::cluster::found(three_settings());
  REQUIRE(state.has_value());
  return *std::move(state);
}

class FakeAdministration final : public ouro::cluster::Administration {
 public:
  FakeAdministration() : now(std::make_shared<ouro::cluster::State>(three_founders())) {
    members.members.resize(1);
    members.members[0].id = ouro::NodeId(2);
    members.members[0].state = ouro::cluster::swim::State::suspect;
    members.members[0].epoch = 1;
    status.role = ouro::raft::Role::follower;
    status.leader = ouro::NodeId(2);
    status.term = 5;
    status.configuration.voters = {ouro::NodeId(1), ouro::NodeId(2), ouro::NodeId(3)};
  }

  std::shared_ptr<const ouro::cluster::State> state() const override { return now; }
  std::shared_ptr<const ouro::cluster::LivenessView> liveness() const override {
    return std::make_shared<const ouro::cluster::LivenessView>(members);
  }
  ouro::Task<ouro::raft::GroupStatus> group() override { co_return status; }
  ouro::Task<std::vector<ouro::cluster::IncomingArc>> incoming() override { co_return coming; }
  ouro::Task<ouro::Result<ouro::cluster::Applied>> carry_out(ouro::cluster::CommandBody body,
                                                             std::string asker,
                                                             ouro::Instant until) override {
    asked = std::move(body);
    who = std::move(asker);
    deadline = until;
    co_return applied;
  }
  ouro::Task<ouro::Result<ouro::cluster::TopologyPlan>> plan(ouro::Instant until) override {
    deadline = until;
    co_return planned;
  }
  ouro::Task<ouro::Result<ouro::cluster::Applied>> commit(std::uint64_t hash, std::string asker,
                                                          ouro::Instant until) override {
    committed = hash;
    who = std::move(asker);
    deadline = until;
    co_return applied;
  }

  std::shared_ptr<ouro::cluster::State> now;
  ouro::cluster::LivenessView members;
  ouro::raft::GroupStatus status;
  std::vector<ouro::cluster::IncomingArc> coming;
  ouro::Result<ouro::cluster::Applied> applied =
      ouro::cluster::Applied{7, true, ouro::NodeId{}, false, "done"};
  ouro::Result<ouro::cluster::TopologyPlan> planned = ouro::cluster::TopologyPlan();

  std::optional<ouro::cluster::CommandBody> asked;
  std::optional<std::uint64_t> committed;
  std::string who;
  ouro::Instant deadline;
};
