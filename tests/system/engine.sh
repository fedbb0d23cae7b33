#!/usr/bin/env bash
# Goal: podman may hang, die, or lose its grip of a container; people may use it by hand. The
# daemon survives, says so, and brings everything back.
# Method: SIGSTOP and SIGKILL of podman's service and of conmon, podman's own commands.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up
davitd_start

cat > "$ENV_DIR/four.yaml" << 'YAML'
name: four
x-davit: {post_start_window: 100ms, recovery: {backoff: {initial: 100ms, max: 200ms}}}
x-common: &common
  image: localhost/davit-demo:1
  init: true
  restart: always
  stop_grace_period: 2s
  command: ["sleep", "10000"]
services:
  a: {<<: *common}
  b: {<<: *common}
  c: {<<: *common, volumes: ["/anonymous"]}
  d: {<<: *common, volumes: ["/anonymous"]}
YAML
check "install" ctl install "$ENV_DIR/four.yaml"
daemon=$DAVITD_PID
engine() { [ "$(ctl status --json | jq -r .engine.state)" = "$1" ] || { ctl status --json | jq -c .engine; return 1; }; }
# another SERVICE PID: it runs, in a process other than PID.
another() { runs "four/$1" && [ "$(field "four/$1" .pid)" != "$2" ]; }
elsewhere() { runs "four/$1" && [ "$(field "four/$1" .container_id)" != "$2" ]; }
# What an image declares as VOLUME may be all the data that there is.
volume_of() { pod inspect --format '{{range .Mounts}}{{.Name}}{{end}}' "four-$1-1"; }
id_of() { field "four/$1" .container_id; }

# ---- podman hangs
before=$(lives | grep -v four-a)
pid=$(field four/a .pid)
kill -STOP "$ENV_SERVICE_PID"
kill -9 "$pid"
within 30 "podman hangs: davitd says that it is slow" engine slow
check "and answers all the time" davitd_answers
kill -CONT "$ENV_SERVICE_PID"
within 40 "podman goes on: what was killed meanwhile runs again" another a "$pid"
within 20 "and davitd says that podman is well" engine ok
same "nothing else was touched" "$(lives | grep -v four-a)" "$before"

# ---- podman dies
pid=$(field four/b .pid)
before=$(lives | grep -v four-b)
env_service kill9
within 10 "podman dies: davitd says that it is unreachable" engine unreachable
kill -9 "$pid"
same "davitd lives" "$(ctl status --json | jq '.stacks | length')" 1
env_service start
within 20 "podman is back: what was killed meanwhile runs again" another b "$pid"
within 20 "and davitd says that podman is well" engine ok
same "nothing else was touched" "$(lives | grep -v four-b)" "$before"

# ---- podman loses its grip
id=$(id_of c) volume=$(volume_of c)
kill -9 "$(pod inspect --format '{{.State.ConmonPid}}' four-c-1)"
within 20 "conmon is killed: the service runs again in a new container" elsewhere c "$id"
check "the old one is gone" not pod container exists "$id"
same "with the anonymous volume of the old one" "$(volume_of c)" "$volume"
check "events tell why" says 'monitor' 0 ctl events

# ---- people
id=$(id_of d) volume=$(volume_of d)
pod rm -f -t 0 four-d-1 > "$ENV_DIR/rm.log"
within 20 "podman rm -f by hand: it comes back as a new container" elsewhere d "$id"
same "with the anonymous volume of the old one" "$(volume_of d)" "$volume"
pid=$(field four/a .pid) id=$(id_of a)
pod stop -t 5 four-a-1 > "$ENV_DIR/stop.log"
within 20 "podman stop by hand: it comes back" another a "$pid"
same "in the same container" "$(id_of a)" "$id"
pid=$(field four/a .pid)
pod kill four-a-1 > "$ENV_DIR/kill.log"
within 20 "podman kill by hand: it comes back" another a "$pid"
pid=$(field four/b .pid)
pod restart -t 5 four-b-1 > "$ENV_DIR/restart.log"
within 20 "podman restart by hand: it runs" another b "$pid"
all_run() { runs four/a && runs four/b && runs four/c && runs four/d; }
within 20 "in the end all run" all_run
same "the same davitd all the time" "$DAVITD_PID $(kill -0 "$daemon" && echo alive)" "$daemon alive"
check "uninstall" ctl uninstall four --volumes
check "leaves nothing" nothing_left four
same "not even an anonymous volume" "$(pod volume ls -q)" ""
davit_done
