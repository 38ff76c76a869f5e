#include "vigil/app/version.h"

namespace vigil::app {

const char* const kVersion = VIGIL_VERSION;
const char* const kRevision = VIGIL_REVISION;
const char* const kCompiler = VIGIL_COMPILER;

}  // namespace vigil::app
