#include "bench/client/windows.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

namespace vigil::bench {
namespace {

constexpr double kWindowNs = 1.5e6;
constexpr double kMaxSkewNs = 50e3;
constexpr double kMaxDelayNs = 75e3;  // 5 % of a window
constexpr double kMaxWaitNs = 5e6;    // for the others to start
constexpr double kBatchNs = 10e3;     // the clock is read once a batch
constexpr std::size_t kEnough = 100;
constexpr std::size_t kMaxTries = 2000;

struct alignas(128) Window {
  double start = 0;
  double end = 0;
  std::size_t operations = 0;
  bool disturbed = false;
};

// Time this thread was ready to run and waited for a CPU: the second field of schedstat.
class RunDelay {
 public:
  RunDelay() : fd_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {}
  ~RunDelay() { ::close(fd_); }
  RunDelay(const RunDelay&) = delete;
  RunDelay& operator=(const RunDelay&) = delete;
  double read_ns() const {
    std::array<char, 128> text{};
    if (::pread(fd_, text.data(), text.size() - 1, 0) <= 0) return 0;
    char* rest = nullptr;
    std::strtoull(text.data(), &rest, 10);
    return static_cast<double>(std::strtoull(rest, nullptr, 10));
  }

 private:
  const int fd_;
};

// Operations that take about kBatchNs; runs some of them on the way.
std::size_t batch_size(const Batch& batch) {
  std::size_t size = 16;
  for (; size < 1U << 16; size *= 2) {
    const double start = now_ns();
    batch(size);
    if (now_ns() - start > kBatchNs) break;
  }
  return size;
}

}  // namespace

void pin_to_cpu(std::size_t cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  pthread_setaffinity_np(pthread_self(), sizeof set, &set);
}

long preemptions() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

double now_ns() {
  return static_cast<double>(std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count());
}

Timing time_operation(const std::function<Batch(std::size_t)>& make, std::size_t threads) {
  std::vector<Window> windows(threads);
  std::vector<double> kept;
  std::size_t tried = 0;
  std::atomic<std::size_t> started{0};
  bool done = false;  // written by judge() while all threads wait
  const auto judge = [&]() noexcept {
    double first = windows[0].start;
    double last = first;
    double ns = 0;
    bool clean = true;
    for (const Window& window : windows) {
      first = std::min(first, window.start);
      last = std::max(last, window.start);
      ns += (window.end - window.start) / static_cast<double>(window.operations);
      clean = clean && !window.disturbed;
    }
    if (clean && last - first < kMaxSkewNs) kept.push_back(ns / static_cast<double>(threads));
    done = ++tried == kMaxTries || kept.size() == kEnough;
    started = 0;
  };
  std::barrier round_ends(static_cast<std::ptrdiff_t>(threads), judge);

  const auto run = [&](std::size_t thread) {
    pin_to_cpu(thread);
    const RunDelay delay;
    const Batch batch = make(thread);
    const std::size_t size = batch_size(batch);
    Window& window = windows[thread];
    while (!done) {
      started.fetch_add(1);
      const double arrived = now_ns();
      while (started.load() < threads && now_ns() - arrived < kMaxWaitNs) {
      }
      const long before = preemptions();
      const double delay_before = delay.read_ns();
      window.operations = 0;
      window.start = window.end = now_ns();
      while (window.end - window.start < kWindowNs) {
        batch(size);
        window.operations += size;
        window.end = now_ns();
      }
      window.disturbed = preemptions() != before || delay.read_ns() - delay_before > kMaxDelayNs;
      round_ends.arrive_and_wait();
    }
  };
  {
    std::vector<std::jthread> running;
    for (std::size_t i = 0; i < threads; ++i) running.emplace_back(run, i);
  }

  Timing timing{.windows = kept.size(), .tried = tried};
  if (!kept.empty()) {
    std::ranges::sort(kept);
    timing.p50_ns = kept[kept.size() / 2];
    timing.p10_ns = kept[kept.size() / 10];
    timing.p90_ns = kept[kept.size() * 9 / 10];
  }
  return timing;
}

}  // namespace vigil::bench
