#include "vigil/exporters/container_metrics.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "vigil/resources/shared_reading.h"

namespace vigil::exporters {
namespace {

using metrics::CollectorSink;

struct Reading {
  ContainersUsage usage;
  double at_seconds = 0;  // Unix time
};

double figure(double value) { return value; }
double figure(std::uint64_t value) { return static_cast<double>(value); }

}  // namespace

ContainerMetrics::ContainerMetrics(metrics::RegistryRef registry, ContainerSampler sampler, const Clock& clock)
    : sampler_(std::move(sampler)),
      failures_(registry, "vigil_containers_read_failures_total", "Readings of control groups that failed.") {
  const auto reading = std::make_shared<resources::SharedReading<Reading>>(
      [this, &clock]() -> Result<Reading> {
        auto usage = sampler_.read();
        if (!usage) {
          failures_.inc();
          return std::unexpected(usage.error());
        }
        return Reading{std::move(*usage), static_cast<double>(clock.now()) / kSecond};
      },
      clock);
  const auto show = [&](MetricType type, metrics::Name name, std::string_view help,
                        std::initializer_list<std::string_view> labels, auto put) {
    collectors_.push_back(std::make_unique<metrics::Collector>(
        registry, type, name, help, labels,
        [reading, put](CollectorSink& sink) { reading->with([&](const Reading& all) { put(all, sink); }); }));
  };
  const auto each = [&](MetricType type, metrics::Name name, std::string_view help, auto value) {
    show(type, name, help, {"id", "name"}, [value](const Reading& all, CollectorSink& sink) {
      for (const ContainerUsage& one : all.usage.containers) {
        if (const auto& shown = value(one)) sink.point({one.id, one.name}, figure(*shown));
      }
    });
  };

  show(MetricType::kCounter, "container_cpu_usage_seconds_total", "CPU time used.", {"cpu", "id", "name"},
       [](const Reading& all, CollectorSink& sink) {
         for (const ContainerUsage& one : all.usage.containers) {
           if (one.cpu_seconds) sink.point({"total", one.id, one.name}, *one.cpu_seconds);
         }
       });
  each(MetricType::kCounter, "container_cpu_cfs_throttled_seconds_total", "Time the container waited for its quota.",
       [](const ContainerUsage& one) { return one.throttled_seconds; });
  each(MetricType::kGauge, "container_spec_cpu_quota", "CPU time allowed in a period, in microseconds.",
       [](const ContainerUsage& one) { return one.cpu_bandwidth.quota_us; });
  each(MetricType::kGauge, "container_spec_cpu_period", "Period of the CPU quota, in microseconds.",
       [](const ContainerUsage& one) { return one.cpu_bandwidth.period_us; });
  each(MetricType::kGauge, "container_memory_usage_bytes", "Memory in use, page cache included.",
       [](const ContainerUsage& one) { return one.memory_bytes; });
  each(MetricType::kGauge, "container_memory_working_set_bytes", "Memory in use without inactive file cache.",
       [](const ContainerUsage& one) { return one.working_set_bytes; });
  each(MetricType::kGauge, "container_spec_memory_limit_bytes", "Memory allowed; 0 is no limit.",
       [](const ContainerUsage& one) { return one.memory_limit_bytes; });
  each(MetricType::kCounter, "container_oom_events_total", "Processes killed for want of memory.",
       [](const ContainerUsage& one) { return one.oom_kills; });
  each(MetricType::kGauge, "container_start_time_seconds", "When the container began, Unix time.",
       [](const ContainerUsage& one) { return one.start_time_seconds; });
  show(MetricType::kGauge, "container_last_seen", "When the container was last seen, Unix time.", {"id", "name"},
       [](const Reading& all, CollectorSink& sink) {
         for (const ContainerUsage& one : all.usage.containers) sink.point({one.id, one.name}, all.at_seconds);
       });

  const auto disks = [&](metrics::Name name, std::string_view help, auto member) {
    show(MetricType::kCounter, name, help, {"device", "id", "name"}, [member](const Reading& all, CollectorSink& sink) {
      for (const ContainerUsage& one : all.usage.containers) {
        for (const resources::DeviceIo& io : one.disks) {
          sink.point({io.device, one.id, one.name}, figure(io.*member));
        }
      }
    });
  };
  disks("container_fs_reads_bytes_total", "Bytes read from block devices.", &resources::DeviceIo::read_bytes);
  disks("container_fs_writes_bytes_total", "Bytes written to block devices.", &resources::DeviceIo::written_bytes);

  const auto traffic = [&](metrics::Name name, std::string_view help, auto direction, auto counter) {
    show(MetricType::kCounter, name, help, {"id", "interface", "name"},
         [direction, counter](const Reading& all, CollectorSink& sink) {
           for (const ContainerUsage& one : all.usage.containers) {
             for (const resources::DeviceTraffic& device : one.network) {
               sink.point({one.id, device.device, one.name}, figure((device.*direction).*counter));
             }
           }
         });
  };
  using resources::DeviceTraffic;
  using resources::TrafficCounters;
  traffic("container_network_receive_bytes_total", "Bytes received.", &DeviceTraffic::received,
          &TrafficCounters::bytes);
  traffic("container_network_receive_packets_total", "Packets received.", &DeviceTraffic::received,
          &TrafficCounters::packets);
  traffic("container_network_receive_errors_total", "Errors while receiving.", &DeviceTraffic::received,
          &TrafficCounters::errors);
  traffic("container_network_receive_packets_dropped_total", "Received packets dropped.", &DeviceTraffic::received,
          &TrafficCounters::dropped);
  traffic("container_network_transmit_bytes_total", "Bytes sent.", &DeviceTraffic::transmitted,
          &TrafficCounters::bytes);
  traffic("container_network_transmit_packets_total", "Packets sent.", &DeviceTraffic::transmitted,
          &TrafficCounters::packets);
  traffic("container_network_transmit_errors_total", "Errors while sending.", &DeviceTraffic::transmitted,
          &TrafficCounters::errors);
  traffic("container_network_transmit_packets_dropped_total", "Packets to send dropped.", &DeviceTraffic::transmitted,
          &TrafficCounters::dropped);

  show(MetricType::kGauge, "vigil_containers", "Containers shown.", {},
       [](const Reading& all, CollectorSink& sink) { sink.point(static_cast<double>(all.usage.containers.size())); });
  show(MetricType::kGauge, "vigil_containers_left_out",
       "Control groups not looked at or not shown, because of a limit or a name that is no UTF-8.", {},
       [](const Reading& all, CollectorSink& sink) { sink.point(static_cast<double>(all.usage.left_out)); });
}

}  // namespace vigil::exporters
