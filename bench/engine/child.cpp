#include "bench/engine/child.hpp"

#include "bench/engine/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace ouro::bench {
namespace {

volatile std::sig_atomic_t interrupt_seen = 0;

pid_t fork_child() {
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) fail("fork failed");
  if (child == 0) {
    ::signal(SIGINT, SIG_DFL);
    ::signal(SIGTERM, SIG_DFL);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  }
  return child;
}

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    if (interrupted()) ::kill(child, SIGKILL);
  }
  if (WIFSIGNALED(status))
    std::fprintf(stderr, "bench/engine: a child ended by signal %d\n", WTERMSIG(status));
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

[[noreturn]] void run_in_child(const std::function<Metrics()>& measure, int out) {
  Metrics metrics = measure();
  metrics["peak_memory"] = static_cast<double>(peak_memory());
  metrics["cpu_s"] = cpu_seconds();
  std::FILE* const file = ::fdopen(out, "w");
  if (file == nullptr) fail("fdopen failed");
  for (const auto& [name, value] : metrics) std::fprintf(file, "%s %.17g\n", name.c_str(), value);
  std::fclose(file);
  std::fflush(nullptr);
  std::_Exit(0);
}

}  // namespace

std::optional<Metrics> in_child(const std::function<Metrics()>& measure) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe failed");
  const pid_t child = fork_child();
  if (child == 0) {
    ::close(ends[0]);
    run_in_child(measure, ends[1]);
  }
  ::close(ends[1]);
  Metrics metrics;
  std::FILE* const file = ::fdopen(ends[0], "r");
  if (file == nullptr) fail("fdopen failed");
  char name[64];
  double value = 0;
  while (std::fscanf(file, "%63s %lf", name, &value) == 2) metrics[name] = value;
  std::fclose(file);
  if (wait_for(child) != 0) return std::nullopt;
  return metrics;
}

int run_program(const std::vector<std::string>& arguments) {
  const pid_t child = fork_child();
  if (child == 0) {
    const bool silent = std::freopen("/dev/null", "w", stdout) != nullptr &&
                        std::freopen("/dev/null", "w", stderr) != nullptr;
    if (!silent) std::_Exit(1);
    std::vector<char*> pointers;
    for (const std::string& argument : arguments)
      pointers.push_back(const_cast<char*>(argument.c_str()));
    pointers.push_back(nullptr);
    ::execvp(pointers[0], pointers.data());
    std::_Exit(127);
  }
  return wait_for(child);
}

void catch_interrupts() {
  struct sigaction action {};
  action.sa_handler = [](int) { interrupt_seen = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return interrupt_seen != 0; }

}  // namespace ouro::bench
