#!/usr/bin/env bash
# Goal: after a power cut all that ran is started again, in the order of the graph; what was
# stopped stays stopped, jobs are not run again, and no counter is lost.
# Method: every process of podman's namespaces is killed at one moment, and what lives in memory
# goes: /run, the lock table, the network. Storage and state stay, as a disk would. A file over
# the kernel's boot_id makes a reboot of it; without that davitd sees the same boot.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up

# Kills all but the process that holds the namespaces; true when there was nobody left.
all_dead() {
  local pids
  pids=$(env_processes "$1" | grep -vx "$ENV_PID")
  [ -n "$pids" ] || return 0
  # shellcheck disable=SC2086 # a list of numbers, of which some are gone already
  kill -9 $pids
  return 1
}
power_cut() {
  local cgroups pid
  {
    cgroups=$(env_cgroups)
    env_wait_for 10 all_dead "$cgroups" || exit 1
    kill -9 "$ENV_PID"
    for pid in "$ENV_PID" "$ENV_SERVICE_PID" "$DAVITD_PID"; do
      if wait "$pid"; then :; fi
    done
    ENV_SERVICE_PID= DAVITD_PID=
    env_wait_for 10 env_remove_cgroups "$cgroups" || exit 1
    rm -rf "$ENV_DIR/run" "$ENV_SOCKET" "$SOCKET" "$ENV_DIR/namespace.ready"
  } 2>> "$ENV_DIR/cut.log" # bash tells of every job that was killed
}
power_on() { # BOOT-ID
  env_namespace || exit 1
  boot "$1"
  env_service start || exit 1
  davitd_start
}
boot() {
  echo "$1" > "$ENV_DIR/boot_id"
  env_run mount --bind "$ENV_DIR/boot_id" /proc/sys/kernel/random/boot_id || exit 1
}

boot 11111111-1111-4111-8111-111111111111
davitd_start
cat > "$ENV_DIR/home.yaml" << 'YAML'
name: home
x-davit: {post_start_window: 100ms}
x-common: &common
  image: localhost/davit-demo:1
  init: true
  stop_grace_period: 2s
  restart: unless-stopped
  command: ["sleep", "10000"]
services:
  db:
    <<: *common
    command: ["sh", "-c", "rm -f /tmp/ready; sleep 0.5; touch /tmp/ready; exec sleep 10000"]
    healthcheck: {test: test -e /tmp/ready, interval: 200ms, timeout: 2s, retries: 3, start_period: 10s}
  job:
    <<: *common
    restart: "no"
    command: ["sh", "-c", "echo ran >> /data/runs"]
    volumes: ["data:/data"]
    depends_on: {db: {condition: service_healthy}}
  app: {<<: *common, depends_on: {db: {condition: service_healthy}, job: {condition: service_completed_successfully}}}
  web: {<<: *common, depends_on: [app], ports: ["127.0.0.1:8080:80"]}
  once: {<<: *common, restart: "no"}
  parked: {<<: *common}
volumes: {data: {}}
YAML
check "install" ctl install "$ENV_DIR/home.yaml"
check "one is stopped by a person" ctl stop home/parked
pid=$(field home/web .pid)
kill -9 "$pid"
counted() { runs home/web && is home/web .restarts.total 1; }
within 10 "one has crashed once" counted
data=$(pod volume inspect --format '{{.Mountpoint}}' home_data)
ids() { ctl status --json | jq -c '[.stacks[0].services[] | [.name, .container_id]]'; }
ids_before=$(ids)

# after TEXT: what holds after every cut.
up_again() { runs home/db && runs home/app && runs home/web; }
started() { events_of "home-$1-1" start | head -n 1; }
after() {
  within 30 "$1: all that ran runs again" up_again
  check "$1: db before app, app before web" bash -c "[[ $(started db) < $(started app) && $(started app) < $(started web) ]]"
  same "$1: the job is not run again" "$(cat "$data/runs") $(field home/job .phase)" "ran completed"
  same "$1: what was stopped stays stopped" "$(field home/parked .phase)" stopped
  same "$1: the same containers" "$(ids)" "$ids_before"
  same "$1: one start each" "$(for s in db app web job parked; do events_of "home-$s-1" start | wc -l; done | xargs)" "1 1 1 0 0"
}

power_cut
power_on 22222222-2222-4222-8222-222222222222
after "a power cut"
same "counters are kept, and the reboot costs no budget" \
  "$(ctl status --json | jq -c '[.stacks[0].services[].restarts.total]')" "[0,0,0,0,0,1]"
same "restart: no is left alone" "$(field home/once .phase)" stopped
check "and says why" says 'restart of the machine' 0 ctl why home/once

# In the middle of a start, and of a stop: nothing is half.
ctl restart home > "$ENV_DIR/restart.log" 2>&1 &
restarting=$!
some_stop() { ctl status --json | jq -e '[.stacks[0].services[] | select(.phase == "stopping" or .phase == "starting")] | length > 0'; }
within 10 "a restart is under way" some_stop
power_cut
power_on 33333333-3333-4333-8333-333333333333
within 30 "a power cut in the middle of a restart: all runs again" up_again
if wait "$restarting"; then :; fi # it may say either
check "and the stack takes orders again: install of the same" ctl install "$ENV_DIR/home.yaml"

# podman lost all of its memory, but the kernel did not boot: as after `podman system migrate`.
ids_before=$(ids)
power_cut
power_on 33333333-3333-4333-8333-333333333333
within 30 "the same boot, and all of podman is gone: all runs again" up_again
same "the same containers" "$(ids)" "$ids_before"
davit_done
