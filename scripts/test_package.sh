#!/usr/bin/env bash
# The package from outside: installs what was built in BUILD_DIR into a temporary
# prefix, and builds and runs the examples as another project would, with
# find_package() and with pkg-config. Ends with `N passed, M failed`.
set -u
cd "$(dirname "$0")/.."
ROOT=$PWD
BUILD=$(cd "$1" && pwd)
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
PREFIX=$WORK/prefix
CXX=${CXX:-c++}
command -v ccache >/dev/null && CXX="ccache $CXX"
passed=0 failed=0
# check NAME COMMAND...: its output is shown if it fails.
check() {
  local name=$1; shift
  if "$@" >"$WORK/log" 2>&1; then passed=$((passed + 1)); echo "ok: $name"
  else failed=$((failed + 1)); echo "FAILED: $name"; tail -n 40 "$WORK/log" | sed 's/^/    /'; fi
}
refuses() { ! "$@"; }

# What the examples print; each program has a directory of its own.
embedded_works() {
  [ "$("$1" "$(mktemp -d "$WORK/data.XXXX")")" = 'alert {alertname="VotesRejected", job="node", severity="critical", vote="no"}
{job="node"} 3' ]
}
metrics_only_works() { "$1" 127.0.0.1:0 </dev/null | grep -qx 'http://127.0.0.1:[0-9]*/metrics'; }

check install cmake --install "$BUILD" --component development --prefix "$PREFIX"
check "headers are installed" test -f "$PREFIX/include/vigil/metrics/metrics.h" -a -f "$PREFIX/include/packs/mpc/catalog.h"
check "no test is installed" test -z "$(find "$PREFIX" -name '*_test' -o -name tests -o -name testing)"
check "nothing points into the source tree" refuses grep -rn -e "$ROOT" -e "$BUILD" "$PREFIX/lib/cmake" "$PREFIX/lib/pkgconfig"

mkdir -p "$WORK/project" "$WORK/metrics"
cp -r examples/embedded examples/metrics_only "$WORK/project"
cat >"$WORK/project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES CXX)
find_package(vigil 0.1 REQUIRED COMPONENTS metrics expose engine pack_mpc)
add_executable(embedded embedded/main.cc)
target_link_libraries(embedded PRIVATE vigil::engine)
add_executable(metrics_only metrics_only/main.cc)
target_link_libraries(metrics_only PRIVATE vigil::expose)
file(WRITE ${CMAKE_BINARY_DIR}/pack.cc "#include \"packs/mpc/mpc_metrics.h\"\nint main() {}\n")
add_executable(pack ${CMAKE_BINARY_DIR}/pack.cc)
target_link_libraries(pack PRIVATE vigil::pack_mpc)
CMAKE
cat >"$WORK/metrics/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(outside LANGUAGES CXX)
find_package(vigil REQUIRED COMPONENTS ${COMPONENT})
file(WRITE ${CMAKE_BINARY_DIR}/main.cc [[
#include "vigil/metrics/metrics.h"
inline constinit vigil::metrics::Counter<> events{"events_total", "Events."};
int main() { events.inc(3); return events.value() == 3 ? 0 : 1; }
]])
add_executable(instrumented ${CMAKE_BINARY_DIR}/main.cc)
target_link_libraries(instrumented PRIVATE vigil::metrics)
CMAKE
outside() { # SOURCE BUILD OPTION...
  local source=$1 build=$2; shift 2
  cmake -S "$WORK/$source" -B "$WORK/$build" -G Ninja -DCMAKE_PREFIX_PATH="$PREFIX" \
    ${CXX:+-DCMAKE_CXX_COMPILER="${CXX##* }"} -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache)" "$@"
}
check "find_package: configure" outside project build
check "find_package: build" cmake --build "$WORK/build"
check "find_package: embedded runs" embedded_works "$WORK/build/embedded"
check "find_package: metrics_only runs" metrics_only_works "$WORK/build/metrics_only"

# Metrics alone need neither an HTTP client nor TLS' other half, YAML or zlib.
check "metrics alone: configure" outside metrics build-metrics -DCOMPONENT=metrics \
  -DCMAKE_DISABLE_FIND_PACKAGE_CURL=ON -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON
check "metrics alone: build" cmake --build "$WORK/build-metrics"
check "metrics alone: run" "$WORK/build-metrics/instrumented"
check "an unknown component is refused" refuses outside metrics build-unknown -DCOMPONENT=no_such_component

export PKG_CONFIG_PATH=$PREFIX/lib/pkgconfig:$PREFIX/lib/$(uname -m)-linux-gnu/pkgconfig
for example in embedded:vigil-engine metrics_only:vigil-expose; do
  name=${example%%:*} module=${example#*:}
  check "pkg-config: $name compiles" $CXX -c "$WORK/project/$name/main.cc" -o "$WORK/$name.o" $(pkg-config --cflags "$module")
  check "pkg-config: $name links" ${CXX##* } "$WORK/$name.o" -o "$WORK/$name" $(pkg-config --libs "$module")
  check "pkg-config: $name runs" "${name}_works" "$WORK/$name"
done

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
