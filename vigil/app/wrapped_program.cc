#include "vigil/app/wrapped_program.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace vigil::app {
namespace {

constexpr std::array<int, 6> kForwarded = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void set(int fd) { fd_ = fd; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

std::unexpected<Error> os_error(std::string_view what, int error) {
  return fail(error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo, std::string(what) + ": " + std::strerror(error));
}

struct Pipe {
  Descriptor read, write;
  bool open() {
    int fds[2];
    if (::pipe2(fds, O_CLOEXEC) != 0) return false;
    read.set(fds[0]);
    write.set(fds[1]);
    return true;
  }
};

// Between fork and exec: only what POSIX allows there in a process with threads.
[[noreturn]] void become(char* const* argv, const sigset_t& mask, int output, int failures) {
  ::signal(SIGPIPE, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  if (output >= 0) ::dup2(output, STDOUT_FILENO);
  ::execvp(argv[0], argv);
  const int error = errno;
  static_cast<void>(!::write(failures, &error, sizeof(error)));
  ::_exit(kNotFound);
}

// False if nobody reads standard output any more.
bool pass_on(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

class Running {
 public:
  Running(pid_t pid, const ProgramOptions& options, std::chrono::nanoseconds began)
      : pid_(pid), options_(options), began_(began) {}

  Result<ProgramEnd> wait(int signals, Descriptor& output) {
    std::chrono::nanoseconds ended{};
    bool gone = false;
    while (!gone || output.get() >= 0) {
      std::array<pollfd, 2> wanted{{{signals, POLLIN, 0}, {output.get(), POLLIN, 0}}};
      if (::poll(wanted.data(), wanted.size(), -1) < 0 && errno != EINTR) return os_error("poll", errno);
      if (wanted[1].revents != 0) read(output);
      if (wanted[0].revents == 0) continue;
      signalfd_siginfo info{};
      if (::read(signals, &info, sizeof(info)) != sizeof(info)) continue;
      const int number = static_cast<int>(info.ssi_signo);
      if (number != SIGCHLD) {
        // What a terminal sends goes to the whole process group: the program has it already.
        if (!gone && info.ssi_code != SI_KERNEL) ::kill(pid_, number);
        // Somebody else holds its output open, and nobody is there to pass the signal to.
        if (gone) output.close();
      } else if (!gone && reap()) {
        gone = true;
        ended = options_.clock->steady();
      }
    }
    end_.wall_seconds = std::chrono::duration<double>(ended - began_).count();
    return end_;
  }

 private:
  bool reap() {
    int status = 0;
    rusage usage{};
    if (::wait4(pid_, &status, WNOHANG, &usage) != pid_) return false;
    end_.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    end_.exit_code = end_.signal != 0 ? 128 + end_.signal : WEXITSTATUS(status);
    end_.user_seconds = seconds(usage.ru_utime);
    end_.system_seconds = seconds(usage.ru_stime);
    end_.peak_memory_bytes = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;  // in KiB, getrusage(2)
    return true;
  }

  void read(Descriptor& output) {
    std::array<char, 65536> buffer;
    const ssize_t got = ::read(output.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) return;
    const std::string_view bytes(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    options_.output(bytes);
    // Closing tells the program, by SIGPIPE, what a closed standard output would have told it.
    if (bytes.empty() || !pass_on(bytes)) output.close();
  }

  const pid_t pid_;
  const ProgramOptions& options_;
  const std::chrono::nanoseconds began_;
  ProgramEnd end_;
};

}  // namespace

Result<ProgramEnd> run_program(const ProgramOptions& options) {
  std::vector<std::string> command = options.command;
  std::vector<char*> argv;
  for (std::string& argument : command) argv.push_back(argument.data());
  argv.push_back(nullptr);

  sigset_t before, handled;
  ::sigemptyset(&handled);
  for (const int number : kForwarded) ::sigaddset(&handled, number);
  ::sigaddset(&handled, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &handled, &before);
  // The program gets them, also if we were started with them blocked by an earlier run.
  for (const int number : kForwarded) ::sigdelset(&before, number);
  ::sigdelset(&before, SIGCHLD);
  const Descriptor signals(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  Pipe failures, output;
  if (signals.get() < 0 || !failures.open() || (options.output && !output.open())) return os_error("pipe", errno);

  const auto began = options.clock->steady();
  const pid_t pid = ::fork();
  if (pid < 0) return os_error("fork", errno);
  if (pid == 0) become(argv.data(), before, output.write.get(), failures.write.get());
  output.write.close();
  failures.write.close();
  // Closed by a successful exec, else it says why there was none.
  int error = 0;
  if (::read(failures.read.get(), &error, sizeof(error)) == sizeof(error)) {
    ::waitpid(pid, nullptr, 0);
    return os_error(command[0], error);
  }
  if (options.started) options.started();
  return Running(pid, options, began).wait(signals.get(), output.read);
}

}  // namespace vigil::app
