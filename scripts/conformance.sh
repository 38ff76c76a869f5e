#!/usr/bin/env bash
# The peers' own test cases, read from $VIGIL_SHARED/conformance.
#   conformance.sh VIGIL_BINARY TEST_BINARY...
# Prints what each suite matched, then `N passed, M failed, K skipped`.
set -u
vigil=$1; shift
shared=${VIGIL_SHARED:-$(dirname "$0")/../../shared}
passed=0 failed=0 skipped=0
add() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + ${3:-0})); }

if compgen -G "$shared/conformance/promql/*.test" >/dev/null; then
  out=$("$vigil" test promql "$shared"/conformance/promql/*.test) || true
  printf '%s\n' "$out"
  counts=$(grep -oE '^[0-9]+ passed, [0-9]+ failed' <<<"$out" | tail -n 1)
  if [ -n "$counts" ]; then add "${counts%% *}" "$(sed 's/.*passed, \([0-9]*\) failed/\1/' <<<"$counts")"; else add 0 1; fi
else
  echo "SKIP: promql: no conformance/promql in VIGIL_SHARED ($shared)"
  add 0 0 1
fi

for binary in "$@"; do
  out=$("$binary" --gtest_filter='*Conformance*' --gtest_color=no 2>&1) || true
  # The suites' own lines ("43 matched, 65 refused by name, 0 differing") and what failed.
  grep -E 'matched|refused|differing|Failure|Skipped' <<<"$out" | sed "s|^|$(basename "$binary"): |"
  count() { sed -n "s/^\[  $1\] \([0-9]*\) test.*/\1/p" <<<"$out" | tail -n 1; }
  p=$(count 'PASSED  '); s=$(count 'SKIPPED '); f=$(count 'FAILED  ')
  if ! grep -q '^\[==========\].*ran' <<<"$out"; then f=1; echo "$(basename "$binary"): died: $(tail -n 3 <<<"$out")"; fi
  [ -n "${s:-}" ] && echo "SKIP: $(basename "$binary"): no conformance data in VIGIL_SHARED ($shared)"
  add "${p:-0}" "${f:-0}" "${s:-0}"
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
