// Prometheus' own test language for PromQL (`load`, `eval instant at …`): reads `.test`
// files and runs them. `vigil test promql FILE…` and the conformance tests are this.
//
// The file format is that of Prometheus' promqltest, with all it does for every instant
// evaluation: the query as written; with `@ t` on every selector, at five other times;
// and each of these as the middle step of a range query.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "vigil/base/clock.h"
#include "vigil/base/error.h"
#include "vigil/promql/engine.h"
#include "vigil/storage_api/appender.h"
#include "vigil/storage_api/queryable.h"

namespace vigil::promql {

// Where the data of a file is loaded into; a fresh one for every `clear`.
class TestStore {
 public:
  virtual ~TestStore() = default;
  virtual Appendable& appendable() = 0;
  virtual Queryable& queryable() = 0;
};

struct TestFileOptions {
  TestFileOptions();  // the engine settings that Prometheus' files assume

  EngineOptions engine;
  Clock* clock = &Clock::system();
  // The extra runs of every instant evaluation.
  bool reruns = true;
  // Default: a MemoryStorage.
  std::function<Result<std::unique_ptr<TestStore>>()> make_store;
};

struct TestFileFailure {
  std::size_t line = 0;  // 1-based, of the command
  std::string message;   // what was run, expected and found
  bool core = true;
};

struct TestFileResult {
  std::string name;
  // Single evaluations; the extra runs belong to theirs. A command that cannot be read
  // or a load that fails counts as one failure and ends the file.
  std::size_t passed = 0;
  std::size_t failed = 0;
  // Of these: evaluations that need neither native histograms nor experimental functions.
  std::size_t core_passed = 0;
  std::size_t core_failed = 0;
  std::vector<TestFileFailure> failures;

  std::size_t total() const { return passed + failed; }
};

// `name` is for messages only.
TestFileResult run_test_file(std::string_view name, std::string_view content, const TestFileOptions& options = {});

}  // namespace vigil::promql
