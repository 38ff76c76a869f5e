// The figures of server-performance.md that are storage's own part: append + commit,
// bytes per sample and per series, reading, opening. Real files in a temporary directory.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <thread>

#include "vigil/base/log.h"
#include "vigil/base/virtual_scheduler.h"
#include "vigil/storage/database.h"
#include "vigil/storage/tests/fleet.h"

namespace vigil::storage {
namespace {

constexpr Timestamp kStart = 1'700'000'000'000;

struct TemporaryDirectory {
  std::filesystem::path path;
  TemporaryDirectory() {
    static int count = 0;
    path = std::filesystem::temp_directory_path() /
           ("vigil_storage_bench_" + std::to_string(Clock::system().now()) + "_" + std::to_string(count++));
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path); }
};

struct Bench {
  TemporaryDirectory directory;
  VirtualScheduler scheduler{kStart};
  std::unique_ptr<Database> db;

  Bench() { log::set_level(log::Level::kError); }
  void open() {
    db.reset();
    db = *Database::open(options());
  }
  Options options() {
    Options o;
    o.directory = directory.path;
    o.scheduler = &scheduler;
    o.retention = 0;
    return o;
  }
};

// `steps` scrapes of `nodes` nodes, each one commit; prepared outside of the timing.
struct Load {
  struct Scrape {
    int node;
    Timestamp time;
    std::vector<double> values;
  };
  std::vector<FleetNode> nodes;
  std::vector<Scrape> scrapes;
  std::size_t samples = 0;

  Load(int node_count, int steps) {
    for (int i = 0; i < node_count; ++i) nodes.emplace_back(i, kStart);
    for (int step = 0; step < steps; ++step) {
      for (int i = 0; i < node_count; ++i) {
        const Timestamp time = nodes[i].advance();
        scrapes.push_back({i, time, nodes[i].values});
        samples += nodes[i].values.size();
      }
    }
  }
};

std::vector<std::vector<SeriesRef>> resolve_all(Database& db, const Load& load) {
  std::vector<std::vector<SeriesRef>> refs;
  auto appender = db.appender();
  for (const FleetNode& node : load.nodes) {
    refs.emplace_back();
    for (const Labels& labels : node.series) refs.back().push_back(*appender->resolve(labels));
  }
  return refs;
}

void ingest(Bench& bench, const Load& load) {
  const auto refs = resolve_all(*bench.db, load);
  for (const Load::Scrape& scrape : load.scrapes) {
    auto appender = bench.db->appender();
    for (std::size_t i = 0; i < scrape.values.size(); ++i) {
      if (!appender->append(refs[scrape.node][i], scrape.time, scrape.values[i])) std::abort();
    }
    if (!appender->commit()) std::abort();
    bench.scheduler.run_due();
  }
}

void report_sizes(benchmark::State& state, const Database& db) {
  const Stats stats = db.stats();
  const auto samples = static_cast<double>(stats.samples);
  state.counters["B/sample_chunks"] = stats.bytes_per_sample;
  state.counters["B/sample_wal"] = static_cast<double>(stats.wal_written_bytes) / samples;
  state.counters["B/sample_disk"] =
      static_cast<double>(stats.wal_bytes + stats.checkpoint_bytes + stats.chunk_file_bytes) / samples;
  state.counters["checkpoints"] = static_cast<double>(stats.checkpoints);
  state.counters["files"] = static_cast<double>(stats.chunk_files);
}

// Everything: append, log, checkpoints, chunk files.
void BM_Ingest(benchmark::State& state) {
  const Load load(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  for (auto _ : state) {
    state.PauseTiming();
    auto bench = std::make_unique<Bench>();
    bench->open();
    state.ResumeTiming();
    ingest(*bench, load);
    state.PauseTiming();
    report_sizes(state, *bench->db);
    bench.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(load.samples) * state.iterations());
}
BENCHMARK(BM_Ingest)->Args({4, 1440})->Args({40, 400})->Unit(benchmark::kMillisecond)->Iterations(2);

// The same by four threads at once, a shard of the nodes each.
void BM_IngestFourThreads(benchmark::State& state) {
  const Load load(40, 400);
  for (auto _ : state) {
    state.PauseTiming();
    auto bench = std::make_unique<Bench>();
    bench->open();
    const auto refs = resolve_all(*bench->db, load);
    state.ResumeTiming();
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
          for (const Load::Scrape& scrape : load.scrapes) {
            if (scrape.node % 4 != t) continue;
            auto appender = bench->db->appender();
            for (std::size_t i = 0; i < scrape.values.size(); ++i) {
              if (!appender->append(refs[scrape.node][i], scrape.time, scrape.values[i])) std::abort();
            }
            if (!appender->commit()) std::abort();
          }
        });
      }
    }
    state.PauseTiming();
    report_sizes(state, *bench->db);
    bench.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(load.samples) * state.iterations());
}
BENCHMARK(BM_IngestFourThreads)->Unit(benchmark::kMillisecond)->Iterations(2)->UseRealTime();

// 200,000 series with 20 samples each: memory per series.
void BM_MemoryPerSeries(benchmark::State& state) {
  for (auto _ : state) {
    auto bench = std::make_unique<Bench>();
    bench->open();
    const auto in_use = [] {
      const auto info = mallinfo2();
      return info.uordblks + info.hblkhd;
    };
    const auto before = in_use();
    {
      std::vector<SeriesRef> refs;
      std::vector<double> values;
      for (int node = 0; node < 400; ++node) {
        FleetNode fleet(node, kStart);
        auto appender = bench->db->appender();
        for (const Labels& labels : fleet.series) refs.push_back(*appender->resolve(labels));
        for (int step = 0; step < 20; ++step) {
          const Timestamp time = fleet.advance();
          for (std::size_t i = 0; i < 500; ++i) {
            if (!appender->append(refs[refs.size() - 500 + i], time, fleet.values[i])) std::abort();
          }
          if (!appender->commit()) std::abort();
        }
        bench->scheduler.run_due();
      }
    }
    const Stats stats = bench->db->stats();
    state.counters["malloc_B/series"] = static_cast<double>(in_use() - before) / static_cast<double>(stats.series);
    state.counters["stats_B/series"] = stats.bytes_per_series;
  }
}
BENCHMARK(BM_MemoryPerSeries)->Unit(benchmark::kMillisecond)->Iterations(1);

Bench& filled() {
  static std::unique_ptr<Bench> bench = [] {
    auto b = std::make_unique<Bench>();
    b->open();
    ingest(*b, Load(40, 1440));
    return b;
  }();
  return *bench;
}

// All samples of all 20,000 series.
void BM_ReadAll(benchmark::State& state) {
  Bench& bench = filled();
  std::size_t samples = 0;
  for (auto _ : state) {
    auto querier = *bench.db->querier(kMinTimestamp, kMaxTimestamp);
    const Matcher matchers[] = {Matcher::equal("network", "mainnet")};
    auto set = *querier->select(matchers, {});
    SampleColumns columns;
    samples = 0;
    for (std::size_t i = 0; i < set->size(); ++i) {
      columns.clear();
      if (!set->read(i, kMinTimestamp, kMaxTimestamp, columns)) std::abort();
      samples += columns.size();
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(samples) * state.iterations());
}
BENCHMARK(BM_ReadAll)->Unit(benchmark::kMillisecond);

// What an instant query with a window of five minutes reads of 9,600 series.
void BM_ReadFiveMinutes(benchmark::State& state) {
  Bench& bench = filled();
  const Timestamp end = bench.db->stats().max_time;
  std::size_t series = 0;
  for (auto _ : state) {
    auto querier = *bench.db->querier(end - 5 * kMinute, end);
    const Matcher matchers[] = {Matcher::equal("__name__", "request_duration_seconds_bucket")};
    auto set = *querier->select(matchers, {});
    series = set->size();
    SampleColumns columns;
    for (std::size_t i = 0; i < set->size(); ++i) {
      columns.clear();
      if (!set->read(i, end - 5 * kMinute, end, columns)) std::abort();
      benchmark::DoNotOptimize(set->labels(i));
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(series) * state.iterations());
}
BENCHMARK(BM_ReadFiveMinutes)->Unit(benchmark::kMicrosecond);

void BM_Select(benchmark::State& state) {
  Bench& bench = filled();
  const std::vector<std::vector<Matcher>> selections = {
      {Matcher::equal("__name__", "request_duration_seconds_bucket"), Matcher::equal("method", "method_7")},
      {*Matcher::create(Matcher::Type::kRegex, "method", "method_(1|2).*"), Matcher::not_equal("job", "rpc")},
      {*Matcher::create(Matcher::Type::kRegex, "__name__", "queue_length|balance")},
  };
  for (auto _ : state) {
    auto querier = *bench.db->querier(kMinTimestamp, kMaxTimestamp);
    auto set = *querier->select(selections[static_cast<std::size_t>(state.range(0))], {});
    benchmark::DoNotOptimize(set->size());
    state.counters["series"] = static_cast<double>(set->size());
  }
}
BENCHMARK(BM_Select)->DenseRange(0, 2)->Unit(benchmark::kMicrosecond);

// 28.8 million samples, killed: the files as they are, opened again.
void BM_OpenAfterKill(benchmark::State& state) {
  Bench& bench = filled();
  for (auto _ : state) {
    state.PauseTiming();
    TemporaryDirectory copy;
    std::filesystem::copy(bench.directory.path, copy.path, std::filesystem::copy_options::recursive);
    VirtualScheduler scheduler(kStart);
    Options options = bench.options();
    options.directory = copy.path;
    options.scheduler = &scheduler;
    state.ResumeTiming();
    auto db = *Database::open(options);
    state.PauseTiming();
    const Stats stats = db->stats();
    state.counters["replayed_samples"] = static_cast<double>(stats.replayed_samples);
    state.counters["samples"] = static_cast<double>(stats.samples);
    db.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(BM_OpenAfterKill)->Unit(benchmark::kMillisecond)->Iterations(5);

}  // namespace
}  // namespace vigil::storage
