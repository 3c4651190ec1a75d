// A cluster whose state stays as a configuration describes it.
#pragma once

#include "cluster/state_view.hpp"
#include "cluster/view.hpp"
#include "tests/support/catch.hpp"

#include <memory>
#include <utility>

namespace ouro::cluster {

/// The first view of a cluster.
inline View first_view(const Settings& settings) {
  const Result<State> state = found(settings);
  REQUIRE(state.has_value());
  return view_of(*state);
}

class FixedMetadata final : public Metadata {
 public:
  explicit FixedMetadata(View view) : view_(std::make_shared<const View>(std::move(view))) {}
  std::shared_ptr<const View> view() const override { return view_; }

 private:
  std::shared_ptr<const View> view_;
};

}  // namespace ouro::cluster
