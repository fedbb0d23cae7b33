#!/usr/bin/env bash
# Goal: a stack is started along its graph, as parallel as the graph allows, and stopped in
# reverse.
# Method: 20 services, 4 wide and 5 deep. A service is ready only when all four of its level
# run, so that a start one after the other would never end. Podman's events tell the order of
# the starts; they tell of a death late, so each service notes when it is asked to stop.
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
      - |
        trap 'echo s$level$i >> /meet/stopped; exit 0' TERM
        : > /meet/$level-$i
        until [ \$\$(ls /meet | grep -c ^$level-) = 4 ]; do sleep 0.1; done
        httpd -f -p 127.0.0.1:80 -h /www &
        wait \$\$!
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

declare -A at=()
read_moments() {
  local name when
  while read -r name when; do at[${name:6:3}]=$when; done < <(
    pod events --stream=false --since 1h --filter event=start --filter label=io.davit.stack=graph --format json \
      | jq -r '[.Name, (.Time | rtrimstr("Z"))] | @tsv')
}
# out_of_order first|last: the edges of which the dependent did not come so.
out_of_order() {
  local dependent dependency a b
  while read -r dependent dependency; do
    a=${at[$dependent]:-} b=${at[$dependency]:-}
    [ -n "$a" ] && [ -n "$b" ] || { echo "no moment: $dependent $dependency"; continue; }
    if [ "$1" = first ]; then [[ $a < $b ]]; else [[ $b < $a ]]; fi || echo "$dependent $dependency"
  done < "$edges"
}
read_moments
same "podman saw 20 starts" "${#at[@]}" 20
same "every dependency was started before its dependents" "$(out_of_order last)" ""

meet=$(pod volume inspect --format '{{.Mountpoint}}' graph_meet)
check "stop of the stack" ctl stop graph
same "nothing runs" "$(lives)" ""
at=() count=100 # three digits: these are compared as text
while read -r name; do at[$name]=$((count += 1)); done < "$meet/stopped"
same "each was asked to stop, once" "$((count - 100)) ${#at[@]}" "20 20"
same "every dependent had ended before what it depends on was asked to" "$(out_of_order first)" ""
check "uninstall" ctl uninstall graph --volumes
check "leaves nothing" nothing_left graph
davit_done
