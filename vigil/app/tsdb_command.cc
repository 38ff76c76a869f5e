// vigil tsdb: looks at a data directory.
#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "vigil/app/commands.h"
#include "vigil/app/terminal.h"
#include "vigil/base/scheduler.h"
#include "vigil/base/strings.h"
#include "vigil/base/time.h"
#include "vigil/storage/database.h"

namespace vigil::app {
namespace {

struct TsdbArguments {
  std::string directory = "data";
  std::size_t top = 10;
  bool json = false;
};

std::string rounded(double value) {
  std::array<char, 32> buffer;
  std::snprintf(buffer.data(), buffer.size(), "%.2f", value);
  return buffer.data();
}

nlohmann::json to_json(const storage::Stats& stats) {
  nlohmann::json out = {{"series", stats.series},
                        {"samples", stats.samples},
                        {"chunks", stats.chunks},
                        {"chunkSamples", stats.chunk_samples},
                        {"chunkBytes", stats.chunk_bytes},
                        {"openSamples", stats.open_samples},
                        {"bytesPerSample", stats.bytes_per_sample},
                        {"bytesPerSeries", stats.bytes_per_series},
                        {"chunkFiles", stats.chunk_files},
                        {"chunkFileBytes", stats.chunk_file_bytes},
                        {"walBytes", stats.wal_bytes},
                        {"checkpointBytes", stats.checkpoint_bytes},
                        {"damage", stats.damage}};
  if (stats.samples > 0) {
    out["minTime"] = stats.min_time;
    out["maxTime"] = stats.max_time;
  }
  const auto list = [&out](const char* key, const auto& entries) {
    auto& array = out[key] = nlohmann::json::array();
    for (const auto& entry : entries) array.push_back({{"name", entry.name}, {"value", entry.count}});
  };
  list("seriesCountByMetricName", stats.index.series_by_metric);
  list("labelValueCountByLabelName", stats.index.values_by_label);
  list("seriesCountByLabelValuePair", stats.index.series_by_pair);
  return out;
}

void print_report(const std::string& directory, const storage::Stats& stats) {
  Table facts({{"FIGURE"}, {"VALUE", Table::Align::kRight}});
  const auto fact = [&facts](const char* name, std::string value) { facts.row({name, std::move(value)}); };
  print_line(styled(Style::kBold, directory));
  fact("series", std::to_string(stats.series));
  fact("samples", std::to_string(stats.samples));
  if (stats.samples > 0) {
    fact("oldest sample", format_rfc3339(stats.min_time));
    fact("newest sample", format_rfc3339(stats.max_time));
  }
  fact("full chunks", std::to_string(stats.chunks));
  fact("bytes per sample in chunks", rounded(stats.bytes_per_sample));
  fact("samples in open chunks", std::to_string(stats.open_samples));
  fact("memory per series", rounded(stats.bytes_per_series) + " B");
  fact("chunk files",
       std::to_string(stats.chunk_files) + ", " + human_bytes(static_cast<double>(stats.chunk_file_bytes)));
  fact("write-ahead log", human_bytes(static_cast<double>(stats.wal_bytes)));
  fact("checkpoint", human_bytes(static_cast<double>(stats.checkpoint_bytes)));
  print(facts.to_string());
  const auto list = [](const char* title, const char* column, const auto& entries) {
    if (entries.empty()) return;
    Table table({{title}, {column, Table::Align::kRight}});
    for (const auto& entry : entries) table.row({entry.name, std::to_string(entry.count)});
    print_line("");
    print(table.to_string());
  };
  list("METRICS WITH MOST SERIES", "SERIES", stats.index.series_by_metric);
  list("LABELS WITH MOST VALUES", "VALUES", stats.index.values_by_label);
  list("LABEL PAIRS WITH MOST SERIES", "SERIES", stats.index.series_by_pair);
  for (const auto& damage : stats.damage) print_line(styled(Style::kBad, "damage: ") + damage);
}

}  // namespace

void add_tsdb_command(CLI::App& root, int& exit_code) {
  auto arguments = std::make_shared<TsdbArguments>();
  CLI::App* tsdb = root.add_subcommand("tsdb", "Look at a data directory");
  tsdb->require_subcommand(1);
  tsdb->footer("Example:\n  vigil tsdb analyze data --top 20");
  CLI::App* analyze = tsdb->add_subcommand(
      "analyze", "Sizes, bytes per series and sample, and where the series come from; changes nothing");
  analyze->add_option("directory", arguments->directory, "Data directory")->capture_default_str();
  analyze->add_option("--top", arguments->top, "Length of the lists")->capture_default_str();
  analyze->add_flag("--json", arguments->json, "Print JSON");
  analyze->callback([arguments, &exit_code] {
    const auto scheduler = make_thread_scheduler(1);
    storage::Options options;
    options.directory = arguments->directory;
    options.scheduler = scheduler.get();
    options.read_only = true;
    const auto database = storage::Database::open(options);
    if (!database) {
      print_error(database.error().message());
      exit_code = 1;
      return;
    }
    const storage::Stats stats = (*database)->stats(arguments->top);
    if (arguments->json) {
      print_line(to_json(stats).dump(2));
    } else {
      print_report(arguments->directory, stats);
    }
    if (!stats.damage.empty()) exit_code = 1;
  });
}

}  // namespace vigil::app
