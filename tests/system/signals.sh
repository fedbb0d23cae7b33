#!/usr/bin/env bash
# Goal: ending the daemon is no outage, and ending a service is polite: its own signal, its
# whole grace, and only then SIGKILL.
# Method: services that write what they hear into a volume; clocks from podman's events.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up
davitd_start

cat > "$ENV_DIR/manners.yaml" << 'YAML'
name: manners
x-davit: {post_start_window: 200ms}
services:
  polite: # says which signal it was
    image: localhost/davit-demo:1
    stop_signal: SIGUSR1
    stop_grace_period: 20s
    command: ["sh", "-c", "trap 'echo USR1 > /heard/polite; exit 0' USR1; trap 'echo TERM > /heard/polite; exit 0' TERM; while :; do sleep 0.05; done"]
    volumes: ["heard:/heard"]
  slow: # needs one second of its grace
    image: localhost/davit-demo:1
    stop_grace_period: 20s
    command: ["sh", "-c", "trap 'sleep 1; echo saved > /heard/slow; exit 0' TERM; while :; do sleep 0.05; done"]
    volumes: ["heard:/heard"]
  deaf:
    image: localhost/davit-demo:1
    stop_grace_period: 2s
    command: ["sh", "-c", "trap '' TERM; while :; do sleep 0.05; done"]
volumes: {heard: {}}
YAML
check "install" ctl install "$ENV_DIR/manners.yaml"
heard=$(pod volume inspect --format '{{.Mountpoint}}' manners_heard)
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# ---- the daemon
before=$(lives)
pid=$DAVITD_PID began=$(now_ms)
davitd_stop
took=$(($(now_ms) - began))
check "SIGTERM ends davitd within 2 s (took $took ms)" [ "$took" -lt 2000 ]
check "its process is gone" not kill -0 "$pid"
check "its socket is gone or refuses" not davitd_answers
same "its containers run on: same ids, same pids" "$(lives)" "$before"
davitd_start
within 10 "started again it knows them" runs manners/slow
same "and has not touched them" "$(lives)" "$before"
same "no restart is counted" "$(ctl status --json | jq -c '[.stacks[].services[].restarts.total]')" "[0,0,0]"
kill -s INT "$DAVITD_PID"
wait "$DAVITD_PID"
same "SIGINT ends it with status 0" "$?" 0
davitd_start

# ---- the services
check "stop of the polite" ctl stop manners/polite
same "it heard its stop_signal" "$(cat "$heard/polite")" USR1
same "and is stopped, not crashed" "$(field manners/polite .phase)" stopped
check "stop of the slow" ctl stop manners/slow
same "it had the time to save" "$(cat "$heard/slow")" saved

deaf_pid=$(field manners/deaf .pid)
began=$(now_ms)
check "stop of the deaf" ctl stop manners/deaf
took=$(($(now_ms) - began))
check "it was killed after its grace of 2 s, not before (took $took ms)" [ "$took" -ge 2000 ]
check "and soon after it" [ "$took" -lt 6000 ]
check "it is dead" not kill -0 "$deaf_pid"
check "status says that it had to be killed" says 'grace' 0 ctl why manners/deaf

# ---- a grace survives the death of the daemon
check "start" ctl start manners/deaf
within 10 "runs" runs manners/deaf
deaf_pid=$(field manners/deaf .pid)
began=$(now_ms)
ctl stop manners/deaf > "$ENV_DIR/stop.log" 2>&1 &
stopping=$!
is_stopping() { is manners/deaf .phase stopping; }
within 5 "a stop has begun" is_stopping
davitd_kill9
davitd_start
within 10 "kill -9 of davitd in the middle: the stop is finished" is manners/deaf .phase stopped
check "not before its grace (took $(($(now_ms) - began)) ms)" [ $(($(now_ms) - began)) -ge 2000 ]
check "it is dead" not kill -0 "$deaf_pid"
if wait "$stopping"; then :; fi
davit_done
