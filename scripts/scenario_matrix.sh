#!/usr/bin/env bash
# Every fault of every pack fires exactly its alerts, and docs/scenarios says so.
#   scenario_matrix.sh VIGIL          compares
#   scenario_matrix.sh VIGIL write    writes docs/scenarios
set -uo pipefail
vigil=$(realpath "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [ "${2:-}" = write ]; then exec "$vigil" check pack all --matrix docs/scenarios; fi
made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
passed=0 failed=0
check() {
  if "${@:2}"; then passed=$((passed + 1)) && echo "ok: $1"; else failed=$((failed + 1)) && echo "FAILED: $1"; fi
}
check "packs hold together" "$vigil" check pack all --matrix "$made"
for table in "$made"/*.md; do
  check "docs/scenarios/$(basename "$table") is what the simulations say" diff "docs/scenarios/$(basename "$table")" "$table"
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
