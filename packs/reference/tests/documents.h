// What the guide, the pages beside it and the runbooks say, taken apart for tests.
#pragma once

#include <filesystem>
#include <regex>
#include <string>
#include <vector>

namespace vigil::packs::testing {

extern const std::filesystem::path kRepository;

std::string read(const std::filesystem::path& file);

// The first group of every match; all of it where there is no group.
std::vector<std::string> matches(const std::string& text, const std::regex& expression);
inline std::vector<std::string> matches(const std::string& text, const char* expression) {
  return matches(text, std::regex(expression));
}

struct Document {
  std::filesystem::path path;                // relative to the repository
  std::string pack;                          // whose words these are; empty: of none
  std::string text;                          // all of it
  std::string prose = {};                    // without blocks of code, spans of code and targets of links
  std::vector<std::string> spans = {};       // `code` in a line, as it would be typed
  std::vector<std::string> code_lines = {};  // of blocks that are shell or PromQL, continued lines joined
  std::vector<std::string> links = {};       // targets
};

// The guide, what is beside it, and the runbooks of every pack.
const std::vector<Document>& documents();

}  // namespace vigil::packs::testing
