#include "vigil/app/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <string_view>

namespace vigil::app {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

// Field `index` (0 = total, 1 = resident) of /proc/self/statm, in bytes.
double statm_bytes(FileSystem& files, int index) {
  const auto text = files.read_file("/proc/self/statm");
  if (!text) return 0;
  std::string_view rest(*text);
  for (; index > 0; --index) rest.remove_prefix(std::min(rest.size(), rest.find(' ') + 1));
  return std::strtod(std::string(rest.substr(0, rest.find(' '))).c_str(), nullptr) *
         static_cast<double>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ProcessMetrics::ProcessMetrics(metrics::Registry& registry, FileSystem& files, const Clock& clock) {
  const auto show = [&](MetricType type, metrics::Name name, const char* help, auto read) {
    collectors_.push_back(
        std::make_unique<metrics::Collector>(registry, type, name, help, std::initializer_list<std::string_view>{},
                                             [read](metrics::CollectorSink& sink) { sink.point(read()); }));
  };
  show(MetricType::kGauge, "process_resident_memory_bytes", "Resident memory.",
       [&files] { return statm_bytes(files, 1); });
  show(MetricType::kGauge, "process_virtual_memory_bytes", "Virtual memory.",
       [&files] { return statm_bytes(files, 0); });
  show(MetricType::kCounter, "process_cpu_seconds_total", "CPU time, user and system.", [] {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
  });
  show(MetricType::kGauge, "process_open_fds", "Open file descriptors.", [&files] {
    const auto names = files.list("/proc/self/fd");
    return names ? static_cast<double>(names->size()) : 0.0;
  });
  show(MetricType::kGauge, "process_max_fds", "Limit of open file descriptors.", [] {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    return static_cast<double>(limit.rlim_cur);
  });
  const double start = static_cast<double>(clock.now()) / 1000;
  show(MetricType::kGauge, "process_start_time_seconds", "Start of the process, Unix time.", [start] { return start; });
}

}  // namespace vigil::app
