#include "packs/reference/tests/documents.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string_view>
#include <utility>

namespace vigil::packs::testing {

const std::filesystem::path kRepository = VIGIL_SOURCE_DIR;

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<std::string> matches(const std::string& text, const std::regex& expression) {
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), expression), end; at != end; ++at) {
    found.push_back((*at)[expression.mark_count() > 0 ? 1 : 0]);
  }
  return found;
}
namespace {

Document take_apart(const std::filesystem::path& path, std::string pack) {
  Document document{.path = path, .pack = std::move(pack), .text = read(kRepository / path)};
  std::istringstream lines(document.text);
  std::string words;  // outside blocks
  bool in_block = false;
  bool wanted = false;
  std::string continued;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start != std::string::npos && line.compare(start, 3, "```") == 0) {
      in_block = !in_block;
      const std::string language = line.substr(start + 3);
      wanted = language.empty() || language == "sh" || language == "promql";
    } else if (!in_block) {
      words += line + "\n";
    } else if (wanted) {
      continued += line.substr(std::min(start, line.size()));
      if (continued.ends_with('\\')) {
        continued.back() = ' ';
        continue;
      }
      if (!continued.empty()) document.code_lines.push_back(continued);
      continued.clear();
    }
  }
  for (const std::string& span : matches(words, "`([^`\n]+)`")) {
    document.spans.push_back(std::regex_replace(span, std::regex("\\\\\\|"), "|"));  // as in a table's cell
  }
  words = std::regex_replace(words, std::regex("`[^`\n]*`"), "``");
  document.links = matches(words, "\\]\\(([^)\n]+)\\)");
  document.prose = std::regex_replace(words, std::regex("\\]\\([^)\n]*\\)"), "]");
  return document;
}

}  // namespace

const std::vector<Document>& documents() {
  static const std::vector<Document> all = [] {
    std::vector<Document> found{take_apart("README.md", ""), take_apart("docs/embedding.md", ""),
                                take_apart("docs/scenarios/README.md", "")};
    const auto add_folder = [&](const std::string& folder, const std::string& pack) {
      std::vector<std::filesystem::path> files;
      for (const auto& entry : std::filesystem::directory_iterator(kRepository / folder)) {
        if (entry.path().extension() == ".md") files.push_back(entry.path().lexically_relative(kRepository));
      }
      std::ranges::sort(files);
      for (const auto& file : files) {
        const std::string name = file.stem();
        found.push_back(take_apart(file, pack.empty() && folder == "docs/guide" && name != "README" ? name : pack));
      }
    };
    add_folder("docs/guide", "");
    add_folder("docs/operating", "");
    for (const auto& entry : std::filesystem::directory_iterator(kRepository / "packs")) {
      const std::string runbooks = "packs/" + entry.path().filename().string() + "/runbooks";
      if (std::filesystem::exists(kRepository / runbooks)) add_folder(runbooks, entry.path().filename());
    }
    return found;
  }();
  return all;
}

}  // namespace vigil::packs::testing
