#pragma once

namespace vigil::app {

inline constexpr const char* kVersion = VIGIL_VERSION;
// The Prometheus whose API this is: clients such as Grafana choose by buildinfo's
// version which endpoints they use.
inline constexpr const char* kApiVersion = "3.14.0";
inline constexpr const char* kRevision = VIGIL_REVISION;
inline constexpr const char* kCompiler = VIGIL_COMPILER;

}  // namespace vigil::app
