// vigil check pack, vigil dashboards: what packs say about themselves.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "packs/all/all.h"
#include "vigil/app/commands.h"
#include "vigil/app/terminal.h"
#include "vigil/app/version.h"
#include "vigil/base/file_system.h"
#include "vigil/base/log.h"
#include "vigil/check/dashboard_check.h"
#include "vigil/dashboards/dashboard.h"
#include "vigil/lab/figures.h"
#include "vigil/lab/pack_check.h"

namespace vigil::app {
namespace {

struct PackArguments {
  std::vector<std::string> names;
  bool no_scenarios = false;
  bool json = false;
  std::string matrix_directory;
  std::string figures_file;
  std::uint64_t seed = 1;
};

// "all" or nothing given: every pack.
std::vector<const pack::Pack*> chosen(const std::vector<std::string>& names, int& exit_code) {
  std::vector<const pack::Pack*> packs;
  for (const std::string& name : names) {
    if (name == "all") return {packs::all().begin(), packs::all().end()};
    const pack::Pack* const found = packs::find(name);
    if (found == nullptr) {
      print_error("there is no pack \"" + name + "\"");
      exit_code = 2;
      continue;
    }
    packs.push_back(found);
  }
  if (names.empty()) packs.assign(packs::all().begin(), packs::all().end());
  return packs;
}

Result<void> write_matrix(const pack::Pack& pack, const lab::PackReport& report, const std::string& directory) {
  VIGIL_TRY_VOID(FileSystem::real().create_directories(directory));
  return FileSystem::real().write_file_atomically(std::filesystem::path(directory) / (std::string(pack.name) + ".md"),
                                                  lab::matrix(pack, report));
}

nlohmann::ordered_json to_json(const pack::Pack& pack, const lab::PackReport& report) {
  nlohmann::ordered_json scenarios = nlohmann::ordered_json::array();
  for (const auto& result : report.scenarios) {
    nlohmann::ordered_json alerts = nlohmann::ordered_json::array();
    for (const auto& alert : result.outcome.alerts) {
      alerts.push_back({{"alert", alert.name},
                        {"after_seconds", static_cast<double>(alert.fired_at - result.outcome.injected_at) / 1000},
                        {"resolved", alert.resolved_at != 0}});
    }
    scenarios.push_back({{"name", result.scenario->name}, {"alerts", alerts}, {"problems", result.complaints}});
  }
  return {{"pack", pack.name},          {"alerts", report.alerts},   {"recording_rules", report.recordings},
          {"panels", report.panels},    {"queries", report.queries}, {"scenarios", scenarios},
          {"problems", report.problems}};
}

// The processor, and how many there are.
std::string this_machine() {
  const std::string text = FileSystem::real().read_file("/proc/cpuinfo").value_or("");
  const std::size_t name = text.find("model name");
  const std::size_t begin = text.find(": ", name);
  const std::string processor =
      name == std::string::npos ? "processor unknown" : text.substr(begin + 2, text.find('\n', begin) - begin - 2);
  return processor + ", " + std::to_string(std::thread::hardware_concurrency()) + " threads; vigil " +
         std::string(kVersion) + ", " + std::string(kCompiler);
}

Result<void> write_figures(const std::vector<lab::PackFigures>& packs, const std::string& file) {
  const std::filesystem::path path = file;
  if (path.has_parent_path()) VIGIL_TRY_VOID(FileSystem::real().create_directories(path.parent_path()));
  return FileSystem::real().write_file_atomically(path, lab::figures_page(packs, this_machine()));
}

void check_packs(const PackArguments& arguments, int& exit_code) {
  // Simulated nodes log what they suffer; a check shows what it makes of it.
  log::set_sink([](log::Level, std::string_view) {});
  std::vector<lab::PackFigures> figures;
  for (const pack::Pack* const pack : chosen(arguments.names, exit_code)) {
    lab::CheckOptions options{.run_scenarios = !arguments.no_scenarios, .seed = arguments.seed};
    std::size_t done = 0;
    options.progress = [&](std::string_view scenario) {
      // One line that is written over, for people only.
      if (!arguments.json && is_terminal(stderr)) {
        std::fprintf(stderr, "\r\033[K  %s: scenario %zu of %zu, %.*s", std::string(pack->name).c_str(), ++done,
                     pack->scenarios.size(), static_cast<int>(scenario.size()), scenario.data());
      }
    };
    lab::PackReport report = lab::check_pack(*pack, options);
    lab::Figures day;
    if (!arguments.figures_file.empty()) {
      if (options.progress) options.progress("a healthy day");
      auto measured = lab::measure(*pack, kDay);
      if (measured) {
        day = std::move(*measured);
      } else {
        report.problems.push_back(measured.error().message());
      }
    }
    if (!arguments.json && is_terminal(stderr)) std::fputs("\r\033[K", stderr);
    if (!report.problems.empty()) exit_code = 1;
    if (!arguments.matrix_directory.empty()) {
      if (const auto written = write_matrix(*pack, report, arguments.matrix_directory); !written) {
        print_error(written.error().message());
        exit_code = 1;
      }
    }
    if (arguments.json) {
      print_line(to_json(*pack, report).dump());
      figures.push_back({pack, std::move(day), std::move(report)});
      continue;
    }
    print_line(styled(Style::kBold, pack->name) + ": " + std::to_string(pack->catalog.size()) + " metrics, " +
               std::to_string(report.alerts) + " alerts, " + std::to_string(report.recordings) + " recording rules, " +
               std::to_string(report.panels) + " panels with " + std::to_string(report.queries) + " queries, " +
               std::to_string(report.scenarios.size()) + " scenarios run");
    for (const std::string& problem : report.problems)
      print_line("  " + styled(Style::kBad, "FAILED") + ": " + problem);
    if (report.problems.empty()) print_line("  " + styled(Style::kGood, "SUCCESS"));
    figures.push_back({pack, std::move(day), std::move(report)});
  }
  if (arguments.figures_file.empty()) return;
  if (const auto written = write_figures(figures, arguments.figures_file); !written) {
    print_error(written.error().message());
    exit_code = 1;
  }
}

struct DashboardArguments {
  std::vector<std::string> names;
  std::string directory = "dashboards";
  std::string url = "http://localhost:9090";
  std::vector<std::string> files;
};

Result<void> export_dashboards(const DashboardArguments& arguments, int& exit_code) {
  FileSystem& files = FileSystem::real();
  const std::filesystem::path directory = arguments.directory;
  const auto write = [&](const std::filesystem::path& file, std::string_view text) -> Result<void> {
    VIGIL_TRY_VOID(files.create_directories(file.parent_path()));
    return files.write_file_atomically(file, text);
  };
  std::size_t count = 0;
  for (const pack::Pack* const pack : chosen(arguments.names, exit_code)) {
    for (const dashboards::Dashboard& board : pack->dashboards()) {
      VIGIL_TRY_VOID(write(directory / pack->name / (board.uid + ".json"), dashboards::to_grafana_json(board)));
      ++count;
    }
  }
  for (const auto& file : dashboards::provisioning(arguments.url, "/var/lib/grafana/dashboards", "vigil")) {
    VIGIL_TRY_VOID(write(directory / "provisioning" / file.path, file.text));
  }
  print_line(std::to_string(count) + " dashboards and Grafana's provisioning files written to " + arguments.directory);
  return {};
}

}  // namespace

void add_pack_check(CLI::App& check, int& exit_code) {
  auto arguments = std::make_shared<PackArguments>();
  CLI::App* pack = check.add_subcommand(
      "pack", "A pack against itself: every rule and panel names what exists, every fault fires its alerts");
  pack->add_option("packs", arguments->names, "Names of packs, or 'all' (default)");
  pack->add_flag("--no-scenarios", arguments->no_scenarios, "Only what needs no simulation");
  pack->add_option("--matrix", arguments->matrix_directory, "Write the table scenario × alert to DIR/PACK.md");
  pack->add_option("--figures", arguments->figures_file,
                   "Also live a healthy day, time all panel queries over it, and write what was found to this file");
  pack->add_option("--seed", arguments->seed, "Of the simulations")->capture_default_str();
  pack->add_flag("--json", arguments->json, "One JSON object a pack");
  pack->footer(
      "Examples:\n  vigil check pack mpc\n  vigil check pack all --matrix docs/scenarios\n"
      "  vigil check pack all --figures figures.md");
  pack->callback([arguments, &exit_code] { check_packs(*arguments, exit_code); });
}

void add_dashboards_command(CLI::App& root, int& exit_code) {
  auto arguments = std::make_shared<DashboardArguments>();
  CLI::App* dashboards = root.add_subcommand("dashboards", "Dashboards of packs as files for Grafana");
  dashboards->require_subcommand(1);
  CLI::App* write = dashboards->add_subcommand("export", "Write classic Grafana JSON and provisioning files");
  write->add_option("packs", arguments->names, "Names of packs, or 'all' (default)");
  write->add_option("--output", arguments->directory, "Directory to write to")->capture_default_str();
  write->add_option("--url", arguments->url, "The data source's URL")->capture_default_str();
  write->footer("Examples:\n  vigil dashboards export mpc --output /tmp/boards\n  vigil dashboards export all");
  write->callback([arguments, &exit_code] {
    if (const auto done = export_dashboards(*arguments, exit_code); !done) {
      print_error(done.error().message());
      exit_code = 1;
    }
  });
  CLI::App* check = dashboards->add_subcommand("check", "Dashboard files: layout, uids, and PromQL that parses");
  check->add_option("files", arguments->files, "JSON files")->required();
  check->callback([arguments, &exit_code] {
    std::vector<check::DashboardFile> files;
    for (const std::string& name : arguments->files) {
      auto text = FileSystem::real().read_file(name);
      if (!text) {
        print_error(text.error().message());
        exit_code = 1;
        continue;
      }
      files.push_back({name, std::move(*text)});
    }
    const auto problems = check::check_dashboards(files);
    for (const std::string& problem : problems) print_line(styled(Style::kBad, "FAILED") + ": " + problem);
    if (problems.empty()) {
      print_line(styled(Style::kGood, "SUCCESS") + ": " + std::to_string(files.size()) + " dashboards");
    } else {
      exit_code = 1;
    }
  });
}

}  // namespace vigil::app
