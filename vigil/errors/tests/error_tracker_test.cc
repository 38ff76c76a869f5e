#include "vigil/errors/error_tracker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>
#include <unordered_set>

#include "vigil/base/fake_clock.h"
#include "vigil/base/log.h"
#include "vigil/errors/fingerprint.h"

namespace vigil::errors {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr Timestamp kNow = 1767323045678;  // 2026-01-02T03:04:05.678Z

// Keeps what goes to the structured log.
class LogCapture {
 public:
  LogCapture() {
    log::set_sink([this](log::Level, std::string_view line) { lines_.emplace_back(line); });
  }
  ~LogCapture() { log::set_sink({}); }
  std::vector<json> records() const {
    std::vector<json> out;
    for (const std::string& line : lines_) out.push_back(json::parse(line));
    return out;
  }

 private:
  std::vector<std::string> lines_;
};

[[gnu::noinline]] StackTrace capture_here() { return StackTrace::capture(); }

// ZK-45
TEST(ErrorSeverity, PrintsAsItsLabelValue) {
  for (const std::string_view name : kSeverityNames) EXPECT_EQ(to_string(parse_severity(name).value()), name);
  EXPECT_EQ(to_string(ErrorSeverity::kCritical), "critical");
  EXPECT_EQ(parse_severity("Error").error().code(), ErrorCode::kInvalidArgument);
}

// ZK-42
TEST(ErrorContext, WritesWhatIsSet) {
  EXPECT_EQ(ErrorContext().to_json(), "{}");
  const ErrorContext context{.operation_id = "op",
                             .circuit_id = "groth16_v1",
                             .proof_type = "plonk",
                             .security_level = 128,
                             .constraint_count = 100000,
                             .memory_usage_bytes = 1024ULL * 1024 * 100,
                             .duration_ms = 150.5,
                             .custom_fields = {{"input_hash", "0xabc..."}, {"expected\"hash", "0x\n\xff"}}};
  EXPECT_EQ(context.to_json(),
            R"({"operation_id":"op","circuit_id":"groth16_v1","proof_type":"plonk","security_level":128,)"
            R"("constraint_count":100000,"memory_usage_bytes":104857600,"duration_ms":150.5,)"
            R"("custom_fields":{"expected\"hash":"0x\n�","input_hash":"0xabc..."}})");
}

// ZK-43
TEST(OperationId, IsARandomUuid) {
  const std::string id = new_operation_id();
  EXPECT_THAT(id, testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  std::unordered_set<std::string> ids;
  for (int i = 0; i < 1'000'000; ++i) ids.insert(new_operation_id());
  EXPECT_EQ(ids.size(), 1'000'000U);
}

TEST(OperationId, OfAForkedChildIsItsOwn) {
  static_cast<void>(new_operation_id());
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    const std::string id = new_operation_id();
    _exit(write(ends[1], id.data(), id.size()) == 36 ? 0 : 1);
  }
  std::string of_child(36, ' ');
  ASSERT_EQ(read(ends[0], of_child.data(), of_child.size()), 36);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  close(ends[0]);
  close(ends[1]);
  EXPECT_NE(of_child, new_operation_id());
}

// ZK-44
TEST(StackTrace, NamesItsCaller) {
  const StackTrace trace = capture_here();
  ASSERT_FALSE(trace.frames().empty());
  EXPECT_THAT(trace.frames().front().function, HasSubstr("capture_here"));
  EXPECT_THAT(trace.to_string(), HasSubstr("NamesItsCaller"));
  EXPECT_THAT(trace.to_string(), HasSubstr("error_tracker_test.cc:"));
  EXPECT_EQ(StackTrace("from afar").to_string(), "from afar");
}

TEST(StackTrace, OfDeepRecursionIsBounded) {
  struct Recursion {
    [[gnu::noinline]] static StackTrace dive(int depth) {
      StackTrace trace = depth == 0 ? StackTrace::capture() : dive(depth - 1);
      return trace;
    }
  };
  const StackTrace trace = Recursion::dive(1000);
  std::size_t frames = 0;
  for (const StackFrame& frame : trace.frames()) frames += frame.inlined ? 0 : 1;
  EXPECT_EQ(frames, StackTrace::kMaxFrames);
}

TEST(Fingerprint, TemplateLeavesOutWhatDiffers) {
  struct Case {
    std::string_view message, expected;
  };
  const Case cases[] = {
      {"", ""},
      {"out of memory", "out of memory"},
      {"proof 0xab12 failed after 150.5 ms", "proof <id> failed after #.# ms"},
      {"retry 3/10 in 30s", "retry #/# in #s"},
      {"groth16 circuit node-7 v2", "groth16 circuit node-# v2"},
      {"op 0b62d4d6-6b1c-4f0e-9df3-7e2a5f1c2b90 lost", "op <id> lost"},
      {"op aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee.", "op <id>."},
      {"block deadbeef01 feedface", "block <id> feedface"},  // without a digit it may be a word
      {"height 123456789", "height #"},
      {"0x", "#x"},
      {"ünïcode 5", "ünïcode #"},
  };
  for (const Case& c : cases) EXPECT_EQ(message_template(c.message), c.expected) << c.message;
}

TEST(Fingerprint, TellsKindsOfErrorsApart) {
  const StructuredError base{.category = "timeout", .message = "peer 7 is slow"};
  struct Case {
    std::string_view name;
    StructuredError error;
    bool same;
  };
  const Case cases[] = {
      {"another number", {.category = "timeout", .message = "peer 8 is slow"}, true},
      {"another severity",
       {.category = "timeout", .message = base.message, .severity = ErrorSeverity::kCritical},
       true},
      {"another context", {.category = "timeout", .message = base.message, .context = {.circuit_id = "x"}}, true},
      {"another text", {.category = "timeout", .message = "peer 7 is gone"}, false},
      {"another category", {.category = "verification", .message = base.message}, false},
      {"moved border", {.category = "timeoutpeer", .message = " 7 is slow"}, false},
      {"a group", {.category = "timeout", .message = base.message, .group = "slow"}, false},
  };
  for (const Case& c : cases) EXPECT_EQ(fingerprint(c.error) == fingerprint(base), c.same) << c.name;
  EXPECT_EQ(fingerprint({.category = "a", .message = "x", .group = "g"}),
            fingerprint({.category = "a", .message = "y", .group = "g"}));
  EXPECT_EQ(fingerprint_text(0xab), "00000000000000ab");
}

// ZK-05, ZK-41
TEST(ErrorTracker, WritesOneRecordWithAllFields) {
  LogCapture log;
  FakeClock clock(kNow);
  ErrorTracker tracker({.system = "zk", .clock = &clock});
  tracker.track_error({.category = "proof_generation",
                       .message = "Failed to generate witness",
                       .severity = ErrorSeverity::kCritical,
                       .context = {.circuit_id = "groth16_v1"},
                       .stack_trace = capture_here()});
  tracker.track_error({.category = "timeout", .message = "late", .timestamp = kNow - 1000});
  const auto records = log.records();
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0]["timestamp"], "2026-01-02T03:04:05.678Z");
  EXPECT_EQ(records[0]["level"], "error");
  EXPECT_EQ(records[0]["component"], "zk");
  EXPECT_EQ(records[0]["category"], "proof_generation");
  EXPECT_EQ(records[0]["message"], "Failed to generate witness");
  EXPECT_EQ(records[0]["severity"], "critical");
  EXPECT_EQ(records[0]["context"], json({{"circuit_id", "groth16_v1"}}));
  EXPECT_THAT(std::string(records[0]["stack_trace"]), HasSubstr("capture_here"));
  EXPECT_EQ(records[1]["timestamp"], "2026-01-02T03:04:04.678Z");
  EXPECT_EQ(records[1]["context"], json::object());
  EXPECT_FALSE(records[1].contains("stack_trace"));
}

// ZK-39, ZK-46, ZK-48
TEST(ErrorTracker, SummaryEqualsWhatWasTracked) {
  LogCapture log;
  std::map<std::string, int> counted;
  ErrorTracker tracker({.hooks = {.tracked = [&](std::string_view category, ErrorSeverity severity) {
                          ++counted[std::string(category) + "/" + std::string(to_string(severity))];
                        }}});
  EXPECT_EQ(tracker.get_summary().total_errors, 0U);
  EXPECT_EQ(ErrorTracker().get_summary().total_errors, 0U);
  for (const std::string_view category : kProofCategories) tracker.track_error({.category = std::string(category)});
  tracker.track_error({.category = "timeout", .severity = ErrorSeverity::kWarning});
  tracker.track_error({.category = "unheard of"});
  tracker.track_error({.category = "another", .severity = ErrorSeverity::kCritical});

  const ErrorSummary summary = tracker.get_summary();
  EXPECT_EQ(summary.total_errors, 11U);
  EXPECT_EQ(summary.by_category.size(), 9U);
  EXPECT_EQ(summary.by_category.at("timeout"), 2U);
  EXPECT_EQ(summary.by_category.at("other"), 2U);
  EXPECT_THAT(summary.by_severity, ElementsAre(Pair(ErrorSeverity::kWarning, 1), Pair(ErrorSeverity::kError, 9),
                                               Pair(ErrorSeverity::kCritical, 1)));
  EXPECT_EQ(summary.held_back, 0U);
  ASSERT_EQ(summary.groups.size(), 10U);
  EXPECT_EQ(summary.groups[0].category, "timeout");
  EXPECT_EQ(summary.groups[0].count, 2U);
  EXPECT_EQ(counted["timeout/warning"], 1);
  EXPECT_EQ(counted["timeout/error"], 1);
  EXPECT_EQ(counted["other/critical"], 1);
  EXPECT_EQ(counted.size(), 11U);
}

TEST(ErrorTracker, HoldsBackRepetitionsAndSaysHowMany) {
  LogCapture log;
  FakeClock clock(kNow);
  int repeated = 0;
  ErrorTracker tracker({.hooks = {.repeated = [&](std::string_view category) { repeated += category == "timeout"; }},
                        .limits = {.per_group = {.burst = 3, .per_second = 0.5}},
                        .clock = &clock});
  const auto track = [&](int times) {
    for (int i = 0; i < times; ++i) tracker.track_error({.category = "timeout", .message = "peer 7"});
  };
  track(10);  // 3 records, 7 held back
  EXPECT_EQ(log.records().size(), 3U);
  EXPECT_EQ(repeated, 7);
  tracker.track_error({.category = "timeout", .message = "of another kind"});
  EXPECT_EQ(log.records().size(), 4U);
  clock.advance(1 * kSecond);
  track(1);  // half a token
  clock.advance(1 * kSecond);
  track(2);  // one of them
  const auto records = log.records();
  ASSERT_EQ(records.size(), 5U);
  EXPECT_FALSE(records[0].contains("repeated"));
  EXPECT_EQ(records[4]["repeated"], 8);
  const ErrorSummary summary = tracker.get_summary();
  EXPECT_EQ(summary.total_errors, 14U);
  EXPECT_EQ(summary.held_back, 9U);
  EXPECT_EQ(summary.groups[0].count, 13U);
  EXPECT_EQ(summary.groups[0].first_seen, kNow);
  EXPECT_EQ(summary.groups[0].last_seen, kNow + 2 * kSecond);
}

TEST(ErrorTracker, LimitsAllTogether) {
  LogCapture log;
  FakeClock clock(kNow);
  metrics::Registry registry;
  ErrorTracker tracker({.limits = {.all = {.burst = 5, .per_second = 1}}, .clock = &clock, .registry = registry});
  for (int i = 0; i < 20; ++i) tracker.track_error({.category = "timeout", .group = std::to_string(i)});
  EXPECT_EQ(log.records().size(), 5U);
  clock.advance(kMinute);
  tracker.track_error({.category = "timeout", .group = "19"});
  ASSERT_EQ(log.records().size(), 6U);
  EXPECT_EQ(log.records()[5]["repeated"], 1);
  EXPECT_EQ(tracker.get_summary().held_back, 15U);
  const metrics::Counter<"reason"> held_back{registry,
                                             "vigil_errors_held_back_total",
                                             "Tracked errors that were counted but not written to log and Sentry, "
                                             "because of a limit.",
                                             {.closed = {metrics::closed<"reason", "repeated", "rate_limit">}}};
  EXPECT_EQ(held_back.with("rate_limit").value(), 15);
  EXPECT_THAT(registry.problems(), testing::IsEmpty());
}

TEST(ErrorTracker, ForgetsTheKindNotSeenForLongest) {
  LogCapture log;
  FakeClock clock(kNow);
  ErrorTracker tracker({.limits = {.max_groups = 3}, .clock = &clock});
  for (const char* group : {"a", "b", "c", "a", "d"}) tracker.track_error({.category = "timeout", .group = group});
  std::map<std::string, std::uint64_t> counts;
  for (const ErrorGroup& group : tracker.get_summary().groups) counts[group.fingerprint] = group.count;
  const auto key = [](const char* group) {
    return fingerprint_text(fingerprint({.category = "timeout", .group = group}));
  };
  EXPECT_EQ(counts, (std::map<std::string, std::uint64_t>{{key("a"), 2}, {key("c"), 1}, {key("d"), 1}}));
  EXPECT_EQ(tracker.get_summary().total_errors, 5U);
}

TEST(ErrorTracker, CutsLongTexts) {
  LogCapture log;
  ErrorTracker tracker(
      {.limits = {.max_message_bytes = 4, .max_custom_fields = 2, .max_field_bytes = 5, .max_stack_trace_bytes = 6}});
  tracker.track_error(
      {.category = "timeout",
       .message = "abcü",
       .context = {.circuit_id = "123456", .custom_fields = {{"a", "123456"}, {"bbbbbb", "x"}, {"c", "y"}}},
       .stack_trace = StackTrace("1234567")});
  const json record = log.records().at(0);
  EXPECT_EQ(record["message"], "abc");
  EXPECT_EQ(record["context"], json({{"circuit_id", "12345"}, {"custom_fields", {{"a", "12345"}}}}));
  EXPECT_EQ(record["stack_trace"], "123456");
}

// ZK-40
TEST(ErrorTracker, CountsFromManyThreads) {
  log::set_sink([](log::Level, std::string_view) {});
  std::atomic<int> hooked = 0;
  ErrorTracker tracker({.hooks = {.tracked = [&](std::string_view, ErrorSeverity) { ++hooked; }},
                        .limits = {.max_groups = 8, .per_group = {.burst = 2, .per_second = 1}}});
  constexpr int kThreads = 8;
  constexpr int kEach = 500;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&tracker, t] {
        for (int i = 0; i < kEach; ++i) {
          tracker.track_error({.category = std::string(kProofCategories[static_cast<std::size_t>(i % 8)]),
                               .message = "thread",
                               .stack_trace = StackTrace::capture(),
                               .group = std::to_string((t + i) % 20)});
          if (i % 50 == 0) static_cast<void>(tracker.get_summary());
        }
      });
    }
  }
  log::set_sink({});
  EXPECT_EQ(tracker.get_summary().total_errors, static_cast<std::uint64_t>(kThreads * kEach));
  EXPECT_EQ(hooked, kThreads * kEach);
}

}  // namespace
}  // namespace vigil::errors
