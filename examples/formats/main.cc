// A page with everything that the formats can show: classic and native buckets in one
// histogram, a counter, exemplars. Observes 0.01, 0.02, … 1.00 seconds once.
//
//   formats_example ADDRESS     serves until it is killed
#include <cstdio>

#include "vigil/expose/metrics_server.h"
#include "vigil/metrics/metrics.h"

using namespace vigil;

inline constinit metrics::Counter<"code"> requests{"demo_requests_total", "Requests answered."};
inline constinit metrics::Histogram<> duration{"demo_request_duration_seconds", "Time to answer.",
                                               metrics::buckets<0.1, 0.5, 1.0>.with_native()};
inline constinit metrics::Gauge<> temperature{"demo_temperature_celsius", "Temperature."};

int main(int argc, char** argv) {
  auto server = expose::spawn_metrics_server(argc > 1 ? argv[1] : "127.0.0.1:13001");
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message().c_str());
    return 1;
  }
  const metrics::TraceContext trace{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736, 0x00f067aa0ba902b7};
  for (int i = 1; i <= 100; ++i) duration.observe(i / 100.0, trace);
  requests.with("200").inc(99);
  requests.with("500").inc();
  temperature.set(-1.5);
  std::printf("http://%s/metrics\n", server->addresses().front().c_str());
  std::fflush(stdout);
  server->join();
}
