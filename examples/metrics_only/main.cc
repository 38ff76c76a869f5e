// A program that only shows its metrics: /metrics and the health paths, no store.
//
//   metrics_only_example ADDRESS     serves until its standard input ends
#include <cstdio>

#include "vigil/expose/metrics_server.h"
#include "vigil/metrics/metrics.h"

using namespace vigil;

inline constinit metrics::Counter<> lines{"lines_total", "Lines read."};

int main(int argc, char** argv) {
  auto server = expose::spawn_metrics_server(argc > 1 ? argv[1] : "127.0.0.1:13001");
  if (!server) {
    std::fprintf(stderr, "%s\n", server.error().message().c_str());
    return 1;
  }
  lines.declare();
  std::printf("http://%s/metrics\n", server->addresses().front().c_str());
  std::fflush(stdout);
  for (int c = std::getchar(); c != EOF; c = std::getchar()) {
    if (c == '\n') lines.inc();
  }
}
