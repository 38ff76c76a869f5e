// Answers for the web page: a pure function from a request to a response, so
// that every rule about caching and encodings can be tested without a socket.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace vigil::ui {

struct ServedAsset {
  int status = 200;
  std::vector<std::pair<std::string, std::string>> headers;  // complete but for Content-Length
  std::string body;  // what GET would send, also for HEAD: the HTTP layer knows the length from it
};

// The value of a request header, or "". Names are given in lower case and
// compare without case.
using RequestHeader = std::function<std::string_view(std::string_view name)>;

// The answer to a request for `path` (decoded, without query), or nothing when
// the path is none of the page's: ask after /api, /metrics and the like.
//
//  - A file of the page: brotli, gzip or plain as Accept-Encoding asks, with a
//    strong ETag per encoding, 304 for If-None-Match, and `immutable` caching for
//    files whose name carries their hash.
//  - "/", a path of one segment without a dot, and paths below "/runbooks", asked for
//    as HTML: the index page. The application routes by the path itself ("/query",
//    "/runbooks/mpc/MPCNodeDown"). The page finds its files relative to its own folder,
//    which the index of a deeper path names in a <base>.
//  - The same with a slash at its end: 308 to the path without.
//  - Methods other than GET and HEAD on any of these: 405.
//
//   if (auto answer = ui::serve(request.method, request.path,
//                               [&](std::string_view name) { return request.headers.get(name); })) …
//
// Thread-safe.
std::optional<ServedAsset> serve(std::string_view method, std::string_view path, const RequestHeader& header);

}  // namespace vigil::ui
