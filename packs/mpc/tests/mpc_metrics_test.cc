#include "packs/mpc/mpc_metrics.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "packs/testing/recording_check.h"
#include "vigil/exposition/page_writer.h"

namespace vigil::packs::mpc {
namespace {

std::string page(const metrics::Registry& registry) {
  return exposition::page_text(registry, exposition::Format::kText);
}

TEST(MpcMetrics, NodeIds) {
  const struct {
    const char* node;
    const char* id;
  } cases[] = {{"node-1", "1"},        {"1", "1"}, {"node-17", "17"}, {"node-", "node-"}, {"node-a", "node-a"},
               {"node-1a", "node-1a"}, {"", ""}};
  for (const auto& c : cases) EXPECT_EQ(node_id(c.node), c.id) << c.node;
}

TEST(MpcMetrics, InitializeCreatesWhatIsClosedAndSetsTwoGauges) {
  metrics::Registry registry;
  MpcMetrics m(registry);
  EXPECT_EQ(page(registry).find("mpc_transactions_total"), std::string::npos);
  ASSERT_TRUE(m.initialize("node-1", 4, 5).has_value());
  const std::string text = page(registry);
  for (const char* line : {
           "mpc_consensus_threshold{cluster=\"mpc-wallet\"} 4\n",
           "mpc_active_nodes{cluster=\"mpc-wallet\"} 5\n",
           "mpc_transactions_total{state=\"rejected\",node_id=\"1\"} 0\n",
           "mpc_votes_total{node_id=\"1\",result=\"reject\"} 0\n",
           "mpc_byzantine_violations_total{type=\"double_vote\",node_id=\"1\"} 0\n",
           "mpc_byzantine_violations_by_culprit_total{type=\"double_vote\",culprit=\"5\"} 0\n",
           "mpc_signatures_total{protocol=\"frost\",result=\"failure\",node_id=\"1\"} 0\n",
           "mpc_network_errors_total{node_id=\"1\",error_type=\"handshake\"} 0\n",
           "mpc_tls_handshake_failures_total{node_id=\"1\"} 0\n",
           "mpc_signature_duration_seconds_bucket{protocol=\"cggmp24\",node_id=\"1\",le=\"10\"} 0\n",
           "mpc_dkg_duration_seconds_count{protocol=\"frost\",node_id=\"1\"} 0\n",
           "mpc_vote_processing_duration_seconds_count{node_id=\"1\"} 0\n",
           "mpc_consensus_round_duration_seconds_count{node_id=\"1\"} 0\n",
           "mpc_signature_failures_total{protocol=\"frost\",reason=\"peer_offline\"} 0\n",
       }) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
  // Gauges appear at their first set: at 0 they would fire "no peers" at every start.
  for (const char* gauge : {"mpc_connected_peers{", "mpc_presignature_pool_size{", "mpc_transaction_queue_size{"}) {
    EXPECT_EQ(text.find(gauge), std::string::npos) << gauge;
  }
  EXPECT_TRUE(registry.problems().empty());
}

TEST(MpcMetrics, EachCallShows) {
  using std::chrono::milliseconds;
  const struct {
    const char* name;
    std::function<Result<void>(MpcMetrics&)> call;
    const char* expected;
  } cases[] = {
      {"transaction", [](MpcMetrics& m) { return m.record_transaction("node-1", "approved"); },
       "mpc_transactions_total{state=\"approved\",node_id=\"1\"} 1\n"},
      {"vote", [](MpcMetrics& m) { return m.record_vote("1", "approve"); },
       "mpc_votes_total{node_id=\"1\",result=\"approve\"} 1\n"},
      {"signature counts",
       [](MpcMetrics& m) { return m.record_signature("node-1", "cggmp24", "success", milliseconds(250)); },
       "mpc_signatures_total{protocol=\"cggmp24\",result=\"success\",node_id=\"1\"} 1\n"},
      {"signature observes",
       [](MpcMetrics& m) { return m.record_signature("node-1", "cggmp24", "success", milliseconds(250)); },
       "mpc_signature_duration_seconds_sum{protocol=\"cggmp24\",node_id=\"1\"} 0.25\n"},
      {"violation", [](MpcMetrics& m) { return m.record_byzantine_violation("node-2", "double_vote", "node-4"); },
       "mpc_byzantine_violations_total{type=\"double_vote\",node_id=\"2\"} 1\n"},
      {"culprit", [](MpcMetrics& m) { return m.record_byzantine_violation("node-2", "double_vote", "node-4"); },
       "mpc_byzantine_violations_by_culprit_total{type=\"double_vote\",culprit=\"4\"} 1\n"},
      {"network error", [](MpcMetrics& m) { return m.record_network_error("1", "timeout"); },
       "mpc_network_errors_total{node_id=\"1\",error_type=\"timeout\"} 1\n"},
      {"tls", [](MpcMetrics& m) { return m.record_tls_handshake_failure("1"); },
       "mpc_tls_handshake_failures_total{node_id=\"1\"} 1\n"},
      {"peers", [](MpcMetrics& m) { return m.update_connected_peers("node-1", 4); },
       "mpc_connected_peers{node_id=\"1\"} 4\n"},
      {"pool", [](MpcMetrics& m) { return m.update_presignature_pool_size("node-1", "frost", 25); },
       "mpc_presignature_pool_size{node_id=\"1\",protocol=\"frost\"} 25\n"},
      {"queue", [](MpcMetrics& m) { return m.update_transaction_queue_size("1", 7); },
       "mpc_transaction_queue_size{node_id=\"1\"} 7\n"},
      {"dkg", [](MpcMetrics& m) { return m.record_dkg("1", "frost", "success", Seconds(3)); },
       "mpc_dkg_duration_seconds_sum{protocol=\"frost\",node_id=\"1\"} 3\n"},
      {"vote processing", [](MpcMetrics& m) { return m.record_vote_processing("1", milliseconds(2)); },
       "mpc_vote_processing_duration_seconds_bucket{node_id=\"1\",le=\"0.0025\"} 1\n"},
      {"round", [](MpcMetrics& m) { return m.record_consensus_round("1", Seconds(2)); },
       "mpc_consensus_round_duration_seconds_sum{node_id=\"1\"} 2\n"},
      {"signature round", [](MpcMetrics& m) { return m.record_signature_round("frost", 2, milliseconds(10)); },
       "mpc_signature_round_seconds_count{protocol=\"frost\",round=\"2\"} 1\n"},
      {"generated", [](MpcMetrics& m) { return m.record_presignatures_generated("1", "frost", 16, Seconds(1)); },
       "mpc_presignatures_generated_total{protocol=\"frost\",node_id=\"1\"} 16\n"},
      {"bytes", [](MpcMetrics& m) { return m.record_network_bytes("1", "rx", 512); },
       "mpc_network_bytes_total{node_id=\"1\",direction=\"rx\"} 512\n"},
      {"peer", [](MpcMetrics& m) { return m.update_peer_connected("1", "node-2", false); },
       "mpc_peer_connected{node_id=\"1\",peer=\"2\"} 0\n"},
      {"backup", [](MpcMetrics& m) { return m.update_last_backup("1", 3, Seconds(1.5e9)); },
       "mpc_last_backup_timestamp_seconds{node_id=\"1\"} 1500000000\n"},
  };
  for (const auto& c : cases) {
    metrics::Registry registry;
    MpcMetrics m(registry);
    EXPECT_TRUE(c.call(m).has_value()) << c.name;
    EXPECT_NE(page(registry).find(c.expected), std::string::npos) << c.name << "\n" << page(registry);
  }
}

// Every metric of the catalogue can be recorded: no family is left over.
TEST(MpcMetrics, EveryMetricCanBeRecorded) {
  metrics::Registry registry;
  MpcMetrics m(registry);
  const Result<void> results[] = {
      m.initialize("node-1", 4, 5),
      m.record_transaction("1", "pending"),
      m.record_vote("1", "approve"),
      m.record_byzantine_violation("1", "double_vote", "node-3"),
      m.record_vote_processing("1", Seconds(0.01)),
      m.record_consensus_round("1", Seconds(1)),
      m.update_transaction_queue_size("1", 3),
      m.update_open_proposals("1", 2, Seconds(60)),
      m.record_signature("1", "frost", "success", Seconds(1)),
      m.record_signature_round("frost", 1, Seconds(0.1)),
      m.record_signature_failure("frost", "timeout"),
      m.record_dkg("1", "cggmp24", "success", Seconds(20)),
      m.record_key_refresh("cggmp24", "success"),
      m.record_presignatures_generated("1", "frost", 10, Seconds(2)),
      m.record_presignatures_consumed("1", "frost"),
      m.record_presignature_reuse_blocked("1", "frost"),
      m.update_presignature_pool_size("1", "frost", 9),
      m.update_presignatures_offline("1", "frost", 1),
      m.update_key_epoch("1", 2),
      m.update_last_backup("1", 2, Seconds(1.7e9)),
      m.record_network_error("1", "timeout"),
      m.record_tls_handshake_failure("1"),
      m.record_network_bytes("1", "tx", 100),
      m.record_peer_rtt("1", Seconds(0.002)),
      m.update_connected_peers("1", 4),
      m.update_peer_connected("1", "2", true),
      m.update_tls_certificate_expiry("1", "own", Seconds(1.8e9)),
      m.record_etcd_lock_wait("1", Seconds(0.01)),
      m.record_audit_log_write_failure("1"),
  };
  for (const auto& result : results) EXPECT_TRUE(result.has_value()) << result.error().message();
  m.update_active_nodes(5);
  m.set_build_info("1.0", "abc");
  testing::expect_all_recorded(registry, catalog::kAll);
  testing::expect_strict_page(registry);
}

TEST(MpcMetrics, UnknownValuesAreRefusedByName) {
  metrics::Registry registry;
  MpcMetrics m(registry);
  const struct {
    Result<void> result;
    const char* message;
  } cases[] = {
      {m.record_transaction("node-1", "lost"),
       "mpc_transactions_total: unknown state \"lost\"; one of pending approved rejected failed"},
      {m.record_vote("node-1", ""), "mpc_votes_total: unknown result \"\"; one of approve reject"},
      {m.record_signature("node-1", "ecdsa", "success", Seconds(1)),
       "mpc_signatures_total: unknown protocol \"ecdsa\"; one of cggmp24 frost"},
      {m.record_signature_round("frost", 7, Seconds(1)),
       "mpc_signature_round_seconds: unknown round \"7\"; one of 1 2 3 4 5 6"},
      {m.record_vote("", "approve"), "the node has no name; expected node-N or N"},
      {m.initialize("node-1", 6, 5), "a threshold of 6 of 5 nodes cannot be reached"},
  };
  for (const auto& c : cases) {
    ASSERT_FALSE(c.result.has_value()) << c.message;
    EXPECT_EQ(c.result.error().message(), c.message);
  }
  EXPECT_EQ(page(registry).find("\"lost\""), std::string::npos);
}

// MPC-141…146, and a call for each of the document's metrics that it has none for (C-52).
TEST(MpcMetrics, FreeFunctionsRecordTheDocumentsMetricsIntoTheGlobalRegistry) {
  const Result<void> results[] = {
      initialize_metrics("node-1", 4, 5),
      record_transaction("node-1", "approved"),
      record_vote("node-1", "approve"),
      record_signature("node-1", "cggmp24", "success", Seconds(2)),
      update_connected_peers("node-1", 4),
      update_presignature_pool_size("node-1", "frost", 25),
      record_byzantine_violation("node-1", "double_vote", "node-2"),
      record_network_error("node-1", "connection"),
      record_tls_handshake_failure("node-1"),
      update_transaction_queue_size("node-1", 7),
      record_dkg("node-1", "frost", "success", Seconds(30)),
      record_vote_processing("node-1", Seconds(0.5)),
      record_consensus_round("node-1", Seconds(3)),
  };
  for (const auto& result : results) EXPECT_TRUE(result.has_value()) << result.error().message();
  update_active_nodes(3);
  const testing::Snapshot page(metrics::Registry::global());
  const struct {
    const char* series;
    double value;
  } cases[] = {
      {"mpc_transactions_total{state=\"approved\",node_id=\"1\"}", 1},
      {"mpc_votes_total{node_id=\"1\",result=\"approve\"}", 1},
      {"mpc_byzantine_violations_total{type=\"double_vote\",node_id=\"1\"}", 1},
      {"mpc_byzantine_violations_by_culprit_total{type=\"double_vote\",culprit=\"2\"}", 1},
      {"mpc_signatures_total{protocol=\"cggmp24\",result=\"success\",node_id=\"1\"}", 1},
      {"mpc_network_errors_total{node_id=\"1\",error_type=\"connection\"}", 1},
      {"mpc_tls_handshake_failures_total{node_id=\"1\"}", 1},
      {"mpc_active_nodes{cluster=\"mpc-wallet\"}", 3},
      {"mpc_consensus_threshold{cluster=\"mpc-wallet\"}", 4},
      {"mpc_presignature_pool_size{node_id=\"1\",protocol=\"frost\"}", 25},
      {"mpc_connected_peers{node_id=\"1\"}", 4},
      {"mpc_transaction_queue_size{node_id=\"1\"}", 7},
      {"mpc_signature_duration_seconds_sum{protocol=\"cggmp24\",node_id=\"1\"}", 2},
      {"mpc_dkg_duration_seconds_sum{protocol=\"frost\",node_id=\"1\"}", 30},
      {"mpc_vote_processing_duration_seconds_sum{node_id=\"1\"}", 0.5},
      {"mpc_consensus_round_duration_seconds_sum{node_id=\"1\"}", 3},
  };
  for (const auto& c : cases) EXPECT_EQ(page.value(c.series), c.value) << c.series;
}

}  // namespace
}  // namespace vigil::packs::mpc
