// Reading all that is on disk over and over, slowly, so that rot is found while other replicas
// still have what it destroyed.
#pragma once

#include "base/lane.hpp"
#include "engine/db.hpp"
#include "runtime/nursery.hpp"
#include "runtime/world.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace ouro::node {

/// Paces Db::scrub(): a small piece on `lane`, then a pause as long as the rate asks for; a rest
/// after each round. Damage goes to the log as an error, and into the databases' Stats. For use on
/// its loop only.
class Scrub {
 public:
  struct Source {
    std::string name;  ///< For the log.
    engine::Db& db;
  };

  /// `bytes_per_second` 0: never. Borrows everything.
  Scrub(std::vector<Source> sources, Lane& lane, Loop& loop, std::size_t bytes_per_second);

  void start();
  /// Waits for the piece that is being read.
  Task<void> close();

 private:
  Task<void> run();
  Task<void> round(Source& source);
  Task<void> pause(Duration time);

  std::vector<Source> sources_;
  Lane& lane_;
  Loop& loop_;
  std::size_t bytes_per_second_;
  std::unique_ptr<Timer> timer_;
  Nursery nursery_;
  bool closing_ = false;
};

}  // namespace ouro::node
