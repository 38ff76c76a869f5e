#include "vigil/check/config_check.h"

#include <utility>

#include "vigil/base/glob.h"
#include "vigil/discovery/target_file.h"
#include "vigil/net/http.h"

namespace vigil::check {
namespace {

class FileProblems {
 public:
  FileProblems(FileSystem& files, std::vector<std::string>& out) : files_(files), out_(out) {}

  void need(const std::string& file, const std::string& message) {
    if (!file.empty() && !files_.exists(file)) out_.push_back(message + ": \"" + file + "\" does not exist");
  }

  void client(const net::ClientRequest& http, const std::string& where) {
    need(http.authorization_file, where + ": error checking authorization credentials or bearer token file");
    need(http.username_file, where + ": error checking basic_auth username file");
    need(http.password_file, where + ": error checking basic_auth password file");
    need(http.tls.ca_file, where + ": error checking ca file");
    need(http.tls.cert_file, where + ": error checking client cert file");
    need(http.tls.key_file, where + ": error checking client key file");
  }

 private:
  FileSystem& files_;
  std::vector<std::string>& out_;
};

}  // namespace

Result<ConfigCheck> check_config(const std::filesystem::path& path, bool syntax_only, FileSystem& files) {
  VIGIL_TRY(const auto config, config::load_prometheus_config(path, files));
  ConfigCheck result;
  if (syntax_only) return result;

  FileProblems problems(files, result.problems);
  for (const std::string& pattern : config.rule_files) {
    const auto found = expand_glob(pattern, files);
    if (!found) {
      result.problems.push_back("rule_files: " + found.error().message());
      continue;
    }
    for (const std::string& file : *found) {
      if (files.exists(file)) {
        result.rule_files.push_back(file);
      } else {
        result.problems.push_back("rule_files: \"" + file + "\" does not point to an existing file");
      }
    }
    if (found->empty()) result.lint.push_back("rule_files: \"" + pattern + "\" matches no file");
  }
  for (const auto& job : config.scrape_configs) {
    const std::string where = "job \"" + job.job_name + "\"";
    problems.client(job.http, where);
    for (const auto& discovery : job.discovery.files) {
      for (const std::string& pattern : discovery.files) {
        const auto found = expand_glob(pattern, files);
        if (!found) {
          result.problems.push_back(where + ": file_sd_configs: " + found.error().message());
          continue;
        }
        if (found->empty()) result.lint.push_back(where + ": file_sd_configs: \"" + pattern + "\" matches no file yet");
        for (const std::string& file : *found) {
          if (!files.exists(file)) {
            result.lint.push_back(where + ": file_sd_configs: \"" + file + "\" does not exist yet");
          } else if (auto targets = check_target_file(file, files); !targets) {
            result.problems.push_back(targets.error().message());
          }
        }
      }
    }
    if (job.interval >= config::PrometheusConfig{}.scrape_interval * 5) {
      // The lookback of queries is five minutes: a graph of such a job has holes.
      result.lint.push_back(
          where + ": scrape_interval is not shorter than the lookback of queries, its series will look stale");
    }
  }
  for (std::size_t i = 0; i < config.alerting.alertmanagers.size(); ++i) {
    problems.client(config.alerting.alertmanagers[i].http, "alerting.alertmanagers[" + std::to_string(i) + "]");
  }
  return result;
}

Result<std::size_t> check_target_file(const std::filesystem::path& path, FileSystem& files) {
  const std::string extension = path.extension().string();
  if (extension != ".json" && extension != ".yml" && extension != ".yaml") {
    return fail(ErrorCode::kInvalidArgument,
                path.string() + ": invalid file extension: \"" + extension + "\" (expected .json, .yml or .yaml)");
  }
  VIGIL_TRY(const std::string text, files.read_file(path));
  VIGIL_TRY(const auto groups, discovery::parse_target_file(text, path.string()));
  std::size_t targets = 0;
  for (const auto& group : groups) targets += group.targets.size();
  return targets;
}

}  // namespace vigil::check
