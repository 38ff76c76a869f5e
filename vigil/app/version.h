// Which vigil this is. The values come from the build.
#pragma once

namespace vigil::app {

extern const char* const kVersion;   // "0.1.0"
extern const char* const kRevision;  // of the source, "" outside a checkout
extern const char* const kCompiler;

// The Prometheus whose API this is: clients such as Grafana choose by buildinfo's
// version which endpoints they use.
inline constexpr const char* kApiVersion = "3.14.0";

}  // namespace vigil::app
