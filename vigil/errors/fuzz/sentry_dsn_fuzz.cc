// Any bytes as a DSN: what is accepted gives a URL that is one, and a header of one line;
// what is refused is not repeated.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "vigil/errors/sentry_dsn.h"
#include "vigil/net/url.h"

namespace {

using namespace vigil;

constexpr std::string_view kMarker = "Zq7x";  // in no text of ours

void parse(const std::string& text) {
  const auto dsn = errors::SentryDsn::parse(text);
  if (!dsn) {
    VIGIL_CHECK(!dsn.error().message().contains(kMarker));
    return;
  }
  const auto url = net::Url::parse(dsn->envelope_url());
  VIGIL_CHECK(url.has_value());
  VIGIL_CHECK(url->userinfo.empty());
  VIGIL_CHECK(url->path.ends_with("/envelope/"));
  VIGIL_CHECK(!dsn->auth_header("vigil/1").contains('\n'));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string marker(kMarker);
  parse(text);
  parse(marker + text);
  parse(text + marker);
  parse("https://" + marker + text);
  return 0;
}
