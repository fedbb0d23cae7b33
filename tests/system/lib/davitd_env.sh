# shellcheck shell=bash
# davitd and davit on a podman of their own, and checks that say what they assert; to be sourced
# by a script of tests/system/, from the root of the tree.
#
#   davit_up                          podman_env.sh in a new folder; all goes again on any exit
#   davitd_start [ARGUMENTS]          starts davitd and waits until it answers; $DAVITD_PID
#   davitd_stop                       SIGTERM, and waits for its end
#   davitd_kill9                      kill -9, and waits for its end
#   ctl ARGUMENTS                     davit, asking that davitd
#   field STACK/SERVICE .path         one value of `davit status --json`, null as 'null'
#   check 'what' COMMAND...           prints ok or not ok; goes on
#   within SECONDS 'what' COMMAND...  the same, trying again until the deadline
#   same 'what' GOT WANTED            the same, for two strings
#   davit_done                        the last line of a script: prints the sums, exits
#
# DAVIT_BUILD is the folder of davitd and davit (default build/dev).

# shellcheck source=tests/system/lib/podman_env.sh
. "$(dirname "${BASH_SOURCE[0]}")/podman_env.sh"
unset DAVIT_HOST CONTAINER_HOST STATE_DIRECTORY NOTIFY_SOCKET COMPOSE_FILE COMPOSE_PROJECT_NAME
export NO_COLOR=1

DAVIT_BUILD=${DAVIT_BUILD:-build/dev}
DAVIT=$DAVIT_BUILD/davit DAVITD=$DAVIT_BUILD/davitd
DAVITD_PID= STATE= SOCKET= LOG= CHECK_LOG= CHECKS=0 FAILED=0

davit_up() {
  local program
  for program in "$DAVIT" "$DAVITD"; do
    [ -x "$program" ] || { echo "$program is missing; set DAVIT_BUILD" >&2; exit 1; }
  done
  env_up "$(mktemp -d)" || exit 1
  # A rebuild of the same folder must not pull the program from under a test.
  cp "$DAVIT" "$DAVITD" "$ENV_DIR"
  DAVIT=$ENV_DIR/davit DAVITD=$ENV_DIR/davitd
  STATE=$ENV_DIR/state SOCKET=$ENV_DIR/davit.sock LOG=$ENV_DIR/davitd.log CHECK_LOG=$ENV_DIR/check.log
  : > "$LOG"
  env_on_exit davitd_kill9
}

davitd_launch() {
  env_prefix "$ENV_DIR"
  "${ENV_PREFIX[@]}" "$DAVITD" --podman "unix://$ENV_SOCKET" --state "$STATE" --listen "unix://$SOCKET" \
    --config "$ENV_DIR/davit.yaml" "$@" >> "$LOG" 2>&1 < /dev/null &
  DAVITD_PID=$!
}

davitd_answers() { curl -sf -m 2 --unix-socket "$SOCKET" http://d/v1/status > /dev/null; }

davitd_start() {
  davitd_launch "$@"
  if ! env_wait_for 20 davitd_answers; then
    echo "not ok - davitd answers after its start; it says:"
    tail -n 20 "$LOG"
    curl -s -m 2 -w ' (HTTP %{http_code})\n' --unix-socket "$SOCKET" http://d/v1/health
    exit 1
  fi
}

davitd_end() {
  [ -n "$DAVITD_PID" ] || return 0
  if kill -s "$1" "$DAVITD_PID" 2> /dev/null; then
    # Its status only says that it was ended.
    if wait "$DAVITD_PID" 2> /dev/null; then :; fi
  fi
  DAVITD_PID=
}
davitd_stop() { davitd_end TERM; }
davitd_kill9() { davitd_end KILL; }

ctl() { timeout 120 "$DAVIT" --host "unix://$SOCKET" "$@" < /dev/null; }
pod() { env_run timeout 60 podman "$@"; }
api() { curl -s -m 10 --unix-socket "$SOCKET" "$@"; }

field() {
  ctl status --json | jq -r --arg stack "${1%%/*}" --arg service "${1#*/}" \
    ".stacks[] | select(.name == \$stack) | .services[] | select(.name == \$service) | $2"
}

# is STACK/SERVICE .path VALUE: for check and within.
is() {
  local got
  got=$(field "$1" "$2") || return 1
  [ "$got" = "$3" ] || { echo "$1 $2: '$got', not '$3'"; return 1; }
}

# runs STACK/SERVICE: it runs, in a process that the kernel knows.
runs() {
  local pid
  is "$1" .phase running || return 1
  pid=$(field "$1" .pid) && kill -0 "$pid"
}

# Every running container of ours as 'name id pid', in a stable order.
lives() {
  local ids
  ids=$(pod ps -q --no-trunc) || return 1
  # shellcheck disable=SC2086 # a list of ids
  [ -z "$ids" ] || pod inspect --format '{{.Name}} {{.Id}} {{.State.Pid}}' $ids | sort
}

# events_of NAME ACTION: podman's own events of a container, one time a line, which compares as
# text. Its file may repeat them.
events_of() {
  pod events --stream=false --since 2h --filter "container=$1" --filter "event=$2" --format json \
    | jq -r '.Time | rtrimstr("Z")' | sort -u
}

report() {
  CHECKS=$((CHECKS + 1))
  if [ "$1" = 0 ]; then
    echo "ok $CHECKS - $2"
  else
    FAILED=$((FAILED + 1))
    echo "not ok $CHECKS - $2"
    sed 's/^/#   /' "$CHECK_LOG" | tail -n 15
  fi
}

check() {
  local what=$1 status=0
  shift
  "$@" > "$CHECK_LOG" 2>&1 || status=1
  report "$status" "$what"
}

within() {
  local seconds=$1 what=$2 status=0
  shift 2
  env_wait_for "$seconds" quietly "$@" || status=1
  report "$status" "$what"
}
quietly() { "$@" > "$CHECK_LOG" 2>&1; }

same() {
  local status=0
  [ "$2" = "$3" ] || status=1
  diff <(echo "$3") <(echo "$2") > "$CHECK_LOG" || status=1
  report "$status" "$1"
}

# code WANTED COMMAND...: it exits so.
code() {
  local wanted=$1 got=0
  shift
  "$@" || got=$?
  [ "$got" = "$wanted" ] || { echo "exit code $got, not $wanted"; return 1; }
}

# says TEXT WANTED COMMAND...: it exits with WANTED, and prints a text that matches.
says() {
  local pattern=$1 wanted=$2 got=0 text
  shift 2
  text=$("$@" 2>&1) || got=$?
  echo "exit code $got: $text"
  [ "$got" = "$wanted" ] && grep -Eq -- "$pattern" <<< "$text"
}

not() { ! "$@"; }
empty() { [ -z "$("$@")" ]; }

# nothing_left STACK: no container, network, volume or file of it.
nothing_left() {
  local left
  left=$(
    pod ps -aq --filter "label=io.davit.stack=$1"
    pod network ls -q --filter "label=io.davit.stack=$1"
    pod volume ls -q --filter "label=io.davit.stack=$1"
    for folder in "$STATE/stacks/$1" "$STATE/secrets/$1"; do [ ! -e "$folder" ] || echo "$folder"; done
  )
  [ -z "$left" ] || { echo "left: $left"; return 1; }
}

davit_done() {
  if [ "$FAILED" != 0 ]; then
    echo "# davitd's log, the end of it:"
    tail -n 40 "$LOG" | sed 's/^/#   /'
  fi
  echo "$((CHECKS - FAILED)) passed, $FAILED failed"
  [ "$FAILED" = 0 ] || exit 1
  exit 0
}
