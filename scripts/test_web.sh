#!/usr/bin/env bash
# Unit tests of the UI, and: does the committed bundle equal its source?
# Works on a copy, so that the checkout stays as it is. Ends with `N passed, M failed, K skipped`.
set -euo pipefail
cd "$(dirname "$0")/.."
work=.cache/web
mkdir -p "$work"
find "$work" -mindepth 1 -maxdepth 1 ! -name node_modules -exec rm -rf {} +
git ls-files -co --exclude-standard web | grep -v '^web/dist/' | while IFS= read -r file; do
  [ -f "$file" ] || continue
  mkdir -p "$work/$(dirname "${file#web/}")"
  cp "$file" "$work/${file#web/}"
done
(
  cd "$work"
  # npm ci starts from nothing each time; keep what is there while the lock file is the same.
  if ! cmp -s package-lock.json node_modules/.lock-seen; then
    npm ci --no-audit --no-fund --silent
    cp package-lock.json node_modules/.lock-seen
  fi
  npm run --silent build >build.log 2>&1 || { cat build.log; exit 1; }
)
passed=0 failed=0
if diff -rq web/dist "$work/dist"; then
  passed=$((passed + 1))
else
  echo "web/dist is not what its source builds: run 'npm run build' in web/ and commit the result"
  failed=$((failed + 1))
fi
status=0
(cd "$work" && npx --no-install vitest run --reporter=json --outputFile=vitest.json) || status=$?
counts=$(cd "$work" && node -e 'const r=require("./vitest.json");console.log(r.numPassedTests,r.numFailedTests,r.numPendingTests)')
read -r p f s <<<"$counts"
passed=$((passed + p)) failed=$((failed + f))
echo "$passed passed, $failed failed, $s skipped"
[ "$failed" = 0 ] && [ "$status" = 0 ]
