#pragma once

namespace vigil::app {

inline constexpr const char* kVersion = VIGIL_VERSION;
inline constexpr const char* kRevision = VIGIL_REVISION;
inline constexpr const char* kCompiler = VIGIL_COMPILER;

}  // namespace vigil::app
