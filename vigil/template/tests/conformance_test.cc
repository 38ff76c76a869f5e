// Expansions recorded from a running Prometheus (conformance/alertmanager/template-rule-annotations.json).
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "vigil/base/strings.h"
#include "vigil/template/rule_functions.h"

namespace vigil::templates {
namespace {

std::string shared_directory() {
  const char* set = std::getenv("VIGIL_SHARED");
  if (set != nullptr) return set;
  return (std::filesystem::path(VIGIL_TESTDATA) / "../../../../../shared").lexically_normal().string();
}

// The series that existed when the expansions were recorded.
Result<std::vector<QuerySample>> recorded_query(const std::string& expression) {
  if (expression == "up_test{job='a'}")
    return std::vector<QuerySample>{{Labels{{"__name__", "up_test"}, {"job", "a"}}, 1}};
  if (expression == "up_test") {
    return std::vector<QuerySample>{{Labels{{"__name__", "up_test"}, {"job", "a"}}, 1},
                                    {Labels{{"__name__", "up_test"}, {"job", "b"}}, 0}};
  }
  if (expression == "bad{") {
    return fail(ErrorCode::kInvalidArgument, "1:5: parse error: unexpected end of input inside braces");
  }
  return std::vector<QuerySample>{};
}

// The alert's number is part of recorded errors.
std::string name_of(const std::string& message) {
  const std::size_t at = message.find("__alert_M");
  if (at == std::string::npos) return "__alert_M";
  return message.substr(at, message.find_first_not_of("0123456789", at + 9) - at);
}

TEST(RuleTemplate, ExpandsAsPrometheusDid) {
  const std::string path = shared_directory() + "/conformance/alertmanager/template-rule-annotations.json";
  std::ifstream file(path);
  if (!file) GTEST_SKIP() << "recorded expansions are missing: " << path << " (set VIGIL_SHARED)";
  const auto cases = nlohmann::json::parse(file);
  int equal = 0;
  for (const auto& each : cases) {
    const std::string text = each["template"];
    SCOPED_TRACE(text);
    const bool load_error = each.contains("load_error");
    const std::string expected = load_error ? each["load_error"] : each["output"];
    const auto parsed = RuleTemplate::parse(name_of(expected), text);
    std::string actual;
    if (parsed) {
      RuleData data;
      data.labels = Labels{{"instance", "p1:9100"}};
      data.value = parse_float(each["value"].get<std::string>()).value();
      data.external_labels = Labels{{"cluster", "c1"}};
      data.external_url = "http://prom.example.org/pfx";
      data.query = recorded_query;
      actual = parsed->expand_or_error(data);
    } else {
      actual = parsed.error().message();
    }
    EXPECT_EQ(parsed.has_value(), !load_error);
    EXPECT_EQ(actual, expected);
    equal += actual == expected ? 1 : 0;
  }
  std::printf("rule templates: %d of %zu equal\n", equal, cases.size());
}

}  // namespace
}  // namespace vigil::templates
