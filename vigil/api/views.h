// What the API shows of parts that it does not own, as plain copies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/time.h"
#include "vigil/model/labels.h"

namespace vigil::api {

struct ActiveTarget {
  Labels discovered;  // before relabelling
  Labels labels;
  std::string pool;  // job_name
  std::string url;
  std::string health = "unknown";  // "up", "down", "unknown"
  std::string last_error;
  Timestamp last_scrape = 0;  // 0: not yet
  double last_scrape_seconds = 0;
  Duration interval = 0;
  Duration timeout = 0;
};

struct DroppedTarget {
  Labels discovered;
  std::string pool;
};

struct TargetsView {
  std::vector<std::string> pools;                     // all, also empty ones
  std::vector<ActiveTarget> active;                   // in order of pool
  std::vector<DroppedTarget> dropped;                 // possibly not all of them
  std::map<std::string, std::size_t> dropped_counts;  // by pool: all of them
};

// All views are into memory that lives as long as the program.
struct RunbookView {
  std::string_view pack;
  std::string_view name;  // "MPCNodeDown"
  std::string_view markdown;
};

struct RuntimeView {
  Timestamp start_time = 0;
  std::string working_directory;
  std::string host_name;
  bool reload_ok = true;
  Timestamp last_config_time = 0;
  std::uint64_t corruptions = 0;
  int threads = 0;
  std::string retention;  // "15d", "15d or 10GiB"
};

struct BuildView {
  std::string version;
  std::string revision;
  std::string branch;
  std::string user;
  std::string date;
  std::string compiler;  // shown as goVersion, which clients expect to exist
};

}  // namespace vigil::api
