#include "vigil/ui/serve.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "vigil/ui/assets.h"

namespace vigil::ui {
namespace {

// Styles may be inline because the graph and editor libraries set them; scripts may not.
constexpr std::string_view kContentSecurityPolicy = "default-src 'self'; style-src 'self' 'unsafe-inline'";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// Calls `each` with every trimmed element of a comma-separated header.
template <class Each>
void for_each_element(std::string_view list, Each each) {
  while (!list.empty()) {
    std::size_t comma = list.find(',');
    std::string_view element = trimmed(list.substr(0, comma));
    if (!element.empty()) each(element);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

// The weight of "gzip;q=0.5"; 1 without one, 0 if it makes no sense.
double weight(std::string_view parameters) {
  while (!parameters.empty()) {
    std::size_t end = parameters.find(';');
    std::string_view parameter = trimmed(parameters.substr(0, end));
    if (parameter.size() > 2 && same_word(parameter.substr(0, 2), "q=")) {
      double q = 0;
      std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), q);
      return q;
    }
    if (end == std::string_view::npos) break;
    parameters.remove_prefix(end + 1);
  }
  return 1;
}

enum class Encoding { kIdentity, kGzip, kBrotli };

// What the client likes best, the smaller copy at equal weight. Identity where
// it accepts nothing we have: an answer it can read beats a correct 406.
Encoding choose_encoding(std::string_view accept, const Asset& asset) {
  double brotli = -1;
  double gzip = -1;
  double any = -1;
  for_each_element(accept, [&](std::string_view element) {
    std::size_t semicolon = element.find(';');
    std::string_view name = trimmed(element.substr(0, semicolon));
    double q = semicolon == std::string_view::npos ? 1 : weight(element.substr(semicolon + 1));
    if (same_word(name, "br")) brotli = q;
    if (same_word(name, "gzip") || same_word(name, "x-gzip")) gzip = q;
    if (name == "*") any = q;
  });
  if (brotli < 0) brotli = any;
  if (gzip < 0) gzip = any;
  if (asset.brotli.empty()) brotli = 0;
  if (brotli > 0 && brotli >= gzip) return Encoding::kBrotli;
  return gzip > 0 ? Encoding::kGzip : Encoding::kIdentity;
}

// Strong tags name bytes, and each encoding has other bytes.
std::string entity_tag(const Asset& asset, Encoding encoding) {
  std::string_view suffix = encoding == Encoding::kBrotli ? "-br" : encoding == Encoding::kGzip ? "-gz" : "";
  return "\"" + std::string(asset.tag) + std::string(suffix) + "\"";
}

// If-None-Match uses weak comparison: a proxy may have added W/.
bool matches(std::string_view if_none_match, std::string_view tag) {
  bool found = false;
  for_each_element(if_none_match, [&](std::string_view candidate) {
    if (candidate.starts_with("W/")) candidate.remove_prefix(2);
    found = found || candidate == tag || candidate == "*";
  });
  return found;
}

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// The page finds its files relative to its own folder: below it, it must be told where that is.
std::string index_for_depth(std::size_t depth) {
  std::string up;
  for (std::size_t i = 1; i < depth; ++i) up += "../";
  std::string html = inflated(index_page());
  constexpr std::string_view kHead = "<head>";
  html.insert(html.find(kHead) + kHead.size(), "<base href=\"" + up + "\" />");
  return html;
}

// `depth`: of the route below the page's folder; only the index is served deeper than 1.
ServedAsset answer_with(const Asset& asset, const RequestHeader& header, std::size_t depth) {
  // A deep index is a few hundred bytes made on the spot, not worth compressing.
  Encoding encoding = depth > 1 ? Encoding::kIdentity : choose_encoding(header("accept-encoding"), asset);
  std::string tag = entity_tag(asset, encoding);
  if (depth > 1) tag.insert(tag.size() - 1, "-" + std::to_string(depth));
  ServedAsset answer;
  answer.headers = {
      {"ETag", tag},
      {"Cache-Control", asset.immutable ? "public, max-age=31536000, immutable" : "no-cache"},
      {"Vary", "Accept-Encoding"},
      {"X-Content-Type-Options", "nosniff"},
      {"Content-Security-Policy", std::string(kContentSecurityPolicy)},
      {"Referrer-Policy", "same-origin"},
  };
  if (matches(header("if-none-match"), tag)) {
    answer.status = 304;
    return answer;
  }
  answer.headers.emplace_back("Content-Type", asset.content_type);
  switch (encoding) {
    case Encoding::kBrotli:
      answer.headers.emplace_back("Content-Encoding", "br");
      answer.body = text(asset.brotli);
      break;
    case Encoding::kGzip:
      answer.headers.emplace_back("Content-Encoding", "gzip");
      answer.body = text(asset.gzip);
      break;
    case Encoding::kIdentity: answer.body = depth > 1 ? index_for_depth(depth) : inflated(asset); break;
  }
  return answer;
}

bool asks_for_html(std::string_view accept) {
  bool html = false;
  for_each_element(accept, [&](std::string_view element) {
    html = html || same_word(trimmed(element.substr(0, element.find(';'))), "text/html");
  });
  return html;
}

// Pages that have others below them, with the longest of their paths.
struct Folder {
  std::string_view name;
  std::size_t max_depth;
};
constexpr Folder kFolders[] = {{"/runbooks/", 3}};

// How many segments a route of the application has: 1 for "/query", 3 for "/runbooks/mpc/MPCNodeDown"; 0 for what is
// no route, as "/a/b" and "/missing.js".
std::size_t depth_of_route(std::string_view path) {
  if (!path.starts_with('/') || path.find('.') != std::string_view::npos) return 0;
  if (path.find("//") != std::string_view::npos || (path.size() > 1 && path.ends_with('/'))) return 0;
  const auto depth = static_cast<std::size_t>(std::ranges::count(path, '/'));
  const auto fits = [&](const Folder& folder) { return path.starts_with(folder.name) && depth <= folder.max_depth; };
  return depth == 1 || std::ranges::any_of(kFolders, fits) ? depth : 0;
}

}  // namespace

std::optional<ServedAsset> serve(std::string_view method, std::string_view path, const RequestHeader& header) {
  const Asset* asset = find_asset(path);
  bool navigation = asks_for_html(header("accept"));
  std::size_t depth = depth_of_route(path);
  if (path == "/" || (asset == nullptr && navigation && depth > 0)) asset = &index_page();
  bool slash = asset == nullptr && navigation && path.size() > 2 && path.ends_with('/') &&
               depth_of_route(path.substr(0, path.size() - 1)) > 0;
  if (asset == nullptr && !slash) return std::nullopt;
  if (method != "GET" && method != "HEAD") {
    return ServedAsset{.status = 405, .headers = {{"Allow", "GET, HEAD"}}, .body = {}};
  }
  if (slash) {
    // Relative, so that it survives a proxy that strips a prefix.
    path.remove_suffix(1);
    std::string target = "../" + std::string(path.substr(path.rfind('/') + 1));
    return ServedAsset{.status = 308, .headers = {{"Location", target}}, .body = {}};
  }
  return answer_with(*asset, header, asset == &index_page() ? depth : 1);
}

}  // namespace vigil::ui
