// Any bytes as a DSN: what is accepted gives a URL that is one, and a header of one line;
// what is refused is not repeated.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "vigil/errors/sentry_dsn.h"
#include "vigil/net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vigil;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto dsn = errors::SentryDsn::parse(text);
  if (!dsn) {
    VIGIL_CHECK(size < 40 || !dsn.error().message().contains(text));
    return 0;
  }
  const auto url = net::Url::parse(dsn->envelope_url());
  VIGIL_CHECK(url.has_value());
  VIGIL_CHECK(url->userinfo.empty());
  VIGIL_CHECK(url->path.ends_with("/envelope/"));
  VIGIL_CHECK(!dsn->auth_header("vigil/1").contains('\n'));
  return 0;
}
