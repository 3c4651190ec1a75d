// Measurements in processes of their own, so that memory and threads of one do not touch the next.
#pragma once

#include "bench/engine/measure.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ouro::bench {

/// Runs `measure` in a forked child. Adds what the process took: "peak_memory" (bytes), "cpu_s".
/// Nothing if it failed; the child has said why.
std::optional<Metrics> in_child(const std::function<Metrics()>& measure);

/// Runs a program, found by PATH, and discards what it prints. Its exit code; 127: not found; -1:
/// ended by a signal.
int run_program(const std::vector<std::string>& arguments);

/// From now on an interrupt ends the running child and makes interrupted() true, so that the caller
/// can tidy up.
void catch_interrupts();
bool interrupted();

}  // namespace ouro::bench
