#!/usr/bin/env bash
# Goal: a service is ready when it answers, and one that stops answering is restarted where the
# manifest says so.
# Method: x-davit probes of servers on the container's own 127.0.0.1, which nothing outside can
# reach; their files decide what they answer.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up
davitd_start

cat > "$ENV_DIR/well.yaml" << 'YAML'
name: well
x-davit: {post_start_window: 100ms, recovery: {backoff: {initial: 100ms, max: 200ms}}}
x-server: &server
  image: localhost/davit-demo:1
  init: true
  stop_grace_period: 1s
  volumes: ["site:/site"]
services:
  http:
    <<: *server
    command: ["sh", "-c", "echo well > /site/health; exec httpd -f -p 127.0.0.1:8000 -h /site"]
    x-davit: {probe: {http: {port: 8000, path: /health}, interval: 200ms, timeout: 1s, retries: 3}}
  tcp: # opens its port only when it is told to
    <<: *server
    network_mode: none
    command: ["sh", "-c", "until [ -e /site/open ]; do sleep 0.1; done; exec httpd -f -p 127.0.0.1:5432 -h /site"]
    x-davit: {probe: {tcp: {port: 5432}, interval: 200ms, timeout: 1s, retries: 3, start_period: 60s}}
  quiet: # ill, and left alone
    <<: *server
    command: ["httpd", "-f", "-p", "127.0.0.1:8000", "-h", "/site"]
    x-davit: {on_unhealthy: none, probe: {http: {port: 8000, path: /health}, interval: 200ms, timeout: 1s, retries: 3, start_period: 10s}}
    depends_on: {http: {condition: service_healthy}}
  last:
    <<: *server
    command: [sleep, "10000"]
    depends_on: {tcp: {condition: service_healthy}}
volumes: {site: {}}
YAML
ctl install "$ENV_DIR/well.yaml" > "$ENV_DIR/install.log" 2>&1 &
installing=$!
ready() { is "well/$1" .health "${2:-ready}"; }
within 20 "http: ready once it answers" ready http
within 20 "tcp: runs, not ready while its port is closed" ready tcp starting
waits() { is well/last .phase waiting && field well/last '.waiting_for | join(" ")' | grep -q tcp; }
within 10 "its dependent waits, and for it" waits
site=$(pod volume inspect --format '{{.Mountpoint}}' well_site)
: > "$site/open"
within 20 "tcp: ready once its port is open" ready tcp
within 20 "its dependent is started" runs well/last
wait "$installing"
same "the install ends well" "$?" 0
same "nothing was restarted meanwhile" "$(ctl status --json | jq -c '[.stacks[0].services[].restarts.total] | add')" 0

# The page goes: 404 is no answer of a healthy server.
pid=$(field well/http .pid) quiet=$(field well/quiet .pid) id=$(field well/http .container_id)
rm "$site/health"
again() { runs well/http && ready http && [ "$(field well/http .pid)" != "$pid" ]; }
within 20 "http: ill under on_unhealthy: restart, restarted, and ready again" again
same "in the same container" "$(field well/http .container_id)" "$id"
check "the restart is charged" is well/http .restarts.total 1
check "events say that it was ill" says 'http: .*ill|http.*ill' 0 ctl events
same "on_unhealthy: none is left alone" "$(field well/quiet .pid)" "$quiet"
davit_done
