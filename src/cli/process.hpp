// How does the command start, watch and end processes? The operating system's edge of cli/.
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ouro::cli {

/// A process id; 0 is none.
using Pid = int;

/// Runs this very program again with `arguments` (without its name). What it writes to stdout and
/// stderr is added to `log_file`, which is made with mode 0600. It is asked to end (SIGTERM) when
/// this process dies, however that happens. Call from the main thread.
Result<Pid> spawn_self(const std::vector<std::string>& arguments, const std::string& log_file);

struct Ended {
  Pid pid = 0;
  std::string how;  ///< "exit code 1", "signal 9"
};
/// A child that has ended, or nothing; never waits.
std::optional<Ended> reap();

enum class Signal { none, ended_child, asked, stop };

/// While it lives, SIGCHLD (ended_child), SIGUSR1 (asked) and SIGINT, SIGTERM, SIGHUP (stop) do
/// nothing by themselves and are taken from here. One per process, on the main thread.
class SignalQueue {
 public:
  SignalQueue();
  ~SignalQueue();
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  /// The next signal, or none after `timeout`.
  Signal wait(std::chrono::milliseconds timeout);
};

/// False when there is no such process any more, or it is not ours.
bool ask_to_end(Pid pid);
bool kill_now(Pid pid);
bool notify(Pid pid);  ///< SIGUSR1

/// The arguments a running process was started with, program name first; empty if there is none.
std::vector<std::string> arguments_of(Pid pid);

Pid own_pid();
/// Ends this process at once, without destructors; what was printed still leaves.
[[noreturn]] void end_process(int exit_code);
std::string absolute_path(const std::string& path);
/// What was typed to run this program, such as "build/ouro": for commands that people may copy.
std::string invoked_as();
/// Others get no access to what this process makes from now on.
void keep_files_private();
bool is_terminal(int descriptor);
/// The environment variable's value, or "".
std::string environment(const char* name);
/// All of standard input, or Error invalid_argument if it has more than `size_max` bytes.
Result<std::string> read_standard_input(std::size_t size_max);
void pause_for(std::chrono::milliseconds time);

}  // namespace ouro::cli
