// How fast a write request is read: snappy, protobuf, and the hash of every series'
// raw labels. One sample per series, as remote-write clients send.
#include <benchmark/benchmark.h>

#include <string>

#include "vigil/base/hash.h"
#include "vigil/exposition/remote_write.h"

namespace vigil::exposition {
namespace {

std::string request(int series) {
  WriteRequestWriter writer;
  for (int i = 0; i < series; ++i) {
    writer.begin_series(Labels{{"__name__", "http_request_duration_seconds_bucket"},
                               {"code", std::to_string(200 + i / 12)},
                               {"instance", "10.0.0.1:9100"},
                               {"job", "provers"},
                               {"le", std::to_string(i % 12)},
                               {"method", "eth_call"}});
    writer.add(Sample{1700000000000 + i, i * 12345.0});
    writer.end_series();
  }
  return writer.bytes();
}

void read_request(benchmark::State& state) {
  const std::string block = snappy_compress(request(2000));
  const bool labels = state.range(0) != 0;
  std::int64_t bytes = 0;
  for (auto _ : state) {
    const auto decompressed = snappy_decompress(block, 64U << 20);
    WriteRequestReader reader(*decompressed);
    while (reader.next() == WriteRequestReader::Event::kSeries) {
      benchmark::DoNotOptimize(hash128(reader.raw_labels(), 1));
      for (const Sample& sample : reader.samples()) benchmark::DoNotOptimize(sample.value);
      if (labels) benchmark::DoNotOptimize(decode_labels(reader.raw_labels())->hash());
    }
    bytes += static_cast<std::int64_t>(decompressed->size());
  }
  state.SetBytesProcessed(bytes);
  state.SetItemsProcessed(state.iterations() * 2000);
}
BENCHMARK(read_request)->ArgName("labels")->Arg(0)->Arg(1);

}  // namespace
}  // namespace vigil::exposition
