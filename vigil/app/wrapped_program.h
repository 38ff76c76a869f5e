// One run of somebody else's program, as env(1) and time(1) do it: its standard streams,
// working directory and environment are ours, signals that we get reach it, and what it
// used is known at its end.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/error.h"

namespace vigil::app {

struct ProgramEnd {
  int exit_code = 0;  // of a shell: 128 + signal for one that was killed
  int signal = 0;     // 0: it exited by itself
  double wall_seconds = 0;
  // Of the program and of all children that it waited for.
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t peak_memory_bytes = 0;  // of the largest of these processes
};

struct ProgramOptions {
  std::vector<std::string> command;  // looked up in PATH
  // Given: the program's standard output comes through here, and goes on to ours unchanged.
  std::function<void(std::string_view bytes)> output = {};
  // Called once it runs, with the signals below blocked: threads that are started here keep them so.
  std::function<void()> started = {};
  const Clock* clock = &Clock::system();
};

// Exit codes of a wrapper that could not start the program, as in POSIX' env.
inline constexpr int kCannotExecute = 126;
inline constexpr int kNotFound = 127;

// Runs it to its end. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1 and SIGUSR2 are passed on,
// but for those that a terminal sends to all its processes anyway; they stay blocked in
// this thread afterwards. Fails with kNotFound or kIo if it cannot be started.
Result<ProgramEnd> run_program(const ProgramOptions& options);

}  // namespace vigil::app
