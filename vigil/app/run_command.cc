// vigil run: wraps any program and records what it did.
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "vigil/app/commands.h"
#include "vigil/app/remote_write_push.h"
#include "vigil/app/run_recorder.h"
#include "vigil/app/terminal.h"
#include "vigil/app/wrapped_program.h"
#include "vigil/base/file_system.h"
#include "vigil/base/log.h"
#include "vigil/expose/metrics_server.h"
#include "vigil/exposition/textfile.h"
#include "vigil/net/curl_client.h"

namespace vigil::app {
namespace {

struct RunOptions {
  RunSettings settings;
  std::vector<std::string> outputs;
  std::vector<std::string> labels;
  bool json_lines = false;
  std::string push_url;
  std::string push_timeout = "30s";
  std::string textfile_directory;
  std::string listen;
  std::string linger = "0s";
  std::vector<std::string> command;
};

// What was named on the command line, checked before the program is started.
struct Plan {
  Labels labels;
  Duration push_timeout = 0;
  Duration linger = 0;
};

Result<Duration> duration_option(const char* name, const std::string& text) {
  auto duration = parse_duration(text);
  if (!duration) return std::unexpected(duration.error().with_context(name));
  return duration;
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

Result<Plan> make_plan(const RunOptions& options) {
  Plan plan;
  if (options.push_url.empty() && options.textfile_directory.empty() && options.listen.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "say where the metrics go: --push URL, --textfile DIRECTORY or --web.listen-address ADDRESS");
  }
  if (options.json_lines && operations(options.settings.system).empty()) {
    return fail(ErrorCode::kInvalidArgument, "--json-lines needs --system zk or --system mpc");
  }
  if (!options.json_lines && !operations(options.settings.system).empty() && options.settings.operation.empty()) {
    return fail(ErrorCode::kInvalidArgument,
                "--system " + options.settings.system + " needs --operation, or --json-lines if the program tells");
  }
  LabelsBuilder labels;
  labels.set("job", "vigil-run");
  labels.set("instance", host_name());
  if (!options.settings.system.empty()) labels.set("stack", options.settings.system);
  for (const std::string& label : options.labels) {
    const std::size_t equals = label.find('=');
    if (equals == std::string::npos || !metrics::is_good_label_name(label.substr(0, equals))) {
      return fail(ErrorCode::kInvalidArgument, "--label " + label + ": expected NAME=VALUE");
    }
    labels.set(label.substr(0, equals), label.substr(equals + 1));
  }
  plan.labels = labels.build();
  VIGIL_TRY(plan.push_timeout, duration_option("--push.timeout", options.push_timeout));
  VIGIL_TRY(plan.linger, duration_option("--linger", options.linger));
  if (!options.listen.empty()) {
    VIGIL_TRY_VOID(expose::MetricsServer::from_str(options.listen));
  }
  return plan;
}

// Blocked in this thread by run_program(): true if one of them came within the time.
bool interrupted_within(Duration time) {
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGINT);
  sigaddset(&ending, SIGTERM);
  const timespec wait{time / kSecond, time % kSecond * 1'000'000};
  return sigtimedwait(&ending, nullptr, &wait) > 0;
}

std::optional<std::uint64_t> size_of(const std::vector<std::string>& files) {
  std::uint64_t sum = 0;
  for (const std::string& file : files) {
    const auto size = FileSystem::real().file_size(file);
    if (!size) return std::nullopt;
    sum += *size;
  }
  return files.empty() ? std::nullopt : std::optional(sum);
}

void deliver(const metrics::Registry& registry, const RunOptions& options, const Plan& plan) {
  if (!options.textfile_directory.empty()) {
    const RunSettings& run = options.settings;
    std::string name = "vigil_run_" + (run.operation.empty() ? run.program : run.operation) + ".prom";
    std::ranges::replace(name, '/', '_');
    const auto path = std::filesystem::path(options.textfile_directory) / name;
    if (const auto done = exposition::write_textfile(registry, path); !done) {
      print_error("metrics not written: " + done.error().message());
    }
  }
  if (!options.push_url.empty()) {
    const auto client = net::make_curl_client();
    const auto request = write_request(registry, plan.labels, Clock::system().now());
    const auto done = request ? push(*client, *request,
                                     {.url = options.push_url,
                                      .timeout = plan.push_timeout,
                                      .wait = [](Duration time) { return !interrupted_within(time); }})
                              : Result<void>(std::unexpected(request.error()));
    if (!done) print_error("metrics not pushed: " + done.error().message());
  }
}

// The exit code of `vigil run`.
int run(RunOptions options) {
  const auto plan = make_plan(options);
  if (!plan) {
    print_error(plan.error().message());
    return 2;
  }
  options.settings.program = std::filesystem::path(options.command[0]).filename().string();
  metrics::Registry registry;
  const auto made = RunRecorder::make(registry, options.settings);
  if (!made) {
    print_error(made.error().message());
    return 2;
  }
  RunRecorder& recorder = **made;
  // The program's standard error is its own: what fails in it is recorded, not logged.
  log::set_sink([](log::Level, std::string_view) {});

  health::HealthChecker health(Clock::system());
  health.set_ready(true);
  std::optional<expose::MetricsServerHandle> server;
  ProgramOptions program{.command = options.command};
  program.started = [&] {
    recorder.started();
    if (options.listen.empty()) return;
    expose::MetricsServerOptions page;
    page.listen = options.listen;
    page.registry = &registry;
    page.health = &health;
    auto serving = expose::spawn_metrics_server(std::move(page));
    if (serving) {
      server.emplace(std::move(*serving));
    } else {
      print_error("metrics not exposed: " + serving.error().message());
    }
  };
  if (options.json_lines) program.output = [&](std::string_view bytes) { recorder.observe(bytes); };

  const auto end = run_program(program);
  ProgramEnd how;
  if (end) {
    how = *end;
  } else {
    print_error(end.error().message());
    how.exit_code = end.error().code() == ErrorCode::kNotFound ? kNotFound : kCannotExecute;
  }
  if (options.json_lines) recorder.end_of_output();
  const auto output_bytes = size_of(options.outputs);
  if (!options.outputs.empty() && !output_bytes && how.exit_code == 0) {
    print_error("output size not recorded: a file of --output is not there");
  }
  recorder.finished(how, output_bytes, Clock::system().now());
  deliver(registry, options, *plan);
  if (server) interrupted_within(plan->linger);
  return how.exit_code;
}

}  // namespace

void add_run_command(CLI::App& root, int& exit_code) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* run_command =
      root.add_subcommand("run", "Wrap any program and record it: time, CPU, memory, output, result");
  run_command->footer(
      "Standard streams and exit code are the program's (128 and the signal's number if it was killed),\n"
      "126 if it cannot be executed, 127 if it is not found. Signals are passed on. Every run counts in\n"
      "vigil_run_*; those of zk and mpc in the metrics of their pack, too.\n"
      "Examples:\n"
      "  vigil run --push http://127.0.0.1:9090/api/v1/write -- ./backup.sh\n"
      "  vigil run --textfile /var/lib/prometheus/node-exporter -- pg_dump mpc\n"
      "  vigil run --system zk --operation proof_generation --proof-type groth16 --output proof.json \\\n"
      "            --push http://127.0.0.1:9090/api/v1/write -- snarkjs groth16 prove c.zkey w.wtns proof.json "
      "public.json\n"
      "  vigil run --system zk --operation verification --proof-type groth16 \\\n"
      "            --push http://127.0.0.1:9090/api/v1/write -- snarkjs groth16 verify vk.json public.json proof.json\n"
      "  vigil run --system mpc --json-lines --web.listen-address 127.0.0.1:8000 --linger 1m -- node sign.mjs");
  RunSettings& settings = options->settings;
  run_command->add_option("--system", settings.system, "zk, mpc, zerostate, l2 or hotstuff2");
  run_command->add_option(
      "--operation", settings.operation,
      "zk: proof_generation, verification, circuit_compilation, witness_generation; mpc: signature, "
      "dkg; else any name (default: the program's)");
  run_command->add_option("--proof-type", settings.proof_type, "zk: groth16, plonk, stark; others count as other")
      ->capture_default_str();
  run_command->add_option("--security-level", settings.security_level, "zk: 128, 192 or 256")->capture_default_str();
  run_command->add_option("--constraints", settings.constraints, "zk: constraints of the circuit");
  run_command->add_option("--protocol", settings.protocol, "mpc: frost or cggmp24")->capture_default_str();
  run_command->add_option("--node", settings.node, "mpc: the node that records")->capture_default_str();
  run_command
      ->add_option("--output", options->outputs, "A file that the program writes: its size is recorded; repeatable")
      ->take_all();
  run_command->add_flag(
      "--json-lines", options->json_lines,
      "Record the observations that the program prints, a JSON object a line: {\"op\":…,\"seconds\":…}");
  run_command->add_option("--push", options->push_url, "Remote write URL that gets the metrics at the end");
  run_command->add_option("--push.timeout", options->push_timeout, "How long a push is tried again")
      ->capture_default_str();
  run_command->add_option("--label", options->labels, "NAME=VALUE on everything that is pushed; repeatable")
      ->take_all();
  run_command->add_option("--textfile", options->textfile_directory,
                          "Directory of node_exporter's textfile collector: vigil_run_OPERATION.prom");
  run_command->add_option("--web.listen-address", options->listen, "Serve /metrics while the program runs");
  run_command->add_option("--linger", options->linger, "Go on serving so long after its end")->capture_default_str();
  run_command->add_option("command", options->command, "The program and its arguments, after --")->required();
  run_command->positionals_at_end();
  run_command->callback([options, &exit_code] { exit_code = run(*options); });
}

}  // namespace vigil::app
