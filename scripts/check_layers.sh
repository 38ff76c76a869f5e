#!/usr/bin/env bash
# The test `layers`: the module table of ARCHITECTURE.md, the DEPENDS of every
# module and every #include agree, and nobody goes around the seams of base and net.
# Prints each offending line, then `N passed, M failed`.
set -u
cd "$(dirname "$0")/.."
passed=0 failed=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "layers: $*"; }

declare -A may depends
order=()
while IFS='|' read -r _ module _ uses _; do
  module=${module//[\` ]/} uses=${uses//[\`,]/ }
  case "$uses" in
    *"all above"*) uses="${order[*]}" ;;
    *all*) uses="${order[*]}" ;;
    *–*) uses="" ;;
  esac
  may[$module]=" $uses "
  order+=("$module")
done < <(sed -n '/^| module /,/^$/p' ARCHITECTURE.md | grep '^| `')

# The table's own module for a CMake target or folder: packs are one line of it.
line_of() { case "$1" in pack_*) echo packs ;; *) echo "$1" ;; esac; }

for file in vigil/*/CMakeLists.txt packs/*/CMakeLists.txt; do
  [ -f "$file" ] || continue
  while read -r name deps; do
    depends[$name]="${depends[$name]:-} $deps"
    line=$(line_of "$name")
    if [ -z "${may[$line]+x}" ]; then bad "$file: module $name is not in the table of ARCHITECTURE.md"; continue; fi
    for dep in $deps; do
      target=$(line_of "$dep")
      if [[ "${may[$line]}" == *" $target "* || $target == "$line" ]]; then ok; else bad "$file: $name may not depend on $dep"; fi
    done
  done < <(tr '\n' ' ' <"$file" | grep -oE 'vigil_module\([^)]*\)' | sed -E 's/vigil_module\( *([a-z0-9_]+)/\1 /' | while read -r name rest; do
    deps=$(sed -E 's/.* DEPENDS +//; t; s/.*//' <<<" $rest" | sed -E 's/ (LIBS|SOURCES|TEST_DEPENDS|TEST_LIBS) .*//' | grep -oE 'vigil::[a-z0-9_]+' | sed 's/vigil:://' | tr '\n' ' ')
    echo "$name $deps"
  done)
done

# Includes: the module itself, or anything it depends on, directly or through others.
closure() {
  local seen=" " queue=("$@") next dep
  while [ ${#queue[@]} -gt 0 ]; do
    next=${queue[0]}; queue=("${queue[@]:1}")
    [[ "$seen" == *" $next "* ]] && continue
    seen+="$next "
    for dep in ${depends[$next]:-}; do queue+=("$dep"); done
  done
  echo "$seen"
}
for name in "${!depends[@]}"; do
  case "$name" in pack_*) folder=packs/${name#pack_}; folder=${folder%_sim} ;; *) folder=vigil/$name ;; esac
  [ -d "$folder" ] || continue
  # A pack's folder holds several targets.
  targets=("$name")
  case "$name" in pack_*) for other in "${!depends[@]}"; do [[ "$other" == "${name}_"* ]] && targets+=("$other"); done ;; esac
  allowed=$(closure "${targets[@]}")
  while IFS=: read -r file number include; do
    target=$(sed -E 's/.*"(vigil|packs)\/([a-z0-9_]+)\/.*/\1 \2/' <<<"$include")
    case "$target" in "packs "*) target=pack_${target#packs } ;; *) target=${target#vigil } ;; esac
    if [[ "$allowed" == *" $target "* ]]; then ok; else bad "$file:$number: $name includes $target without depending on it"; fi
  done < <(grep -nE '^#include "(vigil|packs)/' "$folder"/*.h "$folder"/*.cc "$folder"/*/*.cc "$folder"/*/*.h 2>/dev/null | grep -v -e "/tests/" -e "/bench/" -e "/fuzz/")
done

# The seams: time, disk and sockets only in base and net.
seams='std::chrono::(system|steady|high_resolution)_clock|sleep_for|sleep_until|[^_a-z:](fopen|fdopen|usleep|nanosleep)\(|(^|[^A-Za-z0-9_>])::(open|socket|connect|bind|time|gettimeofday|clock_gettime|sleep)\(|std::(i|o)?fstream|std::time\('
while IFS= read -r line; do bad "outside base and net: $line"; done < <(
  grep -nE "$seams" -r vigil packs --include='*.cc' --include='*.h' 2>/dev/null |
    grep -vE '^vigil/(base|net)/|/(tests|bench|fuzz)/|^[^:]+:[0-9]+: *//')
ok

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
