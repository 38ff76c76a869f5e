#include "vigil/resources/host_metrics.h"

#include <initializer_list>
#include <string_view>
#include <utility>

#include "vigil/resources/shared_reading.h"

namespace vigil::resources {
namespace {

using metrics::CollectorSink;

double figure(std::uint64_t value) { return static_cast<double>(value); }

}  // namespace

HostMetrics::HostMetrics(metrics::RegistryRef registry, const Sampler& sampler, const Clock& clock) {
  const auto host = std::make_shared<SharedReading<HostUsage>>([sampler] { return sampler.host(); }, clock);
  const auto disks =
      std::make_shared<SharedReading<std::vector<FilesystemUsage>>>([sampler] { return sampler.filesystems(); }, clock);
  const auto show = [&](MetricType type, metrics::Name name, std::string_view help,
                        std::initializer_list<std::string_view> labels, const auto& reading, auto put) {
    collectors_.push_back(std::make_unique<metrics::Collector>(
        registry, type, name, help, labels,
        [reading, put](CollectorSink& sink) { reading->with([&](const auto& usage) { put(usage, sink); }); }));
  };
  show(MetricType::kCounter, "node_cpu_seconds_total", "CPU time of the host by mode.", {"cpu", "mode"}, host,
       [](const HostUsage& usage, CollectorSink& sink) {
         for (const CpuTime& cpu : usage.cpus) {
           for (std::size_t i = 0; i < kCpuModes.size(); ++i) sink.point({cpu.cpu, kCpuModes[i]}, cpu.seconds[i]);
         }
       });
  show(MetricType::kGauge, "node_memory_MemTotal_bytes", "Memory installed.", {}, host,
       [](const HostUsage& usage, CollectorSink& sink) {
         if (usage.memory_total_bytes) sink.point(figure(*usage.memory_total_bytes));
       });
  show(MetricType::kGauge, "node_memory_MemAvailable_bytes", "Memory available.", {}, host,
       [](const HostUsage& usage, CollectorSink& sink) {
         if (usage.memory_available_bytes) sink.point(figure(*usage.memory_available_bytes));
       });
  const auto each_device = [&](metrics::Name name, std::string_view help, auto member) {
    show(MetricType::kCounter, name, help, {"device"}, host, [member](const HostUsage& usage, CollectorSink& sink) {
      for (const DeviceTraffic& device : usage.network) sink.point({device.device}, figure((device.*member).bytes));
    });
  };
  each_device("node_network_receive_bytes_total", "Bytes received by network device.", &DeviceTraffic::received);
  each_device("node_network_transmit_bytes_total", "Bytes sent by network device.", &DeviceTraffic::transmitted);
  const auto each_filesystem = [&](metrics::Name name, std::string_view help, auto member) {
    show(MetricType::kGauge, name, help, {"device", "fstype", "mountpoint"}, disks,
         [member](const std::vector<FilesystemUsage>& usage, CollectorSink& sink) {
           for (const FilesystemUsage& disk : usage) {
             sink.point({disk.mount.device, disk.mount.fstype, disk.mount.mountpoint}, figure(disk.space.*member));
           }
         });
  };
  each_filesystem("node_filesystem_size_bytes", "Size of a file system.", &Space::size_bytes);
  each_filesystem("node_filesystem_avail_bytes", "Free for users of a file system.", &Space::available_bytes);
}

}  // namespace vigil::resources
