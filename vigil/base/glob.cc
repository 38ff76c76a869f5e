#include "vigil/base/glob.h"

#include <algorithm>
#include <cstddef>
#include <filesystem>

#include "vigil/base/strings.h"

namespace vigil {
namespace {

constexpr std::string_view kWildcards = "*?[\\";

// What one character of a name is compared with.
struct Item {
  enum class Type { kEnd, kStar, kAny, kSet, kLiteral, kBad };
  Type type = Type::kEnd;
  std::size_t size = 0;       // in the pattern
  char literal = 0;           // of kLiteral
  std::string_view set = {};  // of kSet: what stands between the brackets
};

// The next character of a set, or of a pattern after a backslash. False at a bad place.
bool take_character(std::string_view& set, char& out) {
  if (set.empty() || set[0] == '-' || set[0] == ']') return false;
  if (set[0] == '\\') {
    set.remove_prefix(1);
    if (set.empty()) return false;
  }
  out = set[0];
  set.remove_prefix(1);
  return true;
}

// Goes through `set`, which begins after '['. True if it is well formed up to its
// ']', which `end` is then set after; `hit` tells whether it holds `c`.
bool read_set(std::string_view set, char c, std::size_t& end, bool& hit) {
  const std::size_t whole = set.size();
  const bool negated = set.starts_with('^');
  if (negated) set.remove_prefix(1);
  bool found = false;
  for (bool first = true; first || !set.starts_with(']'); first = false) {
    char low = 0;
    if (!take_character(set, low)) return false;
    char high = low;
    if (set.starts_with('-')) {
      set.remove_prefix(1);
      if (!take_character(set, high)) return false;
    }
    const auto byte = static_cast<unsigned char>(c);
    found = found || (static_cast<unsigned char>(low) <= byte && byte <= static_cast<unsigned char>(high));
  }
  end = whole - set.size() + 1;
  hit = found != negated;
  return true;
}

Item item_at(std::string_view pattern) {
  if (pattern.empty()) return {};
  switch (pattern[0]) {
    case '*': return {.type = Item::Type::kStar, .size = 1, .literal = 0, .set = {}};
    case '?': return {.type = Item::Type::kAny, .size = 1, .literal = 0, .set = {}};
    case '[': {
      std::size_t size = 0;
      bool hit = false;
      if (!read_set(pattern.substr(1), 0, size, hit)) break;
      return {.type = Item::Type::kSet, .size = size + 1, .literal = 0, .set = pattern.substr(1)};
    }
    case '\\':
      if (pattern.size() == 1) break;
      return {.type = Item::Type::kLiteral, .size = 2, .literal = pattern[1], .set = {}};
    default: return {.type = Item::Type::kLiteral, .size = 1, .literal = pattern[0], .set = {}};
  }
  return {.type = Item::Type::kBad, .size = 0, .literal = 0, .set = {}};
}

bool matches(const Item& item, char c) {
  switch (item.type) {
    case Item::Type::kAny: return c != '/';
    case Item::Type::kLiteral: return c == item.literal;
    case Item::Type::kSet: {
      std::size_t end = 0;
      bool hit = false;
      return c != '/' && read_set(item.set, c, end, hit) && hit;
    }
    default: return false;
  }
}

// Of a pattern that check() has found good. A later star takes over from an earlier
// one: the names between them that the earlier could give back do not help.
bool match(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0, after_star = std::string_view::npos, star_end = 0;
  while (n < name.size()) {
    const Item item = item_at(pattern.substr(p));
    if (item.type == Item::Type::kStar) {
      after_star = ++p;
      star_end = n;
    } else if (matches(item, name[n])) {
      p += item.size;
      ++n;
    } else if (after_star != std::string_view::npos && name[star_end] != '/') {
      p = after_star;
      n = ++star_end;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<void> check(std::string_view pattern) {
  for (std::size_t p = 0; p < pattern.size();) {
    const Item item = item_at(pattern.substr(p));
    if (item.type == Item::Type::kBad) {
      return fail(ErrorCode::kInvalidArgument, "syntax error in the file name pattern " + go_quote(pattern));
    }
    p += item.size;
  }
  return {};
}

std::string join(const std::string& folder, const std::string& name) {
  if (folder.empty() || folder.ends_with('/')) return folder + name;
  return folder + '/' + name;
}

}  // namespace

Result<bool> glob_match(std::string_view pattern, std::string_view name) {
  VIGIL_TRY_VOID(check(pattern));
  return match(pattern, name);
}

Result<std::vector<std::string>> expand_glob(std::string_view pattern, FileSystem& files) {
  VIGIL_TRY_VOID(check(pattern));
  if (pattern.find_first_of(kWildcards) == std::string_view::npos) return std::vector{std::string(pattern)};
  // Element by element, as paths that exist so far.
  std::vector<std::string> found{pattern.starts_with('/') ? "/" : ""};
  for (std::size_t begin = 0; begin < pattern.size();) {
    const std::size_t end = std::min(pattern.find('/', begin), pattern.size());
    const std::string_view element = pattern.substr(begin, end - begin);
    begin = end + 1;
    if (element.empty()) continue;
    std::vector<std::string> next;
    for (const std::string& folder : found) {
      if (element.find_first_of(kWildcards) == std::string_view::npos) {
        std::string path = join(folder, std::string(element));
        if (files.exists(path)) next.push_back(std::move(path));
        continue;
      }
      const auto names = files.list(folder.empty() ? "." : folder);
      if (!names) continue;
      for (const std::string& name : *names) {
        if (match(element, name)) next.push_back(join(folder, name));
      }
    }
    found = std::move(next);
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace vigil
