// What tests of moving arcs do again and again.
#pragma once

#include "tests/kv/transfer_fixture.hpp"
#include "tests/support/catch.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ouro::kv {

using Values = std::vector<std::string>;

constexpr unsigned few = 30;

inline std::vector<SentFrame> fill(TransferHost& host, unsigned keys = few) {
  std::vector<SentFrame> sent;
  for (unsigned key = 0; key < keys; ++key)
    sent.push_back(host.put(key, "v" + std::to_string(key)));
  return sent;
}

inline std::uint16_t kind(TransferKind kind) { return static_cast<std::uint16_t>(kind); }

/// Steps until `node` has been asked for its `count`th chunk.
inline void run_until_chunk(Transfer& t, NodeId node, unsigned count) {
  const auto asked = [&] { return t.host(node).requests[kind(TransferKind::chunk)] >= count; };
  REQUIRE(t.scheduler.run_until(asked, std::chrono::minutes(1)));
}

template <class T>
const T& finish(Transfer& t, const std::shared_ptr<const std::optional<T>>& result) {
  REQUIRE(t.scheduler.run_until([&] { return result->has_value(); }, std::chrono::minutes(5)));
  return **result;
}

/// Both have the same clock, and by R16 then the same objects.
inline void check_equal(TransferHost& one, TransferHost& other) {
  CHECK(one.clock() == other.clock());
  CHECK(one.content() == other.content());
}

}  // namespace ouro::kv
