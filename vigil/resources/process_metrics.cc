#include "vigil/resources/process_metrics.h"

#include <initializer_list>
#include <optional>
#include <string_view>

#include "vigil/resources/shared_reading.h"

namespace vigil::resources {
namespace {

using metrics::CollectorSink;

// Absent: unlimited or unknown, and not shown.
using Figure = std::optional<double>;

template <auto Member>
Figure plain(const ProcessUsage& usage) {
  return static_cast<double>(usage.*Member);
}
template <auto Member>
Figure limit(const ProcessUsage& usage) {
  return usage.*Member ? Figure(static_cast<double>(*(usage.*Member))) : std::nullopt;
}
template <auto Member>
Figure network(const ProcessUsage& usage) {
  return usage.network ? Figure(static_cast<double>((*usage.network).*Member)) : std::nullopt;
}

constexpr struct {
  MetricType type;
  metrics::Name name;
  std::string_view help;
  Figure (*read)(const ProcessUsage&);
} kFamilies[] = {
    {MetricType::kCounter, "process_cpu_seconds_total", "CPU time, user and system.",
     plain<&ProcessUsage::cpu_seconds>},
    {MetricType::kGauge, "process_resident_memory_bytes", "Resident memory.", plain<&ProcessUsage::resident_bytes>},
    {MetricType::kGauge, "process_virtual_memory_bytes", "Virtual memory.", plain<&ProcessUsage::virtual_bytes>},
    {MetricType::kGauge, "process_virtual_memory_max_bytes", "Limit of virtual memory; absent: none.",
     limit<&ProcessUsage::virtual_max_bytes>},
    {MetricType::kGauge, "process_open_fds", "Open file descriptors.", plain<&ProcessUsage::open_fds>},
    {MetricType::kGauge, "process_max_fds", "Limit of open file descriptors; absent: none.",
     limit<&ProcessUsage::max_fds>},
    {MetricType::kGauge, "process_threads", "Threads.", plain<&ProcessUsage::threads>},
    {MetricType::kGauge, "process_start_time_seconds", "Start of the process, Unix time.",
     plain<&ProcessUsage::start_time_seconds>},
    {MetricType::kCounter, "process_network_receive_bytes_total",
     "Bytes received over IP in the process' network namespace.", network<&NetworkBytes::received>},
    {MetricType::kCounter, "process_network_transmit_bytes_total",
     "Bytes sent over IP in the process' network namespace.", network<&NetworkBytes::transmitted>},
};

}  // namespace

ProcessMetrics::ProcessMetrics(metrics::RegistryRef registry, const Sampler& sampler, const Clock& clock) {
  const auto reading = std::make_shared<SharedReading<ProcessUsage>>([sampler] { return sampler.process(); }, clock);
  for (const auto& family : kFamilies) {
    collectors_.push_back(std::make_unique<metrics::Collector>(registry, family.type, family.name, family.help,
                                                               std::initializer_list<std::string_view>{},
                                                               [reading, read = family.read](CollectorSink& sink) {
                                                                 reading->with([&](const ProcessUsage& usage) {
                                                                   if (const Figure figure = read(usage))
                                                                     sink.point(*figure);
                                                                 });
                                                               }));
  }
}

}  // namespace vigil::resources
