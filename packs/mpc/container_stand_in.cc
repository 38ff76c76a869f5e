#include "packs/mpc/container_stand_in.h"

#include <algorithm>
#include <string_view>

namespace vigil::packs::mpc {
namespace {

using metrics::CollectorSink;

constexpr double kPacketOverhead = 78;  // IP, UDP and QUIC
constexpr double kLogBytesPerMessage = 300;
constexpr double kLeakPerSecond = 1.5 * (1 << 20);
constexpr double kLeakedShare = 0.97;  // of the limit, where the leak ends

// One series a container: its name, and the label besides name and id.
struct Series {
  metrics::Name name;
  MetricType type;
  std::string_view help;
  std::string_view label, value;
  std::atomic<double> Containers::Figures::* figure;
};
using F = Containers::Figures;
constexpr auto kCounter = MetricType::kCounter;
constexpr auto kGauge = MetricType::kGauge;
constexpr Series kSeries[] = {
    {"container_cpu_usage_seconds_total", kCounter, "CPU time.", "cpu", "total", &F::cpu},
    {"container_memory_usage_bytes", kGauge, "Memory with page cache.", "", "", &F::memory},
    {"container_spec_memory_limit_bytes", kGauge, "Memory limit, 0 = none.", "", "", &F::limit},
    {"container_network_receive_bytes_total", kCounter, "Received.", "interface", "eth0", &F::received},
    {"container_network_transmit_bytes_total", kCounter, "Sent.", "interface", "eth0", &F::sent},
    {"container_network_receive_packets_total", kCounter, "Packets received.", "interface", "eth0",
     &F::received_packets},
    {"container_network_transmit_packets_total", kCounter, "Packets sent.", "interface", "eth0", &F::sent_packets},
    {"container_network_receive_errors_total", kCounter, "Receive errors.", "interface", "eth0", &F::none},
    {"container_network_transmit_errors_total", kCounter, "Send errors.", "interface", "eth0", &F::none},
    {"container_network_receive_packets_dropped_total", kCounter, "Receive drops.", "interface", "eth0", &F::none},
    {"container_network_transmit_packets_dropped_total", kCounter, "Send drops.", "interface", "eth0", &F::sent_drops},
    {"container_fs_reads_bytes_total", kCounter, "Bytes read.", "device", "/dev/vda", &F::read},
    {"container_fs_writes_bytes_total", kCounter, "Bytes written.", "device", "/dev/vda", &F::written},
    {"container_oom_events_total", kCounter, "OOM kills.", "", "", &F::none},
    {"container_last_seen", kGauge, "Last time the container was seen.", "", "", &F::seen},
    {"container_start_time_seconds", kGauge, "Unix start time.", "", "", &F::started},
};

}  // namespace

Containers::Containers(metrics::Registry& registry, int nodes) {
  for (int node = 1; node <= nodes; ++node) {
    auto container = std::make_unique<Container>();
    container->name = "mpc-node-" + std::to_string(node);
    container->id = "/docker/" + container->name;
    containers_.push_back(std::move(container));
  }
  for (const Series& series : kSeries) {
    const auto collect = [this, &series](CollectorSink& sink) {
      for (const auto& each : containers_) {
        if (!each->figures.runs) continue;
        const double value = each->figures.*series.figure;
        if (series.label.empty()) {
          sink.point({each->name, each->id}, value);
        } else {
          sink.point({each->name, each->id, series.value}, value);
        }
      }
    };
    const std::initializer_list<std::string_view> plain{"name", "id"};
    const std::initializer_list<std::string_view> more{"name", "id", series.label};
    series_.push_back(std::make_unique<metrics::Collector>(registry, series.type, series.name, series.help,
                                                           series.label.empty() ? plain : more, collect));
  }
}

// A new container counts from 0.
void Containers::started(int node, Timestamp now) {
  Container& container = at(node);
  Figures& figures = container.figures;
  container.last = {};
  container.leaked = 0;
  for (const Series& series : kSeries) {
    if (series.type == kCounter) figures.*series.figure = 0;
  }
  figures.started = static_cast<double>(now) / 1000;
  figures.seen = static_cast<double>(now) / 1000;
  figures.runs = true;
}

void Containers::tick(int node, const WalletNode::Usage& usage, Timestamp now) {
  Container& container = at(node);
  Figures& figures = container.figures;
  const WalletNode::Usage last = std::exchange(container.last, usage);
  const auto received = static_cast<double>(usage.received_messages - last.received_messages);
  const auto sent = static_cast<double>(usage.sent_messages - last.sent_messages);
  add(figures.cpu, usage.cpu_seconds - last.cpu_seconds);
  // Every message is acknowledged.
  add(figures.received_packets, received + sent);
  add(figures.sent_packets, received + sent);
  add(figures.received,
      static_cast<double>(usage.received_bytes - last.received_bytes) + (received + sent) * kPacketOverhead);
  add(figures.sent, static_cast<double>(usage.sent_bytes - last.sent_bytes) + (received + sent) * kPacketOverhead);
  add(figures.written, received * kLogBytesPerMessage);
  add(figures.read, received * kLogBytesPerMessage * 0.05);
  if (container.leaks) {
    const double room = figures.limit * kLeakedShare - usage.memory_bytes;
    container.leaked = std::min(room, container.leaked + kLeakPerSecond);
  }
  figures.memory = usage.memory_bytes + container.leaked;
  figures.seen = static_cast<double>(now) / 1000;
}

void Containers::set_leak(int node, bool leaks) {
  at(node).leaks = leaks;
  if (!leaks) at(node).leaked = 0;
}

}  // namespace vigil::packs::mpc
