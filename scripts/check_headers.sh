#!/usr/bin/env bash
# Compiles each header alone. Prints `N passed, M failed`.
set -u
cd "$(dirname "$0")/.."
mapfile -t headers < <(git ls-files 'vigil/*.h' 'packs/*.h')
failures=$(printf '%s\n' "${headers[@]}" | xargs -P "$(nproc)" -I{} sh -c \
  'printf "#include \"%s\"\n" "{}" | g++ -std=c++23 -fsyntax-only -Wall -Wextra -I. -x c++ - 2>&1 | sed "s|^|{}: |"' | grep -E 'error|warning' || true)
[ -n "$failures" ] && printf '%s\n' "$failures"
failed=$(printf '%s' "$failures" | cut -d: -f1 | sort -u | grep -c . || true)
echo "$((${#headers[@]} - failed)) passed, $failed failed"
[ "$failed" = 0 ]
