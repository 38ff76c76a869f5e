#include "vigil/check/dashboard_check.h"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>

#include "vigil/promql/parser.h"

namespace vigil::check {
namespace {

using Json = nlohmann::json;

constexpr int kColumns = 24;
constexpr int kMaxRows = 10'000;  // of the grid; a file asks for what it likes

// Text of a member, "" if there is none.
std::string text_of(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}
int number_of(const Json& object, const char* key, int otherwise) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_integer() ? found->get<int>() : otherwise;
}

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// $name, ${name} and ${name:format} become something a parser takes in their place: a
// duration after '[' or ':', a regular expression inside quotes, a name elsewhere.
std::string with_values(std::string_view expression) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\' && i + 1 < expression.size()) {
      out += c;
      out += expression[++i];
      continue;
    }
    if (c == '"') quoted = !quoted;
    const bool braced = c == '$' && i + 1 < expression.size() && expression[i + 1] == '{';
    if (c != '$' || i + 1 >= expression.size() || (!braced && !is_name(expression[i + 1])) ||
        (quoted && expression[i + 1] >= '0' && expression[i + 1] <= '9')) {  // "$1" of label_replace
      out += c;
      continue;
    }
    const bool duration = !out.empty() && (out.back() == '[' || out.back() == ':' || out.ends_with("offset "));
    out += quoted ? ".*" : duration ? "5m" : "x";
    if (braced) {
      const std::size_t end = expression.find('}', i);
      if (end == std::string_view::npos) break;
      i = end;
    } else {
      while (i + 1 < expression.size() && is_name(expression[i + 1])) ++i;
    }
  }
  return out;
}

class FileCheck {
 public:
  FileCheck(const DashboardFile& file, std::vector<std::string>& problems) : file_(file), problems_(problems) {}

  // The dashboard's uid, "" if it has none.
  std::string run() {
    Json board;
    try {
      board = Json::parse(file_.text);
    } catch (const Json::parse_error& error) {
      problem("not JSON, at byte " + std::to_string(error.byte));
      return {};
    } catch (const Json::out_of_range&) {
      problem("has a number that is out of range");
      return {};
    }
    if (!board.is_object()) {
      problem("not a dashboard: its top is no object");
      return {};
    }
    if (text_of(board, "title").empty()) problem("has no title");
    const std::string uid = text_of(board, "uid");
    if (uid.empty()) problem("has no uid: links to it break with every import");
    if (uid.size() > 40) problem("its uid is longer than Grafana's 40 characters");
    if (board.contains("panels")) panels(board["panels"], false);
    return uid;
  }

 private:
  void problem(const std::string& what) { problems_.push_back(file_.name + ": " + what); }

  void panels(const Json& list, bool inside_row) {
    if (!list.is_array()) return problem("\"panels\" is no list");
    std::map<std::pair<int, int>, std::string> taken;
    for (const Json& panel : list) {
      if (!panel.is_object()) {
        problem("a panel is no object");
        continue;
      }
      const std::string title = text_of(panel, "title");
      if (title.empty()) problem("a panel has no title");
      place(panel, title, taken);
      if (text_of(panel, "type") == "row" && panel.contains("panels")) {
        if (inside_row) {
          problem("row \"" + title + "\" is inside a row");
        } else {
          panels(panel["panels"], true);  // of a collapsed row: a grid of their own
        }
        continue;
      }
      if (panel.contains("targets") && panel["targets"].is_array()) {
        for (const Json& target : panel["targets"]) query(target, title);
      }
    }
  }

  void place(const Json& panel, const std::string& title, std::map<std::pair<int, int>, std::string>& taken) {
    const auto found = panel.find("gridPos");
    if (found == panel.end() || !found->is_object()) return problem("panel \"" + title + "\" has no gridPos");
    const int x = number_of(*found, "x", -1), y = number_of(*found, "y", -1);
    const int w = number_of(*found, "w", 0), h = number_of(*found, "h", 0);
    if (x < 0 || y < 0 || w < 1 || h < 1 || w > kColumns || x > kColumns - w || y > kMaxRows || h > kMaxRows) {
      return problem("panel \"" + title + "\" is not on the grid of 24 columns");
    }
    std::set<std::string> told;
    for (int column = x; column < x + w; ++column) {
      for (int row = y; row < y + h; ++row) {
        const auto [at, free] = taken.emplace(std::pair{column, row}, title);
        if (!free && told.insert(at->second).second) {
          problem("panel \"" + title + "\" lies over \"" + at->second + "\"");
        }
      }
    }
  }

  void query(const Json& target, const std::string& title) {
    if (!target.is_object()) return;
    const auto source = target.find("datasource");
    if (source != target.end() && source->is_object() && text_of(*source, "type") != "prometheus") return;
    const std::string expression = text_of(target, "expr");
    if (expression.empty()) return problem("panel \"" + title + "\" has an empty query");
    if (const auto parsed = promql::parse(with_values(expression)); !parsed) {
      problem("panel \"" + title + "\": " + parsed.error().message() + " in " + expression);
    }
  }

  const DashboardFile& file_;
  std::vector<std::string>& problems_;
};

}  // namespace

std::vector<std::string> check_dashboards(std::span<const DashboardFile> files) {
  std::vector<std::string> problems;
  std::map<std::string, std::string> owner;  // of each uid
  for (const DashboardFile& file : files) {
    const std::string uid = FileCheck(file, problems).run();
    if (uid.empty()) continue;
    const auto [at, first] = owner.emplace(uid, file.name);
    if (!first) problems.push_back(file.name + ": has the uid of " + at->second + ", \"" + uid + "\"");
  }
  return problems;
}

}  // namespace vigil::check
