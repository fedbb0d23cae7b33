#!/usr/bin/env bash
# Goal: a stack is started along its graph, as parallel as the graph allows, and stopped in
# reverse.
# Method: 20 services, 4 wide and 5 deep. A service is ready only when all four of its level
# run, so that a start one after the other would never end; the order is podman's own events.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up
davitd_start

edges=$ENV_DIR/edges
{
  cat << 'YAML'
name: graph
x-davit: {post_start_window: 100ms, readiness_deadline: 60s}
volumes: {meet: {}}
services:
YAML
  for level in 1 2 3 4 5; do
    for i in 1 2 3 4; do
      cat << YAML
  s$level$i:
    image: localhost/davit-demo:1
    init: true
    network_mode: none
    stop_grace_period: 5s
    volumes: ["meet:/meet"]
    command:
      - sh
      - -c
      - ": > /meet/$level-$i; until [ \$\$(ls /meet | grep -c ^$level-) = 4 ]; do sleep 0.1; done; exec httpd -f -p 127.0.0.1:80 -h /www"
    x-davit: {probe: {tcp: {port: 80}, interval: 200ms, timeout: 1s}}
YAML
      [ "$level" -gt 1 ] || continue
      next=$((i % 4 + 1)) up=$((level - 1))
      echo "    depends_on: {s$up$i: {condition: service_healthy}, s$up$next: {condition: service_started}}"
      printf 's%s s%s\ns%s s%s\n' "$level$i" "$up$i" "$level$i" "$up$next" >> "$edges"
    done
  done
} > "$ENV_DIR/graph.yaml"
check "20 services, each ready only beside its siblings: install" ctl install "$ENV_DIR/graph.yaml"
same "all are ready" "$(ctl status --json | jq -c '[.stacks[0].services[] | [.phase, .health]] | unique')" '[["running","ready"]]'

# order NAME-OF-ACTION WHO: prints the edges whose two ends came in the wrong order.
moments() { pod events --stream=false --since 1h --filter "event=$1" --filter label=io.davit.stack=graph --format json | jq -r '[.Name, (.timeNano // .Time)] | @tsv'; }
declare -A at=()
read_moments() {
  local name when
  at=()
  while read -r name when; do at[$name]=$when; done < <(moments "$1")
}
out_of_order() { # first|last: which end of an edge, the dependent's, must come first
  local dependent dependency a b
  while read -r dependent dependency; do
    a=${at[graph-$dependent-1]:-} b=${at[graph-$dependency-1]:-}
    [ -n "$a" ] && [ -n "$b" ] || { echo "no moment: $dependent $dependency"; continue; }
    if [ "$1" = first ]; then [[ $a < $b ]]; else [[ $b < $a ]]; fi || echo "$dependent $dependency"
  done < "$edges"
}
read_moments start
same "podman saw 20 starts" "${#at[@]}" 20
same "every dependency was started before its dependents" "$(out_of_order last)" ""

check "stop of the stack" ctl stop graph
same "nothing runs" "$(lives)" ""
read_moments died
same "every dependent had ended before what it depends on" "$(out_of_order first)" ""
check "uninstall" ctl uninstall graph --volumes
check "leaves nothing" nothing_left graph
davit_done
