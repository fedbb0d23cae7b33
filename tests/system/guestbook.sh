#!/usr/bin/env bash
# Goal: what a user does on the first day works: install the example, see it, lose a container,
# read why, remove it without a trace.
# Method: manifests/examples/guestbook.yaml on real podman, judged by podman and the kernel
# wherever they can tell.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up
davitd_start

check "install waits for the trial and succeeds" ctl install manifests/examples/guestbook.yaml

# The contract of `davit status --json`: every key is there, and what is absent is null.
status=$(ctl status --json)
same "status names the keys of a service as the contract does" \
  "$(jq -c '[.stacks[].services[] | keys_unsorted] | unique' <<< "$status")" \
  '[["name","phase","health","container_id","pid","exit_code","exit_reason","restarts","next_attempt_at","waiting_for","reason","image","since","ports"]]'
same "status has the keys of the host" "$(jq -c 'keys' <<< "$status")" '["engine","orphans","stacks","store"]'
same "store and engine are ok" "$(jq -c '[.store.state, .engine.state]' <<< "$status")" '["ok","ok"]'
same "the services are in their phases" \
  "$(jq -c '.stacks[0].services | map([.name, .phase, .health])' <<< "$status")" \
  '[["api","running",null],["db","running","ready"],["migrate","completed",null],["web","running",null]]'
same "null where nothing is: no exit, no wait" \
  "$(jq -c '.stacks[0].services[] | select(.name == "web") | [.exit_code, .exit_reason, .next_attempt_at, .waiting_for]' <<< "$status")" \
  '[null,null,null,[]]'
same "a completed job has its exit code and no pid" \
  "$(jq -c '.stacks[0].services[] | select(.name == "migrate") | [.exit_code, .pid]' <<< "$status")" '[0,null]'
same "no restart is counted" "$(jq -c '[.stacks[0].services[].restarts] | unique' <<< "$status")" '[{"window":0,"total":0}]'
same "ids are podman's" "$(jq -r '.stacks[0].services[].container_id' <<< "$status" | sort)" \
  "$(pod ps -aq --no-trunc | sort)"
same "podman's own restart policy is off" \
  "$(pod inspect --format '{{.HostConfig.RestartPolicy.Name}}' guestbook-web-1)" no

fetch() { env_run curl -sf -m 2 http://127.0.0.1:8080/; }
page() { fetch | grep -q Welcome; }
within 10 "the published port serves what the job wrote" page

# A container's process is killed.
id=$(field guestbook/web .container_id) pid=$(field guestbook/web .pid)
same "status tells the pid that podman tells" "$pid" "$(pod inspect --format '{{.State.Pid}}' guestbook-web-1)"
kill -9 "$pid"
another_pid() { runs guestbook/web && [ "$(field guestbook/web .pid)" != "$pid" ]; }
within 10 "a killed container runs again, in another process" another_pid
same "in the same container" "$(field guestbook/web .container_id)" "$id"
check "the restart is counted" is guestbook/web .restarts '{
  "window": 1,
  "total": 1
}'
within 10 "and its port serves again" page
check "why names the death" says 'SIGKILL|killed' 0 ctl why guestbook/web
same "why --json counts it against the budget" \
  "$(ctl why guestbook/web --json | jq -c '[.phase, .counters.restarts, .counters.restarts_allowed, .last_exit.code]')" \
  '["running",1,10,137]'
same "its siblings were left alone" "$(jq -c '[.stacks[0].services[] | .restarts.total]' <<< "$(ctl status --json)")" '[0,0,0,1]'

check "events tell of the death" says 'guestbook/web.*SIGKILL' 0 ctl events
same "events --json has the kind of each" \
  "$(ctl events --json | jq -c '[.events[] | select(.service == "web") | .kind] | unique | index("exit") != null')" true

cat > "$ENV_DIR/talk.yaml" << 'YAML'
name: talk
x-davit: {post_start_window: 100ms}
services:
  one:
    image: localhost/davit-demo:1
    stop_grace_period: 1s
    command: ["sh", "-c", "trap 'exit 0' TERM; echo first; echo second >&2; sleep 1000 & wait $$!"]
YAML
check "a second stack beside it" ctl install "$ENV_DIR/talk.yaml"
same "logs prints what the service wrote, both streams" "$(ctl logs talk/one | sort)" "$(printf 'first\nsecond')"
same "logs --tail 1 prints the last line" "$(ctl logs talk/one --tail 1 | wc -l)" 1
check "uninstall of one stack" ctl uninstall talk
check "leaves nothing of it" nothing_left talk
check "and the other one alone" runs guestbook/web

check "uninstall --volumes" ctl uninstall guestbook --volumes
check "leaves no container, network, volume, revision or secret" nothing_left guestbook
same "leaves nothing in podman at all" "$(pod ps -aq; pod volume ls -q; pod network ls -q --filter name=guestbook)" ""
same "leaves no file below stacks and secrets" "$(find "$STATE/stacks" "$STATE/secrets" -mindepth 1)" ""
same "and no stack in the status" "$(ctl status --json | jq -c .stacks)" "[]"
davit_done
