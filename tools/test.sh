#!/usr/bin/env bash
# Builds Davit and runs its tests, stage by stage, on a bare Debian 12. `.ci/run` is this.
#
#   tools/test.sh             everything; needs root for packages and for real containers
#   tools/test.sh --quick     build, unit, tidy, sim: no root, no podman
#
# Stops at the first stage that fails, or that cannot run. Output of each stage is kept in
# build/test-logs/. The last line is 'N passed, N failed'. JOBS=N limits the compiler;
# DAVIT_DEPS=no leaves the packages alone.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
root=$PWD logs=$PWD/build/test-logs
quick=no passed=0 failed=0 stage= began=0 table=

case ${1:-} in
  '') ;;
  --quick) quick=yes ;;
  *)
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac

export LC_ALL=C.UTF-8
# A clone in another folder finds what this one compiled.
export CCACHE_DIR=${CCACHE_DIR:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/ccache}
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
# Where the scripts under tests/ and tools/demo.sh find the programs.
export DAVIT_BUILD=$root/build/dev
# A unit with CAF in it takes about 1.5 GB to compile.
memory_jobs=$(awk '/^MemAvailable/ { n = int($2 / 1500000); print (n > 0 ? n : 1) }' /proc/meminfo)
cores=$(nproc)
jobs=${JOBS:-$((cores < memory_jobs ? cores : memory_jobs))}
export CMAKE_BUILD_PARALLEL_LEVEL=$jobs

finish() {
  local status=$?
  trap - EXIT
  if ((status)); then
    ((failed)) || failed=1
    printf '\n== %s: FAILED (exit %d) after %d s; its output: %s\n' \
      "$stage" "$status" $((SECONDS - began)) "$logs/$stage.log"
  fi
  printf '\n%s== total %d s\n\n%d passed, %d failed\n' "$table" "$SECONDS" "$passed" "$failed"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# begin NAME: the stage that runs now.
begin() {
  stage=$1 began=$SECONDS
  mkdir -p "$logs"
  : >"$logs/$stage.log"
  printf '\n== %s\n' "$stage"
}

end() {
  local line
  printf -v line '== %-10s ok  %4d s' "$stage" $((SECONDS - began))
  echo "$line"
  table+=$line$'\n'
}

# logged COMMAND...: to the terminal and to the stage's log.
logged() { "$@" 2>&1 </dev/null | tee -a "$logs/$stage.log"; }

# count LOG: adds what test programs say of themselves: Catch2, Python's unittest, and scripts
# that print 'N passed, N failed' on a line. A log that says nothing counts as one test.
count() {
  local p f
  read -r p f < <(awk '
    /All tests passed \([0-9]+ assertions? in [0-9]+ test cases?\)/ {
      sub(/.* in /, ""); p += $1; said = 1; next }
    /^test cases: / {
      for (i = 1; i < NF; i++) { if ($(i + 1) == "passed") p += $i; if ($(i + 1) == "failed") f += $i }
      said = 1; next }
    /^Ran [0-9]+ tests? in / { p += $2; said = 1; next }
    /^[0-9]+ passed, [0-9]+ failed$/ { p += $1; f += $3; said = 1 }
    END { print p + 0 + (said ? 0 : 1), f + 0 }' "$1")
  ((passed += p, failed += f)) || return 0
}

# ctest_label PRESET LABEL
ctest_label() {
  local status=0
  logged ctest --test-dir "build/$1" -L "^$2\$" --output-on-failure --no-tests=error -j "$jobs" || status=$?
  count "build/$1/Testing/Temporary/LastTest.log"
  return "$status"
}

# built PRESET [TARGET...]
built() {
  local preset=$1
  shift
  logged cmake --preset "$preset"
  logged cmake --build --preset "$preset" ${1:+--target "$@"}
}

# program COMMAND...: a test program of its own; it has ten minutes.
program() {
  local status=0
  printf '\n-- %s\n' "$*" | tee -a "$logs/$stage.log"
  timeout --kill-after=30 600 "$@" 2>&1 </dev/null | tee "$logs/program.log" || status=$?
  cat "$logs/program.log" >>"$logs/$stage.log"
  count "$logs/program.log"
  ((status != 124)) || echo "-- $*: no end after 600 s"
  return "$status"
}

# need GLOB...: the stage cannot run without these files.
need() {
  local file
  for file; do
    [[ -e $file ]] || {
      echo "$stage: $file is missing" | tee -a "$logs/$stage.log" >&2
      return 1
    }
  done
}

begin deps
if [[ ${DAVIT_DEPS:-} != no ]]; then
  if [[ $quick == yes ]]; then logged tools/deps.sh build test; else logged tools/deps.sh build run test; fi
fi
end

begin build
built dev
end

for label in tidy unit sim; do
  begin "$label"
  ctest_label dev "$label"
  end
done
[[ $quick == no ]] || exit 0

begin man
need docs/man/*.[1-8]
logged mandoc -Tlint -Wwarning docs/man/*.[1-8]
((passed += 1))
end

begin contract
need tests/contract/run.sh build/dev/tests/contract
program bash tests/contract/run.sh build/dev/tests/contract
end

begin system
need tests/system/*.sh
for script in tests/system/*.sh; do program bash "$script"; done
end

begin demo
program bash tools/demo.sh
end

begin asan
built asan checks
ctest_label asan pure
DAVIT_SIM_SEEDS=200 ctest_label asan sim # the dev build ran all of them
end

begin clang-tidy # the decisions about restarts; tools/soak.sh does the rest
# clang cannot read the precompiled headers of g++.
logged cmake --preset dev -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON
logged run-clang-tidy -quiet -p build/lint -j "$jobs" 'runtime/policy/(restart|step|gates|health|trial|ledger_clock|exits)\.cpp$'
((passed += 1))
end
