// From a TLS configuration to OpenSSL's context. Internal to net.
#pragma once

#include <memory>

#include "vigil/base/error.h"
#include "vigil/net/web_config.h"

using SSL_CTX = struct ssl_ctx_st;

namespace vigil::net {

// Immutable once made; used by all connections.
using TlsContext = std::shared_ptr<SSL_CTX>;

// Uses the PEM texts of `tls`. Errors name what does not fit ("the key is not the
// certificate's") and the file it came from, never content.
Result<TlsContext> make_tls_context(const WebTls& tls);

}  // namespace vigil::net
