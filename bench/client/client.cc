// One measurement of one library in a process of its own, as a line of JSON:
//
//   client LIBRARY time OPERATION THREADS     ns per operation; see windows.h
//   client LIBRARY run OPERATION COUNT        nothing but the operations: for callgrind
//   client LIBRARY allocations OPERATION      calls of operator new per operation
//   client LIBRARY memory SERIES              bytes and time of a new series
//   client LIBRARY page SERIES                the text page: time, memory, who waits for it
//   client LIBRARY scrape SERIES              the same over HTTP
//   client LIBRARY snapshot SERIES            a copy of all values
//   client LIBRARY loop BLOCKS [OPERATION]    the reference loop, with an operation per block
//
// LIBRARY: vigil or prometheus-cpp; operations: library.h.
#include <fmt/core.h>
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/client/allocations.h"
#include "bench/client/consensus_loop.h"
#include "bench/client/library.h"
#include "bench/client/windows.h"
#include "bench/socket.h"

namespace vigil::bench {
namespace {

double cpu_ms() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e3 + static_cast<double>(used.tv_nsec) / 1e6;
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(q * static_cast<double>(values.size())))];
}

// For about two seconds, but three times at least and 100 times at most. CPU time says
// what the work costs on a busy machine, wall time what the caller waits.
template <class Work>
std::string repeated(const Work& work) {
  std::vector<double> wall;
  std::vector<double> cpu;
  work();
  const double begin = now_ns();
  while (wall.size() < 3 || (wall.size() < 100 && now_ns() - begin < 2e9)) {
    const double start = now_ns();
    const double start_cpu = cpu_ms();
    work();
    cpu.push_back(cpu_ms() - start_cpu);
    wall.push_back((now_ns() - start) / 1e6);
  }
  return fmt::format(R"("cpu_ms": {:.3f}, "wall_ms": {:.3f}, "wall_p99_ms": {:.3f}, "runs": {})", quantile(cpu, 0.5),
                     quantile(wall, 0.5), quantile(wall, 0.99), wall.size());
}

std::unique_ptr<Page> filled(Library& library, std::size_t series) {
  auto page = library.page();
  for (std::size_t i = 0; i < series; ++i) page->add(i);
  return page;
}

// --- who waits for a page ---------------------------------------------------------

// The longest update and the longest registration while a page was written, or while none was.
struct Stalls {
  double update_us = 0;
  double registration_us = 0;
};

// Updates and registers on the second CPU. Where the kernel preempted it, nothing is
// taken down: what is left is what the library makes it wait, and interrupts.
class Bystander {
 public:
  Bystander(Page& page, std::size_t first_new) : page_(page), next_(first_new), thread_([this] { run(); }) {}
  ~Bystander() {
    stop_ = true;
    thread_.join();
  }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;

  // From the start of a phase to its end by the next call.
  Stalls next_phase() {
    const std::size_t wanted = ++phase_;
    while (answered_.load() != wanted) std::this_thread::yield();
    return last_;
  }

 private:
  static constexpr int kUpdates = 2000;

  void run() {
    pin_to_cpu(1);
    Stalls now;
    while (!stop_) {
      if (const std::size_t phase = phase_; phase != answered_.load()) {
        last_ = now;
        now = {};
        answered_ = phase;
      }
      const Stalls seen = round();
      now.update_us = std::max(now.update_us, seen.update_us);
      now.registration_us = std::max(now.registration_us, seen.registration_us);
    }
  }
  Stalls round() {
    Stalls seen;
    long before = preemptions();
    double start = now_ns();
    for (int i = 0; i < kUpdates; ++i) {
      page_.update();
      const double end = now_ns();
      seen.update_us = std::max(seen.update_us, (end - start) / 1e3);
      start = end;
    }
    if (preemptions() != before) seen.update_us = 0;
    before = preemptions();
    start = now_ns();
    page_.add(next_++);
    seen.registration_us = (now_ns() - start) / 1e3;
    if (preemptions() != before) seen.registration_us = 0;
    return seen;
  }

  Page& page_;
  std::size_t next_;
  std::atomic<bool> stop_{false};
  std::atomic<std::size_t> phase_{0};
  std::atomic<std::size_t> answered_{0};
  Stalls last_;  // handed over by answered_
  std::thread thread_;
};

std::string page(Library& library, std::size_t series) {
  const auto page = filled(library, series);
  std::size_t bytes = 0;
  const std::string times = repeated([&] { bytes = page->write(); });
  std::int64_t transient = 0;
  {
    const CountAllocations counting;
    page->write();
    transient = counting.read().peak_bytes;
  }

  pin_to_cpu(0);
  std::vector<double> update, update_quiet, registration, registration_quiet;
  {
    Bystander bystander(*page, series);
    for (int i = 0; i < 21; ++i) {
      bystander.next_phase();
      const double start = now_ns();
      page->write();
      const double took = now_ns() - start;
      const Stalls writing = bystander.next_phase();
      std::this_thread::sleep_for(std::chrono::nanoseconds(static_cast<std::int64_t>(took)));
      const Stalls quiet = bystander.next_phase();
      update.push_back(writing.update_us);
      update_quiet.push_back(quiet.update_us);
      registration.push_back(writing.registration_us);
      registration_quiet.push_back(quiet.registration_us);
    }
  }
  return fmt::format(R"({{{}, "bytes": {}, "transient_bytes": {}, "update_us": {:.2f}, "update_quiet_us": {:.2f}, )"
                     R"("registration_us": {:.2f}, "registration_quiet_us": {:.2f}}})",
                     times, bytes, transient, quantile(update, 0.5), quantile(update_quiet, 0.5),
                     quantile(registration, 0.5), quantile(registration_quiet, 0.5));
}

// --- the other measurements ---------------------------------------------------------

std::string time(Library& library, std::string_view operation, std::size_t threads) {
  const Timing timing =
      time_operation([&](std::size_t thread) { return library.operation(operation, thread); }, threads);
  return fmt::format(R"({{"ns": {:.3f}, "p10": {:.3f}, "p90": {:.3f}, "windows": {}, "tried": {}}})", timing.p50_ns,
                     timing.p10_ns, timing.p90_ns, timing.windows, timing.tried);
}

std::string allocations(const Batch& batch) {
  constexpr std::size_t kOperations = 10'000;
  batch(kOperations);
  const CountAllocations counting;
  batch(kOperations);
  return fmt::format(R"({{"allocations": {}}})", static_cast<double>(counting.read().count) / kOperations);
}

std::string memory(Library& library, std::size_t series) {
  std::unique_ptr<Page> first;
  Allocations counted;
  {
    const CountAllocations counting;
    first = filled(library, series);
    counted = counting.read();
  }
  // Another one, so that the time is without counting, and without reuse of what the first held.
  const double start = cpu_ms();
  const auto second = filled(library, series);
  const double took = cpu_ms() - start;
  return fmt::format(R"({{"bytes": {:.1f}, "register_ns": {:.0f}}})",
                     static_cast<double>(counted.live_bytes) / static_cast<double>(series),
                     took * 1e6 / static_cast<double>(series));
}

std::string scrape(Library& library, std::size_t series) {
  const auto page = filled(library, series);
  const std::string authority = page->serve();
  std::size_t bytes = 0;
  const std::string times = repeated([&] { bytes = Connection(authority).drain("/metrics"); });
  return fmt::format(R"({{{}, "bytes": {}}})", times, bytes);
}

std::string snapshot(Library& library, std::size_t series) {
  const auto page = filled(library, series);
  return fmt::format("{{{}}}", repeated([&] {
                       if (page->copy() < series) std::abort();
                     }));
}

std::string loop(const Batch& updates, std::size_t blocks) {
  ConsensusLoop consensus;
  const double start = cpu_ms();
  for (std::size_t i = 0; i < blocks; ++i) {
    consensus.block();
    if (updates) updates(1);
  }
  return fmt::format(R"({{"us": {:.2f}}})", (cpu_ms() - start) * 1e3 / static_cast<double>(blocks));
}

int usage() {
  fmt::print(stderr, "usage: client vigil|prometheus-cpp MEASUREMENT ARGUMENT...; see the head of client.cc\n");
  return 2;
}

int run(const std::vector<std::string>& arguments) {
  if (arguments.size() < 3) return usage();
  const std::unique_ptr<Library> library = arguments[0] == "vigil"            ? make_vigil()
                                           : arguments[0] == "prometheus-cpp" ? make_prometheus_cpp()
                                                                              : nullptr;
  if (library == nullptr) return usage();
  const std::string& what = arguments[1];
  const bool by_operation = what == "time" || what == "run" || what == "allocations" || what == "loop";
  const std::size_t operation_at = what == "loop" ? 3 : 2;
  Batch batch;
  if (by_operation && operation_at < arguments.size()) {
    batch = library->operation(arguments[operation_at], 0);
    if (!batch) {
      fmt::print("null\n");
      return 0;
    }
  }
  const auto number = [&](std::size_t at) -> std::size_t {
    return at < arguments.size() ? std::strtoul(arguments[at].c_str(), nullptr, 10) : 0;
  };
  const std::size_t series = number(2);
  std::string answer;
  if (what == "time") {
    answer = time(*library, arguments[2], std::clamp<std::size_t>(number(3), 1, 2));
  } else if (what == "run") {
    batch(number(3));
  } else if (what == "allocations") {
    answer = allocations(batch);
  } else if (what == "memory") {
    answer = memory(*library, series);
  } else if (what == "page") {
    answer = page(*library, series);
  } else if (what == "scrape") {
    answer = scrape(*library, series);
  } else if (what == "snapshot") {
    answer = snapshot(*library, series);
  } else if (what == "loop") {
    answer = loop(batch, series);
  } else {
    return usage();
  }
  fmt::print("{}\n", answer);
  return 0;
}

}  // namespace
}  // namespace vigil::bench

int main(int argc, char** argv) { return vigil::bench::run({argv + 1, argv + argc}); }
