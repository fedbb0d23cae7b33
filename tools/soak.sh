#!/usr/bin/env bash
# The tests that take too long for every commit: run before a release, or overnight.
#
#   sudo tools/soak.sh [PART...]     parts: simulation sanitized system lint debian13 (default: all)
#
# SEEDS=N        histories of the simulation (20000), a tenth of them under the sanitizers
# LOOPS=N        rounds of every system test (10)
# Goes on after a failure, writes build/soak/summary.md, and ends with 'N passed, N failed'.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

seeds=${SEEDS:-20000} loops=${LOOPS:-10} out=$PWD/build/soak
passed=0 failed=0
parts=("$@")
((${#parts[@]})) || parts=(simulation sanitized system lint debian13)
export LC_ALL=C.UTF-8 DAVIT_BUILD=$PWD/build/dev

mkdir -p "$out"
summary=$out/summary.md
{
  printf '# Soak of %s\n\n' "$(git describe --always --dirty 2>/dev/null || echo 'an unversioned tree')"
  printf 'SEEDS=%s LOOPS=%s, %s cores, %s\n\n' "$seeds" "$loops" "$(nproc)" "$(date --utc --iso-8601=minutes)"
  printf '| What | Result | Time |\n|---|---|---|\n'
} >"$summary"

# run NAME COMMAND...: one row of the summary; the output goes to a file of its own.
run() {
  local name=$1 began=$SECONDS status=0 verdict=passed
  shift
  printf '== %s ... ' "$name"
  "$@" >"$out/$name.log" 2>&1 </dev/null || status=$?
  if ((status)); then
    verdict="failed (exit $status, $name.log)" failed=$((failed + 1))
  else
    passed=$((passed + 1))
  fi
  printf '%s, %d s\n' "$verdict" $((SECONDS - began))
  printf '| %s | %s | %d s |\n' "$name" "$verdict" $((SECONDS - began)) >>"$summary"
}

lint() { # clang cannot read the precompiled headers of g++
  cmake --preset dev -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON \
    && run-clang-tidy -quiet -p build/lint '/(runtime|actors|tools)/.*\.cpp$'
}
build() { cmake --preset "$1" && cmake --build --preset "$1"; }

tools/deps.sh build run test
run build-dev build dev
for part in "${parts[@]}"; do
  case $part in
    simulation) run "sim-$seeds-seeds" env "DAVIT_SIM_SEEDS=$seeds" build/dev/tests/sim ;;
    sanitized)
      run build-asan build asan
      run "sim-asan-$((seeds / 10))-seeds" env "DAVIT_SIM_SEEDS=$((seeds / 10))" build/asan/tests/sim
      ;;
    system)
      for ((round = 1; round <= loops; round++)); do
        for script in tests/system/*.sh; do
          run "$(basename "$script" .sh)-$round" timeout --kill-after=30 900 bash "$script"
        done
      done
      ;;
    lint) run clang-tidy lint ;;
    debian13) run debian13 tools/debian13.sh ;;
    *)
      echo "soak: no part '$part'" >&2
      exit 2
      ;;
  esac
done

printf '\n%s\n\n%d passed, %d failed\n' "$summary" "$passed" "$failed"
((failed == 0))
