#!/usr/bin/env bash
# Goal: what cannot work is refused with its place and its remedy, the right exit code, and
# without a trace; the daemon serves on.
# Method: bad manifests, bad requests, bad surroundings; after each group podman and the state
# directory hold what they held before.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up
davitd_start
work=$ENV_DIR/manifests
mkdir "$work"

# manifest NAME: standard input, with what all services of these tests have in common.
manifest() {
  { printf 'name: %s\nx-davit: {post_start_window: 1s, readiness_deadline: 10s}\n' "$1"; cat; } > "$work/$1.yaml"
}
S='image: localhost/davit-demo:1, stop_grace_period: 1s, init: true, command: [sleep, "1000"]'

manifest holder << YAML
services: {one: {$S, ports: ["127.0.0.1:8081:80"]}}
YAML
check "a good stack is installed" ctl install "$work/holder.yaml"
before=$(lives)
traces() {
  pod ps -aq --no-trunc | sort
  pod volume ls -q
  pod network ls -q | sort
  find "$STATE/stacks" "$STATE/secrets" 2> "$ENV_DIR/find.log" | sort
}
all_before=$(traces)

# ---- manifests: exit code 2, nothing touched

# refused WHAT FILE PATTERN
refused() { check "refused: $1" says "$3" 2 ctl install "$2"; }

manifest cycle << YAML
services: {one: {$S, depends_on: [two]}, two: {$S, depends_on: [three]}, three: {$S, depends_on: [one]}}
YAML
refused "a cycle, which is shown" "$work/cycle.yaml" 'one.*two.*three|two.*three.*one|three.*one.*two'
manifest unknown << YAML
services: {web: {$S, depends_on: [databse]}, database: {$S}}
YAML
refused "a dependency that is no service" "$work/unknown.yaml" 'unknown.yaml:3:[0-9]+.*databse'
manifest twice << YAML
services: {one: {$S, ports: ["8090:80"]}, two: {$S, ports: ["127.0.0.1:8090:80"]}}
YAML
refused "a host port taken twice in one stack" "$work/twice.yaml" '8090'
manifest key << YAML
services: {one: {$S, enviroment: {A: b}}}
YAML
refused "an unknown key, and the nearest one is named" "$work/key.yaml" 'key.yaml:3:[0-9]+.*enviroment.*environment'
manifest type << YAML
services: {one: {$S, ports: {a: b}}}
YAML
refused "a value of the wrong type" "$work/type.yaml" 'type.yaml:3:[0-9]+.*ports'
manifest syntax << YAML
services: {one: {$S
YAML
refused "what is no YAML" "$work/syntax.yaml" 'syntax.yaml:[0-9]+'
: > "$work/empty.yaml"
refused "an empty file" "$work/empty.yaml" 'empty'
refused "a file that is not there" "$work/nowhere.yaml" 'nowhere.yaml'
refused "a folder" "$work" 'manifests'
head -c 100000 /dev/urandom > "$work/binary.yaml"
refused "a binary file" "$work/binary.yaml" 'binary.yaml'
{ echo 'services: {}'; head -c 5000000 /dev/zero | tr '\0' '#'; } > "$work/huge.yaml"
refused "a file of more than 4 MiB" "$work/huge.yaml" '4 MiB'
{ echo 'services:'; printf '  a: '; head -c 20000 /dev/zero | tr '\0' '['; } > "$work/deep.yaml"
refused "a file nested 20000 deep" "$work/deep.yaml" 'deep.yaml'
{
  echo 'x-0: &a0 [a, a, a, a, a, a, a, a, a, a]'
  for i in 1 2 3 4 5 6 7 8 9; do
    p="*a$((i - 1))"
    echo "x-$i: &a$i [$p, $p, $p, $p, $p, $p, $p, $p, $p, $p]"
  done
  echo "services: {one: {$S, command: *a9}}"
} > "$work/bomb.yaml"
refused "an alias bomb" "$work/bomb.yaml" 'bomb.yaml'
manifest neighbour << YAML
services: {one: {$S}, two: {$S, ports: ["8081:80"]}}
YAML
refused "a host port of another stack, which is named" "$work/neighbour.yaml" 'services.two.ports.*8081.*holder/one'
check "bad usage has exit code 2" code 2 ctl install --no-such-option
check "an unknown command has exit code 2" code 2 ctl instal
same "nothing was touched by any of them" "$(traces)" "$all_before"

# ---- what shows itself only on the way: exit code 1, rolled back

# rolled_back WHAT STACK PATTERN
rolled_back() {
  check "fails with exit code 1: $1" says "$3" 1 ctl install "$work/$2.yaml"
  check "and leaves nothing: $1" nothing_left "$2"
}
manifest absent << YAML
services: {one: {$S}, two: {image: "localhost/not-there:7", volumes: ["data:/data"]}}
volumes: {data: {}}
YAML
rolled_back "an image that is not there" absent 'not-there:7'
manifest registry << YAML
services: {one: {init: true, image: "127.0.0.1:5000/not/there:1", x-davit: {pull: {retries: [100ms]}}}}
YAML
rolled_back "a registry that cannot be reached" registry '127.0.0.1:5000'
manifest crashing << YAML
services:
  one: {$S}
  two:
    image: localhost/davit-demo:1
    restart: always
    command: ["sh", "-c", "echo the disk is on fire >&2; exit 3"]
    volumes: ["data:/data"]
    x-davit: {recovery: {backoff: {initial: 50ms, max: 100ms}}}
volumes: {data: {}}
YAML
rolled_back "a trial whose service crashes, with the service and its exit code" crashing 'two.*exit code 3'
manifest command << YAML
services: {one: {image: "localhost/davit-demo:1", command: ["/no/such/program"]}}
YAML
rolled_back "a program that is not in the image" command 'one.*(no/such/program|not found|no such file)'
manifest ill << YAML
services:
  one: {$S, healthcheck: {test: "false", interval: 200ms, timeout: 1s, retries: 2}, x-davit: {readiness_deadline: 2s}}
YAML
rolled_back "a service that never becomes ready" ill 'one.*(ready|ill|health)'
check "uninstall of what is not installed" says 'nosuch' 1 ctl uninstall nosuch
check "why of what is not installed" says 'no such' 1 ctl why holder/nosuch
check "stop of what is not installed" says 'nosuch' 1 ctl stop nosuch

# ---- requests

# answers WHAT STATUS CURL-ARGUMENTS...
answers() {
  local what=$1 status=$2
  shift 2
  same "answers $status to $what" "$(api -o "$ENV_DIR/answer" -w '%{http_code}' "$@")" "$status"
  check "and says why: $what" jq -e '.error.code and .error.message' "$ENV_DIR/answer"
}
answers "a body that is not JSON" 400 -X POST -d 'not json' http://d/v1/stacks/bad
answers "an empty body" 400 -X POST -d '' http://d/v1/stacks/bad
answers "JSON of another shape" 400 -X POST -d '{"model": 7}' http://d/v1/stacks/bad
answers "an unknown path" 404 http://d/v1/nothing
answers "another method" 405 -X PATCH http://d/v1/status
answers "a name that no stack can have" 400 -X POST -d '{}' http://d/v1/stacks/-bad
head -c 9000000 /dev/zero | tr '\0' ' ' > "$ENV_DIR/large"
answers "a body of 9 MB" 413 -X POST -T "$ENV_DIR/large" http://d/v1/stacks/bad
answers "an unknown operation" 404 http://d/v1/operations/none
check "bytes that are not HTTP do not harm it" bash -c \
  "head -c 1000 /dev/urandom | timeout 5 curl -s --unix-socket '$SOCKET' -T - telnet://d > /dev/null; true"

check "the daemon still serves" davitd_answers
same "nothing was touched by any of this" "$(traces)" "$all_before"
same "and the good stack was not restarted" "$(lives)" "$before"

# ---- surroundings

# refuses_to_start WHAT PATTERN ARGUMENTS...: ends non-zero by itself and says why.
refuses_to_start() {
  local what=$1 pattern=$2
  shift 2
  env_prefix "$ENV_DIR"
  check "davitd does not start: $what" says "$pattern" 1 timeout 20 "${ENV_PREFIX[@]}" "$DAVITD" \
    --podman "unix://$ENV_SOCKET" "$@"
}
refuses_to_start "another davitd holds the state directory, whose pid is named" "$DAVITD_PID" \
  --state "$STATE" --listen "unix://$ENV_DIR/second.sock"
check "the first one still serves" davitd_answers
env_run mount -t tmpfs -o ro tmpfs /mnt
refuses_to_start "a read-only state directory" 'mnt/davit.*[Rr]ead-only|[Rr]ead-only.*mnt/davit' \
  --state /mnt/davit --listen "unix://$ENV_DIR/second.sock"
env_run umount /mnt
: > "$ENV_DIR/file"
refuses_to_start "a file as state directory" "$ENV_DIR/file" \
  --state "$ENV_DIR/file" --listen "unix://$ENV_DIR/second.sock"
refuses_to_start "a socket that cannot be made" "$ENV_DIR/file" \
  --state "$ENV_DIR/other" --listen "unix://$ENV_DIR/file/a.sock"

# The first davitd's own socket answers HTTP, but is not podman's.
first=$DAVITD_PID first_socket=$SOCKET
STATE=$ENV_DIR/state2 SOCKET=$ENV_DIR/second.sock
env_prefix "$ENV_DIR"
"${ENV_PREFIX[@]}" "$DAVITD" --podman "unix://$first_socket" --state "$STATE" --listen "unix://$SOCKET" \
  >> "$ENV_DIR/second.log" 2>&1 < /dev/null &
DAVITD_PID=$!
within 10 "a socket that is not podman: davitd answers" davitd_answers
engine_is() { [ "$(ctl status --json | jq -r '.engine.state')" = "$1" ]; }
within 10 "and says that the engine is unreachable" engine_is unreachable
check "and what is wrong with it" bash -c "$(printf '%q ' "$DAVIT" --host "unix://$SOCKET" status --json) | jq -e '.engine.reason | length > 10'"
davitd_kill9
DAVITD_PID=$first SOCKET=$first_socket STATE=$ENV_DIR/state

davitd_stop
check "davit without a daemon has exit code 3 and names the socket" says "$SOCKET" 3 ctl status
check "validate needs no daemon" ctl validate "$work/holder.yaml"
check "and finds what install would" code 2 ctl validate "$work/cycle.yaml"
davit_done
