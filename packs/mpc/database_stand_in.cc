#include "packs/mpc/database_stand_in.h"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <utility>

namespace vigil::packs::mpc {
namespace {

using metrics::CollectorSink;

constexpr std::string_view kName = "mpc_wallet";
constexpr double kMaxConnections = 100;
constexpr double kMostForgotten = 70;  // some are kept for administrators
constexpr double kPoolPerNode = 4;
constexpr double kDeadlocksPerSecond = 0.2;

struct Statement {
  std::string_view id;
  double seconds;
};
// By pg_stat_statements: insert a transaction, its end, an audit row, a list, a report.
constexpr Statement kStatements[] = {{"-4180622418812346", 0.0011},
                                     {"2931845510773214", 0.0016},
                                     {"7712084412370915", 0.0007},
                                     {"-690912377120443", 0.012},
                                     {"5520918837711206", 0.18}};

}  // namespace

Database::Database(metrics::Registry& registry) {
  const auto add = [&](MetricType type, metrics::Name name, std::string_view help,
                       std::initializer_list<std::string_view> labels, auto collect) {
    series_.push_back(std::make_unique<metrics::Collector>(registry, type, name, help, labels, collect));
  };
  add(MetricType::kGauge, "pg_up", "1 if the exporter reached the server.", {},
      [this](CollectorSink& sink) { sink.point(figures_.up ? 1 : 0); });
  add(MetricType::kGauge, "pg_settings_max_connections", "Limit of connections.", {}, [this](CollectorSink& sink) {
    if (figures_.up) sink.point(kMaxConnections);
  });
  add(MetricType::kGauge, "pg_stat_activity_count", "Connections by state.", {"datname", "state"},
      [this](CollectorSink& sink) {
        if (!figures_.up) return;
        sink.point({kName, "active"}, figures_.active);
        sink.point({kName, "idle"}, figures_.idle + figures_.forgotten);
        sink.point({kName, "idle in transaction"}, 0);
      });
  add(MetricType::kGauge, "pg_database_size_bytes", "Size of the database.", {"datname"}, [this](CollectorSink& sink) {
    if (figures_.up) sink.point({kName}, 300e6 + figures_.rows * 350);
  });
  add(MetricType::kGauge, "pg_stat_statements_mean_time_seconds", "Mean execution time of a statement.",
      {"datname", "queryid"}, [this](CollectorSink& sink) {
        if (!figures_.up) return;
        // Slower with every connection that works at once.
        for (const Statement& each : kStatements) {
          sink.point({kName, each.id}, each.seconds * (1 + 0.05 * figures_.active));
        }
      });
  count(registry, "pg_stat_database_xact_commit", "Commits.", &Figures::commits);
  count(registry, "pg_stat_database_xact_rollback", "Rollbacks.", &Figures::rollbacks);
  count(registry, "pg_stat_database_tup_inserted", "Rows inserted.", &Figures::inserted);
  count(registry, "pg_stat_database_tup_updated", "Rows updated.", &Figures::updated);
  count(registry, "pg_stat_database_tup_deleted", "Rows deleted.", &Figures::deleted);
  count(registry, "pg_stat_database_deadlocks", "Deadlocks.", &Figures::deadlocks);
}

void Database::count(metrics::Registry& registry, metrics::Name name, std::string_view help,
                     std::atomic<double> Figures::* value) {
  series_.push_back(std::make_unique<metrics::Collector>(registry, MetricType::kCounter, name, help,
                                                         std::initializer_list<std::string_view>{"datid", "datname"},
                                                         [this, value](CollectorSink& sink) {
                                                           if (figures_.up)
                                                             sink.point({"16384", kName}, figures_.*value);
                                                         }));
}

void Database::set(Conditions conditions) {
  conditions_ = conditions;
  figures_.up = !conditions.down;
  if (!conditions.leaking_connections || conditions.down) figures_.forgotten = 0;
}

void Database::tick(int nodes) {
  const double busy = std::exchange(rows_this_second_, 0.0);
  if (conditions_.down) return;
  figures_.commits = figures_.commits + 0.2;  // the exporter's own
  figures_.active = 1 + std::min(20.0, busy / 10);
  figures_.idle = kPoolPerNode * nodes;
  if (conditions_.leaking_connections) {
    figures_.forgotten = std::min(kMostForgotten, figures_.forgotten + 1.0 / 3);
  }
  if (conditions_.deadlocks) {
    figures_.deadlocks = figures_.deadlocks + kDeadlocksPerSecond;
    figures_.rollbacks = figures_.rollbacks + kDeadlocksPerSecond;
  }
}

bool Database::store(Row row) {
  if (conditions_.down) return false;
  rows_this_second_ += 1;
  figures_.commits = figures_.commits + 1;
  switch (row) {
    case Row::kTransaction:
    case Row::kAudit:
      figures_.inserted = figures_.inserted + 1;
      figures_.rows = figures_.rows + 1;
      break;
    case Row::kState:  // moves out of the table of open ones
      figures_.updated = figures_.updated + 1;
      figures_.deleted = figures_.deleted + 1;
      break;
  }
  return true;
}

}  // namespace vigil::packs::mpc
