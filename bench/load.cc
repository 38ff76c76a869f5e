// The load generator of the server benchmarks. Prints one JSON object.
//
//   load gen     --nodes 40 --hours 6 --step 15 --end EPOCH --out FILE   remote-write requests, compressed
//   load send    --in FILE --url http://127.0.0.1:9090/api/v1/write      as fast as it goes, 4 connections
//   load targets --port 21000 --count 200                                500 series each, new values per scrape
//   load query   --url http://127.0.0.1:9090 --queries FILE --end EPOCH  p50 per query: instant, 1 h, 6 h
#include <snappy.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "bench/dataset.h"
#include "bench/socket.h"

namespace vigil::bench {
namespace {

using Options = std::map<std::string, std::string>;

double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string option(const Options& options, const std::string& name, const std::string& fallback = "") {
  const auto found = options.find(name);
  if (found != options.end()) return found->second;
  if (fallback.empty()) {
    std::cerr << "load: --" << name << " is needed\n";
    std::exit(2);
  }
  return fallback;
}

// --- remote write 1.0, written by hand: a few tags of protobuf --------------

void varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void bytes_field(std::string& out, int field, std::string_view bytes) {
  varint(out, static_cast<std::uint64_t>(field) << 3 | 2);
  varint(out, bytes.size());
  out += bytes;
}

std::string encoded_labels(const LabelPairs& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    std::string label;
    bytes_field(label, 1, name);
    bytes_field(label, 2, value);
    bytes_field(out, 1, label);
  }
  return out;
}

void time_series(std::string& out, const std::string& labels, double value, std::int64_t timestamp_ms) {
  std::string sample = "\x09";
  char raw[8];
  std::memcpy(raw, &value, 8);
  sample.append(raw, 8);
  sample += '\x10';
  varint(sample, static_cast<std::uint64_t>(timestamp_ms));
  std::string series = labels;
  bytes_field(series, 2, sample);
  bytes_field(out, 1, series);
}

// File: per request u32 connection, u32 samples, u32 size, bytes.
void generate(const Options& options) {
  const int nodes = std::stoi(option(options, "nodes", "40"));
  const double step = std::stod(option(options, "step", "15"));
  const auto steps = static_cast<int>(std::stod(option(options, "hours", "6")) * 3600 / step);
  const double end = std::stod(option(options, "end"));
  constexpr std::size_t kSamplesPerRequest = 2000;
  constexpr int kConnections = 4;

  std::vector<std::unique_ptr<Node>> all;
  std::vector<std::vector<std::string>> labels;
  for (int i = 0; i < nodes; ++i) {
    all.push_back(std::make_unique<Node>(i));
    labels.emplace_back();
    for (const auto& pairs : all.back()->series()) labels.back().push_back(encoded_labels(pairs));
  }
  std::ofstream out(option(options, "out"), std::ios::binary);
  struct Batch {
    std::string message;
    std::size_t samples = 0;
  };
  std::array<Batch, kConnections> batches;
  std::size_t total = 0;
  const auto flush = [&](std::uint32_t connection) {
    Batch& batch = batches[connection];
    if (batch.samples == 0) return;
    std::string compressed;
    snappy::Compress(batch.message.data(), batch.message.size(), &compressed);
    const std::uint32_t head[3] = {connection, static_cast<std::uint32_t>(batch.samples),
                                   static_cast<std::uint32_t>(compressed.size())};
    out.write(reinterpret_cast<const char*>(head), sizeof head);
    out.write(compressed.data(), static_cast<std::streamsize>(compressed.size()));
    total += batch.samples;
    batch = {};
  };
  Random jitter(99);
  for (int s = 0; s < steps; ++s) {
    for (std::size_t n = 0; n < all.size(); ++n) {
      const double now = end - (steps - s) * step;
      all[n]->step(now, step);
      // Two in a hundred scrapes are a few milliseconds off the grid.
      const std::int64_t timestamp =
          std::llround(now * 1000) + (jitter.uniform() < 0.02 ? 1 + static_cast<int>(n % 5) : 0);
      const auto connection = static_cast<std::uint32_t>(n % kConnections);
      for (std::size_t i = 0; i < labels[n].size(); ++i) {
        time_series(batches[connection].message, labels[n][i], all[n]->values()[i], timestamp);
        if (++batches[connection].samples == kSamplesPerRequest) flush(connection);
      }
    }
  }
  for (std::uint32_t connection = 0; connection < kConnections; ++connection) flush(connection);
  std::printf("{\"samples\":%zu,\"series\":%zu}\n", total, all.size() * 500);
}

void send(const Options& options) {
  std::ifstream in(option(options, "in"), std::ios::binary);
  std::stringstream content;
  content << in.rdbuf();
  const std::string file = std::move(content).str();
  struct Item {
    std::uint32_t samples;
    std::string_view body;
  };
  std::map<std::uint32_t, std::vector<Item>> queues;
  for (std::size_t at = 0; at + 12 <= file.size();) {
    std::uint32_t head[3];
    std::memcpy(head, file.data() + at, sizeof head);
    queues[head[0]].push_back({head[1], std::string_view(file).substr(at + 12, head[2])});
    at += 12 + head[2];
  }
  const Url url = parse_url(option(options, "url"));
  std::atomic<std::uint64_t> samples = 0;
  std::atomic<std::uint64_t> failures = 0;
  std::vector<std::thread> threads;
  std::vector<std::vector<double>> latencies(queues.size());
  const double began = seconds();
  std::size_t index = 0;
  for (auto& [connection, items] : queues) {
    threads.emplace_back([&, index, &queue = items] {
      Connection link(url.authority);
      for (const Item& item : queue) {
        const double start = seconds();
        const auto answer = link.request("POST", url.path,
                                         "Content-Encoding: snappy\r\nContent-Type: application/x-protobuf\r\n"
                                         "X-Prometheus-Remote-Write-Version: 0.1.0\r\n",
                                         item.body);
        latencies[index].push_back(seconds() - start);
        if (answer.status / 100 == 2) {
          samples += item.samples;
        } else if (failures++ == 0) {
          std::cerr << "load: HTTP " << answer.status << ": " << answer.body << "\n";
        }
      }
    });
    ++index;
  }
  for (auto& thread : threads) thread.join();
  const double wall = seconds() - began;
  std::vector<double> all;
  for (const auto& part : latencies) all.insert(all.end(), part.begin(), part.end());
  std::sort(all.begin(), all.end());
  const auto quantile = [&](double q) {
    return all.empty() ? 0 : all[static_cast<std::size_t>(q * static_cast<double>(all.size() - 1))] * 1000;
  };
  std::printf(
      "{\"samples\":%llu,\"failures\":%llu,\"wall_s\":%.3f,\"samples_per_s\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f}\n",
      static_cast<unsigned long long>(samples), static_cast<unsigned long long>(failures), wall,
      static_cast<double>(samples) / wall, quantile(0.5), quantile(0.99));
}

// --- scrape targets -----------------------------------------------------------

std::vector<std::unique_ptr<Node>>& target_nodes() {
  static std::vector<std::unique_ptr<Node>> nodes;
  return nodes;
}

std::string target_page(int index) {
  Node& node = *target_nodes()[static_cast<std::size_t>(index)];
  node.step(static_cast<double>(std::time(nullptr)), 1);
  std::string out;
  out.reserve(64 << 10);
  std::array<char, 32> number;
  for (std::size_t i = 0; i < node.series().size(); ++i) {
    const LabelPairs& labels = node.series()[i];
    for (const auto& [name, value] : labels) {
      if (name == "__name__") out += value;
    }
    char separator = '{';
    for (const auto& [name, value] : labels) {
      // instance and job come from the scrape configuration
      if (name == "__name__" || name == "instance" || name == "job") continue;
      out += separator;
      out += name;
      out += "=\"";
      out += value;
      out += '"';
      separator = ',';
    }
    out += "} ";
    out.append(number.data(), std::to_chars(number.data(), number.data() + number.size(), node.values()[i]).ptr);
    out += '\n';
  }
  return out;
}

void targets(const Options& options) {
  const int count = std::stoi(option(options, "count", "200"));
  for (int i = 0; i < count; ++i) target_nodes().push_back(std::make_unique<Node>(i));
  serve_pages(std::stoi(option(options, "port", "21000")), count, target_page);
}

// --- queries --------------------------------------------------------------------

std::string url_encode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out += c;
    } else {
      char hex[4];
      std::snprintf(hex, sizeof hex, "%%%02X", static_cast<unsigned char>(c));
      out += hex;
    }
  }
  return out;
}

void query(const Options& options) {
  const Url url = parse_url(option(options, "url"));
  const double end = std::stod(option(options, "end"));
  std::ifstream file(option(options, "queries"));
  Connection link(url.authority);
  struct Kind {
    const char* name;
    double range;
    double step;
    int repetitions;
  };
  std::string line;
  std::string out = "{";
  while (std::getline(file, line)) {
    const std::size_t tab = line.find('\t');
    if (line.empty() || line[0] == '#' || tab == std::string::npos) continue;
    const std::string expression = line.substr(tab + 1);
    if (out.size() > 1) out += ",";
    out += "\"" + line.substr(0, tab) + "\":{";
    bool first = true;
    for (const Kind kind : {Kind{"instant", 0, 0, 21}, Kind{"range_1h", 3600, 15, 9}, Kind{"range_6h", 21600, 60, 5}}) {
      const bool plain_path = expression[0] == '/';
      if (plain_path && kind.range != 0) continue;
      std::vector<double> times;
      for (int r = 0; r < kind.repetitions; ++r) {
        // Shifted times, so that nobody answers from a cache of results.
        const double to = end - 30 - r * 7;
        std::ostringstream path;
        path.precision(14);
        if (plain_path) {
          path << expression;
        } else if (kind.range == 0) {
          path << "/api/v1/query?nocache=1&query=" << url_encode(expression) << "&time=" << to;
        } else {
          path << "/api/v1/query_range?nocache=1&query=" << url_encode(expression)
               << "&start=" << std::max(to - kind.range, end - 21600) << "&end=" << to << "&step=" << kind.step;
        }
        const double start = seconds();
        const auto answer = link.request("GET", path.str(), "", "");
        times.push_back((seconds() - start) * 1000);
        if (answer.status != 200) {
          std::cerr << "load: " << line.substr(0, tab) << ": HTTP " << answer.status << ": "
                    << answer.body.substr(0, 300) << "\n";
          break;
        }
      }
      std::sort(times.begin(), times.end());
      char text[64];
      std::snprintf(text, sizeof text, "%s\"%s\":%.4f", first ? "" : ",", kind.name, times[times.size() / 2]);
      first = false;
      out += text;
    }
    out += "}";
  }
  std::puts((out + "}").c_str());
}

}  // namespace
}  // namespace vigil::bench

int main(int argc, char** argv) {
  using namespace vigil::bench;
  const std::string command = argc > 1 ? argv[1] : "";
  Options options;
  for (int i = 2; i + 1 < argc; i += 2) options[std::string(argv[i]).substr(2)] = argv[i + 1];
  if (command == "gen") {
    generate(options);
  } else if (command == "send") {
    send(options);
  } else if (command == "targets") {
    targets(options);
  } else if (command == "query") {
    query(options);
  } else {
    std::cerr << "usage: load gen|send|targets|query --option value...\n";
    return 2;
  }
  return 0;
}
