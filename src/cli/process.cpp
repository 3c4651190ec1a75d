#include "cli/process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace ouro::cli {
namespace {

constexpr int exec_failed = 127;

Error system_error(const std::string& what) {
  return Error{ErrorCode::io, what + ": " + std::strerror(errno)};
}

sigset_t watched_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGUSR1, SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

/// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(char* const* arguments, int log, pid_t parent) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(exec_failed);  // it died before the line above
  setpgid(0, 0);  // a terminal's Ctrl-C goes to the parent only, which ends us in order
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null >= 0) dup2(null, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  execv("/proc/self/exe", arguments);
  _exit(exec_failed);
}

}  // namespace

Result<Pid> spawn_self(const std::vector<std::string>& arguments, const std::string& log_file) {
  const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) return system_error("cannot open " + log_file);
  std::vector<std::string> words{"ouro"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);

  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) become(pointers.data(), log, parent);
  close(log);
  if (child < 0) return system_error("cannot start another process");
  return Pid(child);
}

std::optional<Ended> reap() {
  int status = 0;
  const pid_t pid = waitpid(-1, &status, WNOHANG);
  if (pid <= 0) return std::nullopt;
  if (WIFSIGNALED(status)) return Ended{pid, "signal " + std::to_string(WTERMSIG(status))};
  return Ended{pid, "exit code " + std::to_string(WEXITSTATUS(status))};
}

SignalQueue::SignalQueue() {
  const sigset_t set = watched_signals();
  sigprocmask(SIG_BLOCK, &set, nullptr);
}

SignalQueue::~SignalQueue() {
  const sigset_t set = watched_signals();
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
}

Signal SignalQueue::wait(std::chrono::milliseconds timeout) {
  const sigset_t set = watched_signals();
  timespec limit{};
  limit.tv_sec = static_cast<time_t>(timeout.count() / 1000);
  limit.tv_nsec = static_cast<long>(timeout.count() % 1000) * 1'000'000;
  switch (sigtimedwait(&set, nullptr, &limit)) {
    case SIGCHLD:
      return Signal::ended_child;
    case SIGUSR1:
      return Signal::asked;
    case SIGINT:
    case SIGTERM:
    case SIGHUP:
      return Signal::stop;
    default:
      return Signal::none;
  }
}

bool ask_to_end(Pid pid) { return pid > 0 && ::kill(pid, SIGTERM) == 0; }
bool kill_now(Pid pid) { return pid > 0 && ::kill(pid, SIGKILL) == 0; }
bool notify(Pid pid) { return pid > 0 && ::kill(pid, SIGUSR1) == 0; }

std::vector<std::string> arguments_of(Pid pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

Pid own_pid() { return getpid(); }

void end_process(int exit_code) {
  std::fflush(nullptr);
  std::_Exit(exit_code);
}

std::string absolute_path(const std::string& path) {
  std::error_code error;
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  return error ? path : absolute.lexically_normal().string();
}

std::string invoked_as() { return program_invocation_name; }

void keep_files_private() { umask(077); }

bool is_terminal(int descriptor) { return isatty(descriptor) == 1; }

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

Result<std::string> read_standard_input(std::size_t size_max) {
  std::string bytes;
  std::array<char, 65536> part;
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error("cannot read standard input");
    if (count == 0) return bytes;
    bytes.append(part.data(), static_cast<std::size_t>(count));
    if (bytes.size() > size_max)
      return Error{ErrorCode::invalid_argument,
                   "standard input has more than " + std::to_string(size_max) + " bytes"};
  }
}

void pause_for(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }

}  // namespace ouro::cli
