#!/usr/bin/env bash
# Shows Davit at work on real podman: installs a stack, kills one of its containers, shows it
# running again, says why, uninstalls, and checks that nothing is left behind.
#
#   sudo tools/demo.sh
#
# Builds what is missing first. Uses this host's podman where it can run a container, else a
# private one that goes away at the end. No registry is needed: the image is made from busybox.
# DAVIT_BUILD=DIR takes davitd and davit from a folder that is built already.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly manifest=manifests/examples/guestbook.yaml stack=davit-demo image=localhost/davit-demo:1
work= bin= mode= socket= daemon= service= waiting_shell= made_image=no finished=no passed=0

say() { printf '\n== %s\n' "$*"; }
die() {
  printf '\ndemo: %s\n' "$*" >&2
  exit 1
}
checked() {
  printf '   ok: %s\n' "$*"
  passed=$((passed + 1))
}
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }

# until_ok SECONDS WHAT COMMAND...: waits for the command to succeed.
until_ok() {
  local limit=$(($(now_ms) + $1 * 1000)) what=$2
  shift 2
  until "$@"; do
    (($(now_ms) < limit)) || die "waited in vain for $what"
    sleep 0.01
  done
}

# In the namespaces where the containers live; the host's own where its podman is used.
inside() { if [[ $mode == private ]]; then env_run "$@"; else "$@"; fi; }
podman_here() { inside podman "$@"; }
davit() {
  printf '$ davit %s\n' "$*"
  "$bin/davit" "$@"
}
status_json() { "$bin/davit" status --json "$stack" 2>>"$work/cli.log"; }
field() { jq -er --arg s "$1" ".stacks[0].services[] | select(.name == \$s) | .$2"; }

# left KIND: what carries the stack's label, one id a line.
left() {
  case $1 in
    containers) podman_here ps -aq --filter "label=io.davit.stack=$stack" ;;
    networks) podman_here network ls -q --filter "label=io.davit.stack=$stack" ;;
    volumes) podman_here volume ls -q --filter "label=io.davit.stack=$stack" ;;
  esac
}

ended() { ! kill -0 "$1" 2>/dev/null; }

end_process() { # PID: TERM, 5 s, KILL
  local tries
  kill -TERM "$1" 2>/dev/null || return 0
  for ((tries = 0; tries < 500; tries++)); do
    ended "$1" && break
    sleep 0.01
  done
  ended "$1" || kill -KILL "$1"
}

# Runs on every way out; a private podman is taken down by podman_env.sh after it.
cleanup() {
  local kind ids
  set +e
  if [[ $finished == no && -s $work/davitd.log ]]; then
    echo "-- the end of davitd's log:"
    tail -n 30 "$work/davitd.log"
  fi >&2
  [[ -z $daemon ]] || end_process "$daemon"
  if [[ $mode == host ]]; then
    for kind in containers networks volumes; do
      mapfile -t ids < <(left "$kind")
      ((${#ids[@]})) || continue
      case $kind in
        containers) podman rm -f -t 0 "${ids[@]}" ;;
        networks) podman network rm "${ids[@]}" ;;
        volumes) podman volume rm "${ids[@]}" ;;
      esac
    done
    [[ $made_image == no ]] || podman rmi "$image"
    [[ -z $service ]] || end_process "$service"
  fi >/dev/null 2>&1
  rm -rf "$work"
}

# The image in the host's podman, unless it is there already.
host_image() {
  podman image exists "$image" && return 0
  local tree=$work/image
  mkdir -p "$tree"/{bin,usr/bin,etc,proc,sys,dev,run,tmp,www}
  chmod 1777 "$tree/tmp"
  cp "$(command -v busybox)" "$tree/usr/bin/busybox"
  busybox --list | while read -r applet; do ln -sf /usr/bin/busybox "$tree/bin/$applet"; done
  printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' >"$tree/etc/passwd"
  printf 'root:x:0:\nnobody:x:65534:\n' >"$tree/etc/group"
  tar -C "$tree" -cf "$work/image.tar" .
  podman import -q -c 'ENV PATH=/bin' "$work/image.tar" "$image" >/dev/null
  made_image=yes
}

host_podman_works() {
  host_image >"$work/host.log" 2>&1 \
    && podman run --rm --network none "$image" true >>"$work/host.log" 2>&1
}

host_answers() { curl -sf -m 1 --unix-socket "$socket" http://d/_ping >/dev/null; }

bring_up_podman() {
  mode=host
  if host_podman_works; then
    socket=/run/podman/podman.sock
    if host_answers; then
      checked "this host's podman runs containers and listens on $socket"
      return
    fi
    socket=$work/podman.sock
    podman system service -t 0 "unix://$socket" >"$work/service.log" 2>&1 </dev/null &
    service=$!
    until_ok 20 "podman's API" host_answers
    checked "this host's podman runs containers; its API listens on $socket for this demo"
    return
  fi
  echo "   this host's podman cannot run a container: $(tail -n 1 "$work/host.log")"
  [[ $made_image == no ]] || podman rmi "$image" >/dev/null
  mode=private made_image=no
  # shellcheck source=tests/system/lib/podman_env.sh
  . tests/system/lib/podman_env.sh
  env_on_exit cleanup
  env_up "$work-podman"
  socket=$ENV_SOCKET
  checked "a private podman does, in $work-podman"
}

build() {
  if [[ -n ${DAVIT_BUILD:-} ]]; then
    bin=$(cd "$DAVIT_BUILD" && pwd)
  else
    bin=$PWD/build/release
    { cmake --preset release && cmake --build --preset release --target davitd davit; } >"$work/build.log" 2>&1 </dev/null \
      || die "the build failed:
$(tail -n 40 "$work/build.log")"
  fi
  [[ -x $bin/davitd && -x $bin/davit ]] || die "no davitd and davit in $bin"
}

start_daemon() {
  # $! would be a shell that waits; the pid of davitd itself is written before it takes over.
  inside bash -c 'echo $$ >"$0" && exec "$@"' "$work/davitd.pid" "$bin/davitd" \
    --podman "unix://$socket" --state "$work/state" --listen "unix://$work/davit.sock" \
    >"$work/davitd.log" 2>&1 </dev/null &
  waiting_shell=$!
  until_ok 5 "davitd's pid" test -s "$work/davitd.pid"
  daemon=$(<"$work/davitd.pid")
  until_ok 10 "davitd to answer" daemon_answers
}
daemon_answers() {
  if ended "$daemon"; then die "davitd ended at once"; fi
  "$bin/davit" status --json >/dev/null 2>&1
}

# runs_again SERVICE OLD_PID: true once it runs as another process.
runs_again() {
  local status
  status=$(status_json) || return 1
  [[ $(field "$1" phase <<<"$status") == running ]] || return 1
  again=$(field "$1" pid <<<"$status") || return 1
  [[ $again != "$2" ]]
}

((EUID == 0)) || die "this needs root: sudo tools/demo.sh"
work=$(mktemp -d /tmp/davit-demo.XXXXXX)
export DAVIT_HOST=unix://$work/davit.sock # where davit asks
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say "Packages and build"
tools/deps.sh build run test
build
checked "$("$bin/davitd" --version) in ${bin#"$PWD"/}"

say "Podman"
began=$(now_ms)
bring_up_podman

say "davitd starts"
start_daemon
checked "it answers on $work/davit.sock"

say "A stack is installed: $manifest"
davit install "$manifest" --name "$stack"
davit status "$stack"
status=$(status_json)
ill=$(jq -r '.stacks[0].services[] | select(.phase != "running" and .phase != "completed") | "\(.name): \(.phase)"' <<<"$status")
[[ -z $ill ]] || die "not all of it runs: $ill"
checked "every service runs, every job is done"
show_page() { inside curl -sf -m 2 http://127.0.0.1:8080/ 2>/dev/null; }
until_ok 10 "http://127.0.0.1:8080/" show_page
checked "that is http://127.0.0.1:8080/"

say "One of its containers is killed with SIGKILL"
victim=$(jq -r '[.stacks[0].services[] | select(.phase == "running") | .name] | if index("web") then "web" else last end' <<<"$status")
old=$(field "$victim" pid <<<"$status")
again=
killed=$(now_ms)
echo "\$ kill -KILL $old"
kill -KILL "$old"
until_ok 15 "$victim to run again" runs_again "$victim" "$old"
checked "$victim was process $old and runs again as $again, $(($(now_ms) - killed)) ms after the kill"
davit status "$stack"

say "Why did it start again?"
davit why "$stack/$victim"

say "The stack is uninstalled, its volumes too"
davit uninstall "$stack" --volumes
for kind in containers networks volumes; do
  rest=$(left "$kind")
  [[ -z $rest ]] || die "$kind left behind: $rest"
done
checked "no container, network or volume of it is left"

say "davitd ends on SIGTERM"
asked=$(now_ms)
kill -TERM "$daemon"
until_ok 5 "davitd to end" ended "$daemon"
wait "$waiting_shell" || die "davitd ended with exit code $?"
daemon=
checked "it ended after $(($(now_ms) - asked)) ms"

finished=yes
say "Done in $((($(now_ms) - began + 999) / 1000)) s, build aside"
printf '%d passed, 0 failed\n' "$passed"
