#include <cstdint>
#include <string_view>

#include "vigil/base/error.h"
#include "vigil/net/answer.h"
#include "vigil/net/gzip.h"
#include "vigil/net/http.h"
#include "vigil/net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vigil::net;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto params = Params::parse(text)) {
    const auto again = Params::parse(params->encode());
    VIGIL_CHECK(again && again->pairs() == params->pairs());
  }
  if (const auto url = Url::parse(text)) {
    const auto again = Url::parse(url->to_string());
    VIGIL_CHECK(again && again->host == url->host && again->path == url->path && again->query == url->query);
  }
  static_cast<void>(redact_url(text));
  static_cast<void>(accepts_gzip(text));
  static_cast<void>(gzip_decompress(text, 1U << 20));
  return 0;
}
