// Where work that may block is done: beside the event loops, never on them.
#pragma once

#include "base/function.hpp"

namespace ouro {

using Job = UniqueFunction<void()>;

/// Runs jobs one after another, in the order posted. A thread in production, an entry of the
/// scheduler's agenda in simulation (where a crash may fall between any two jobs).
///
/// post() may be called from any thread, returns at once and never runs the job itself. A job that
/// takes long does a bounded piece and posts the rest. Destroying a lane waits for the running job
/// and destroys the waiting ones unrun.
class Lane {
 public:
  virtual ~Lane() = default;
  virtual void post(Job job) = 0;
};

}  // namespace ouro
