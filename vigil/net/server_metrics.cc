#include "vigil/net/server_metrics.h"

namespace vigil::net {
namespace {

template <class N>
double number(const std::atomic<N>& counter) {
  return static_cast<double>(counter.load(std::memory_order_relaxed));
}

}  // namespace

ServerMetrics::ServerMetrics(metrics::Registry& registry, const ServerStats& stats)
    : connections_(registry, MetricType::kCounter, "vigil_http_connections_total",
                   "Connections by what became of them.", {"outcome"},
                   [&stats](metrics::CollectorSink& sink) {
                     sink.point({"accepted"}, number(stats.connections_accepted));
                     sink.point({"refused"}, number(stats.connections_refused));
                     sink.point({"tls_failed"}, number(stats.tls_failures));
                   }),
      open_(registry, MetricType::kGauge, "vigil_http_connections_open", "Connections open now.", {},
            [&stats](metrics::CollectorSink& sink) { sink.point(number(stats.connections_open)); }),
      running_(registry, MetricType::kGauge, "vigil_http_requests_running", "Requests being handled now.", {},
               [&stats](metrics::CollectorSink& sink) { sink.point(number(stats.requests_running)); }),
      refused_(registry, MetricType::kCounter, "vigil_http_requests_refused_total",
               "Requests refused before a handler saw them.", {"reason"},
               [&stats](metrics::CollectorSink& sink) {
                 sink.point({"malformed"}, number(stats.bad_requests));
                 sink.point({"header_too_large"}, number(stats.headers_too_large));
                 sink.point({"body_too_large"}, number(stats.bodies_too_large));
                 sink.point({"bodies_over_budget"}, number(stats.bodies_refused));
                 sink.point({"read_timeout"}, number(stats.read_timeouts));
                 sink.point({"unauthorized"}, number(stats.unauthorized));
               }),
      failures_(registry, MetricType::kCounter, "vigil_http_answers_failed_total",
                "Answers that did not reach the client whole.", {"reason"},
                [&stats](metrics::CollectorSink& sink) {
                  sink.point({"handler"}, number(stats.handler_failures));
                  sink.point({"write_timeout"}, number(stats.write_timeouts));
                  sink.point({"slow_client"}, number(stats.slow_clients_cut));
                  sink.point({"client_left"}, number(stats.cancelled));
                }),
      bytes_(registry, MetricType::kCounter, "vigil_http_bytes_total", "Bytes on connections, without TLS.",
             {"direction"}, [&stats](metrics::CollectorSink& sink) {
               sink.point({"received"}, number(stats.bytes_received));
               sink.point({"sent"}, number(stats.bytes_sent));
             }) {}

}  // namespace vigil::net
