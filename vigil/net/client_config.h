// The HTTP client part of a configuration file, the same wherever a client is
// configured: basic_auth, authorization, bearer_token, tls_config, proxies,
// redirects, headers (Prometheus' `HTTPClientConfig`).
#pragma once

#include <filesystem>

#include "vigil/net/http.h"
#include "vigil/yaml/fields.h"

namespace vigil::net {

// Takes the keys it knows from `fields` and fills `request` with them. Relative
// file names are relative to `base`. What contradicts itself ("at most one of …")
// is added to the problems of `fields`.
void read_client_config(yaml::Fields& fields, const std::filesystem::path& base, ClientRequest& request);

// `base`/`file`, unless `file` is empty or absolute.
std::string resolve_file(const std::filesystem::path& base, const std::string& file);

}  // namespace vigil::net
