#!/usr/bin/env bash
# clang-tidy over the product's own .cc files (tests, fuzzers and benchmarks apart).
#
#   scripts/clang_tidy.sh BUILD_DIR [FOLDER...]     all of vigil/ and packs/, or these folders
#
# BUILD_DIR has the compile commands of the clang preset. A file that passed is not looked
# at again until it, a header it includes, .clang-tidy or its compile command changes
# (.cache/tidy). At most LINT_SECONDS (1800) are spent: files not reached are skipped, and
# the next run goes on with them. Ends with `N passed, M failed, K skipped`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=$1; shift
[ $# -gt 0 ] || set -- vigil packs
stamps=.cache/tidy
mkdir -p "$stamps"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

git ls-files -co --exclude-standard -- 'vigil/*.cc' 'vigil/*.h' 'packs/*.cc' 'packs/*.h' |
  while IFS= read -r file; do if [ -f "$file" ]; then echo "$file"; fi; done >"$work/sources"
git hash-object --stdin-paths <"$work/sources" | paste -d ' ' - "$work/sources" >"$work/hashes"
xargs -d '\n' grep -H '^#include "' <"$work/sources" | sed 's/^\([^:]*\):#include "\([^"]*\)".*/\1 \2/' >"$work/includes"
for folder in "$@"; do grep "^${folder%/}/.*\.cc$" "$work/sources" || true; done |
  grep -v -e /tests/ -e /fuzz/ -e /bench/ >"$work/files"
common=$({ clang-tidy-19 --version; cat .clang-tidy; } | git hash-object --stdin)
# Where a file is in the compile commands, its command; the build directory is no part of it.
sed -n 's/^ *"command": "\(.*\) -o .* -c [^ ]*\/\(\(vigil\|packs\)\/[^ ]*\.cc\)",*$/\2 \1/p' \
  "$build/compile_commands.json" >"$work/commands"

# One line per file: its name, and all that its result depends on.
awk -v common="$common" '
  function visit(file,   list, n, i) {
    if (file in seen) return
    seen[file] = 1
    key = key " " hash[file]
    n = split(includes[file], list, " ")
    for (i = 1; i <= n; ++i) if (list[i] in hash) visit(list[i])
  }
  FILENAME ~ /hashes$/ { hash[$2] = $1; next }
  FILENAME ~ /includes$/ { includes[$1] = includes[$1] " " $2; next }
  FILENAME ~ /commands$/ { name = $1; $1 = ""; command[name] = $0; next }
  $1 in command { delete seen; key = ""; visit($1); print $1 "\t" common key command[$1] }
' "$work/hashes" "$work/includes" "$work/commands" "$work/files" >"$work/keys"

while IFS=$'\t' read -r file key; do
  stamp=$stamps/$(printf %s "$key" | sha256sum | cut -c 1-40)
  if [ ! -f "$stamp" ]; then printf '%s\t%s\n' "$file" "$stamp"; fi
done <"$work/keys" >"$work/due"
passed=$(($(wc -l <"$work/keys") - $(wc -l <"$work/due")))

START=$(date +%s)
export BUILD=$build WORK=$work START LINT_SECONDS=${LINT_SECONDS:-1800}
one() {
  local file=$1 stamp=$2 out
  if [ $(($(date +%s) - START)) -ge "$LINT_SECONDS" ]; then echo skipped >>"$WORK/outcomes"; return; fi
  if out=$(clang-tidy-19 -p "$BUILD" --quiet "$file" 2>"$WORK/err.$$"); then
    touch "$stamp"
    echo passed >>"$WORK/outcomes"
  else
    echo failed >>"$WORK/outcomes"
    printf '%s\n' "$out" | sed "s|^$PWD/||"
    grep -v 'warnings generated\|warnings treated as errors' "$WORK/err.$$" || true
  fi
  rm -f "$WORK/err.$$"
}
export -f one
: >"$work/outcomes"
tr '\t' '\n' <"$work/due" | xargs -d '\n' -r -n 2 -P "${JOBS:-$(nproc)}" bash -c 'one "$@"' _
count() { grep -c "^$1$" "$work/outcomes" || true; }
passed=$((passed + $(count passed))) failed=$(count failed) skipped=$(count skipped)
[ "$skipped" = 0 ] || echo "SKIP: $skipped files not reached within $LINT_SECONDS s; the next run goes on with them"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
