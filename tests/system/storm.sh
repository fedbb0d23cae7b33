#!/usr/bin/env bash
# Goal: whatever happens to davitd, what runs is left alone, and no service gets more starts
# than its budget allows.
# Method: kill -9 of davitd at 20 random moments while services crash in a loop; then podman's
# own events are held against the ledger.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up
davitd_start

cat > "$ENV_DIR/storm.yaml" << 'YAML'
name: storm
x-davit: {post_start_window: 100ms}
x-crasher: &crasher
  image: localhost/davit-demo:1
  restart: always
  stop_grace_period: 1s
  network_mode: none
  command: ["sh", "-c", "while [ ! -e /go/now ]; do sleep 0.1; done; exit 7"]
  volumes: ["go:/go"]
services:
  steady-a: &steady
    image: localhost/davit-demo:1
    init: true
    stop_grace_period: 1s
    command: ["sleep", "10000"]
  steady-b: {<<: *steady, network_mode: none}
  narrow: # five starts, then the breaker
    <<: *crasher
    x-davit: {recovery: {backoff: {initial: 50ms, factor: 1, max: 50ms, jitter: 0}, budget: {restarts: 4, window: 1h}}}
  wide: # crashes through the whole storm
    <<: *crasher
    x-davit: {recovery: {backoff: {initial: 100ms, factor: 1, max: 100ms, jitter: 0}, budget: {restarts: 500, window: 1h}, ceiling: {starts: 500, window: 1h}}}
volumes: {go: {}}
YAML
check "install" ctl install "$ENV_DIR/storm.yaml"
go=$(pod volume inspect --format '{{.Mountpoint}}' storm_go)
steady() { lives | grep steady; }
before=$(steady)
same "two services run steadily" "$(wc -l <<< "$before")" 2
total() { field "storm/$1" .restarts.total; }
starts() { events_of "storm-$1-1" start | wc -l; }

: > "$go/now"
touched=0 unknown=0 back=0 over=0 last_narrow=0 last_wide=0
for _ in {1..20}; do
  sleep "0.$((RANDOM % 5))$((RANDOM % 10))" # the moment is meant to be any
  davitd_kill9
  davitd_start
  [ "$(steady)" = "$before" ] || touched=$((touched + 1))
  [ "$(field storm/steady-a .phase) $(field storm/steady-b .phase)" = "running running" ] || unknown=$((unknown + 1))
  # First what podman did, then what the ledger holds: in between it only grows.
  narrow_starts=$(starts narrow) wide_starts=$(starts wide)
  narrow=$(total narrow) wide=$(total wide)
  [ "$narrow" -ge "$last_narrow" ] && [ "$wide" -ge "$last_wide" ] || back=$((back + 1))
  # One start was ordered by the install; every other must have been charged before.
  [ "$narrow_starts" -le $((narrow + 1)) ] && [ "$wide_starts" -le $((wide + 1)) ] || over=$((over + 1))
  last_narrow=$narrow last_wide=$wide
done
same "20 times kill -9: what runs kept its ids and pids" "$touched" 0
same "and was known at once to run" "$unknown" 0
same "no counter ever went back" "$back" 0
same "no start without a charge that was durable before" "$over" 0
check "the storm was real: $wide_starts starts of the wide one" [ "$wide_starts" -ge 10 ]
within 20 "the narrow one is broken" is storm/narrow .phase broken
same "by its budget of 4, and of an ordered start" "$(starts narrow) $(total narrow)" "5 4"
check "why names the breaker and the counter" says '4' 0 ctl why storm/narrow
check "why names its last exit" says 'exit code 7' 0 ctl why storm/narrow
same "the steady ones were never charged" "$(total steady-a) $(total steady-b)" "0 0"

rm "$go/now"
within 20 "the cause removed, the wide one runs again" runs storm/wide
check "a start by hand passes the open breaker" ctl start storm/narrow
within 10 "and it runs" runs storm/narrow
davit_done
