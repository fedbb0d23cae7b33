# shellcheck shell=bash
# A real podman of our own, to be sourced: private mount and network namespace, storage, API
# service and a small image. Nothing of it touches the podman of the host, and any number of
# them live side by side, each in a directory of its own.
#
#   . tests/system/lib/podman_env.sh
#   env_up DIR               DIR must not exist, or be empty; it holds everything, and goes again
#   env_run podman ps -a     any command inside: the namespaces and the configuration are set
#   env_service kill9        start, stop, kill9 the API service; its socket is $ENV_SOCKET
#   env_on_exit 'COMMAND'    what the caller wants done before env_down, last one first
#   env_down                 containers, processes, mounts, DIR; runs by itself on any exit
#
# Needs bash, root, and the packages podman, runc, netavark, aardvark-dns, iptables, iproute2,
# busybox-static and curl.

ENV_IMAGE=localhost/davit-demo:1
ENV_DIR= ENV_PID= ENV_SOCKET= ENV_SERVICE_PID= ENV_PREFIX=() ENV_EXIT_COMMANDS=()

env_fail() {
  echo "podman_env: $*" >&2
  return 1
}

env_up() {
  [ "$(id -u)" = 0 ] || env_fail "must run as root" || return 1
  [ -z "$ENV_DIR" ] || env_fail "one environment per shell; $ENV_DIR is up" || return 1
  mkdir -p "$1" || return 1
  [ -z "$(ls -A "$1")" ] || env_fail "$1 is not empty" || return 1
  ENV_DIR=$(cd "$1" && pwd) ENV_SOCKET=$ENV_DIR/podman.sock
  trap env_leave EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  env_namespace && env_configure && env_image && env_service start
}

# The namespaces live as long as one sleeping process does.
env_namespace() {
  # shellcheck disable=SC2016 # the inner shell expands
  unshare --mount --net --propagation private bash -ec '
    resolv=$(readlink -f /etc/resolv.conf) names=
    [ ! -r "$resolv" ] || names=$(cat "$resolv")
    mount -t tmpfs -o mode=755 tmpfs /run
    mkdir -p /run/lock /run/netns /run/containers
    # Where it is a link into /run, as systemd-resolved makes it, it would dangle now.
    case $resolv in /run/*) mkdir -p "${resolv%/*}"; echo "$names" > "$resolv" ;; esac
    mount -t tmpfs tmpfs /dev/shm # podman keeps its lock table here
    ip link set lo up
    sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.route_localnet=1
    : > "$1/namespace.ready"
    exec sleep infinity' holder "$ENV_DIR" </dev/null 2>"$ENV_DIR/namespace.log" >&2 &
  ENV_PID=$!
  env_wait_for 10 env_namespace_ready || env_fail "no namespace: $(cat "$ENV_DIR/namespace.log")"
}

env_namespace_ready() { [ -e "$ENV_DIR/namespace.ready" ]; }

# env_wait_for SECONDS COMMAND...: until it succeeds.
env_wait_for() {
  local end=$(($(date +%s%N) + $1 * 1000000000))
  shift
  until "$@"; do
    [ "$(date +%s%N)" -lt "$end" ] || return 1
    sleep 0.02
  done
}

env_run() {
  env_prefix "$PWD"
  "${ENV_PREFIX[@]}" "$@"
}

# Sets ENV_PREFIX: what runs a command inside, in the folder $1. Both of its programs exec, so
# that the pid of such a job is the command's own.
env_prefix() {
  ENV_PREFIX=(nsenter --target "$ENV_PID" --mount --net --wdns="$1" -- env
    CONTAINERS_CONF="$ENV_DIR/containers.conf"
    CONTAINERS_STORAGE_CONF="$ENV_DIR/storage.conf"
    CONTAINERS_REGISTRIES_CONF="$ENV_DIR/registries.conf"
    DAVIT_TEST_PODMAN="unix://$ENV_SOCKET")
}

# env_write_conf RUNTIME ULIMITS: either may be empty, podman's default then.
env_write_conf() {
  {
    echo '[containers]'
    [ -z "$2" ] || echo "default_ulimits = [$2]"
    echo '[engine]'
    [ -z "$1" ] || echo "runtime = \"$1\""
    echo 'events_logger = "file"'
    echo 'cgroup_manager = "cgroupfs"' # /run is ours, so systemd cannot be reached
    echo "static_dir = \"$ENV_DIR/storage/libpod\""
    echo "volume_path = \"$ENV_DIR/storage/volumes\""
    echo 'tmp_dir = "/run/libpod"'
    echo '[network]'
    echo 'network_backend = "netavark"'
    echo "network_config_dir = \"$ENV_DIR/networks\""
    echo 'default_subnet = "10.231.0.0/24"'
    echo 'default_subnet_pools = [{"base" = "10.232.0.0/16", "size" = 24}]'
  } > "$ENV_DIR/containers.conf"
}

env_configure() {
  mkdir -p "$ENV_DIR/networks"
  printf '[storage]\ndriver = "overlay"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    "$ENV_DIR/storage" "$ENV_DIR/run" > "$ENV_DIR/storage.conf"
  # No short names, and a registry that a test may start is trusted without TLS.
  printf 'unqualified-search-registries = []\n[[registry]]\nlocation = "127.0.0.1:5000"\ninsecure = true\n' \
    > "$ENV_DIR/registries.conf"
  env_write_conf '' ''
}

# Makes the image, then finds what this host needs to start a container of it: most need
# nothing; some need runc, and where CAP_SYS_RESOURCE is missing podman's default limits
# cannot be set.
env_image() {
  local root=$ENV_DIR/image applet try runtime limits log=$ENV_DIR/probe.log
  mkdir -p "$root"/{bin,etc,proc,sys,dev,run,tmp,www}
  chmod 1777 "$root/tmp"
  cp "$(command -v busybox)" "$root/bin/busybox" || return 1
  for applet in $("$root/bin/busybox" --list); do
    [ "$applet" = busybox ] || ln -sf busybox "$root/bin/$applet"
  done
  printf 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' > "$root/etc/passwd"
  printf 'root:x:0:\nnobody:x:65534:\n' > "$root/etc/group"
  echo hello > "$root/www/index.html"
  tar -C "$root" -cf "$ENV_DIR/image.tar" . || return 1
  rm -r "$root"
  env_run podman import -q -c 'ENV PATH=/bin' "$ENV_DIR/image.tar" "$ENV_IMAGE" \
    > "$log" 2>&1 || env_fail "no image: $(cat "$log")" || return 1

  local low='"nofile=4096:4096", "nproc=4096:4096"'
  for try in '|' 'runc|' "|$low" "runc|$low"; do
    runtime=${try%%|*} limits=${try#*|}
    [ -z "$runtime" ] || command -v "$runtime" > /dev/null || continue
    env_write_conf "$runtime" "$limits"
    if env_run podman run --rm --network none "$ENV_IMAGE" true >> "$log" 2>&1; then
      return 0
    fi
    env_run podman rm -fa -t 0 >> "$log" 2>&1 || return 1
  done
  env_fail "no container starts here: $(cat "$log")"
}

env_answers() { curl -sf -m 1 --unix-socket "$ENV_SOCKET" http://d/_ping > /dev/null; }

env_service() {
  case $1 in
    start)
      env_prefix "$ENV_DIR" # conmon drops notes into the folder that it inherits
      "${ENV_PREFIX[@]}" podman system service -t 0 "unix://$ENV_SOCKET" \
        >> "$ENV_DIR/service.log" 2>&1 < /dev/null &
      ENV_SERVICE_PID=$!
      env_wait_for 20 env_answers || env_fail "no service: $(tail -n 5 "$ENV_DIR/service.log")"
      ;;
    stop | kill9)
      [ -n "$ENV_SERVICE_PID" ] || return 0
      local signal=TERM
      [ "$1" = stop ] || signal=KILL
      if kill -s "$signal" "$ENV_SERVICE_PID" 2> /dev/null; then
        # Its status only says that it was ended.
        if wait "$ENV_SERVICE_PID" 2> /dev/null; then :; fi
      fi
      ENV_SERVICE_PID=
      ;;
    *) env_fail "env_service start|stop|kill9" ;;
  esac
}

env_on_exit() { ENV_EXIT_COMMANDS=("$1" ${ENV_EXIT_COMMANDS[@]+"${ENV_EXIT_COMMANDS[@]}"}); }

env_leave() {
  local status=$? command
  trap - EXIT INT TERM
  set +e
  for command in ${ENV_EXIT_COMMANDS[@]+"${ENV_EXIT_COMMANDS[@]}"}; do eval "$command"; done
  env_down || status=1
  exit "$status"
}

# The cgroups of our containers, in every hierarchy, inner ones first.
env_cgroups() {
  local folder id
  for folder in "$ENV_DIR"/storage/overlay-containers/*/; do
    id=${folder%/} id=${id##*/}
    [ ${#id} != 64 ] || find /sys/fs/cgroup -depth -path "*/libpod-$id*" -type d
  done
}

# Every process that lives in our mount namespace, or in one of the given cgroups.
env_processes() {
  local mine process folder
  mine=$(readlink "/proc/$ENV_PID/ns/mnt") || return 1
  for process in /proc/[0-9]*; do
    [ "$(readlink "$process/ns/mnt" 2> /dev/null)" != "$mine" ] || echo "${process#/proc/}"
  done
  for folder in $1; do [ ! -d "$folder" ] || cat "$folder/cgroup.procs"; done
}

# Called from the trap, where `set -e` is off; a caller of its own may have it on.
env_down() {
  local -
  set +e
  local dir=$ENV_DIR pids cgroups
  [ -n "$dir" ] || return 0
  if [ -n "$ENV_PID" ] && kill -0 "$ENV_PID" 2> /dev/null; then
    # It may fail where a test broke something on purpose; the rest is ended below.
    cgroups=$(env_cgroups) # with a dead conmon podman forgets the container and leaves them
    env_run timeout 60 podman rm -fa -t 0 > "$dir/down.log" 2>&1
    env_service kill9
    pids=$(env_processes "$cgroups")
    # shellcheck disable=SC2086 # a list of numbers
    [ -z "$pids" ] || kill -9 $pids 2> /dev/null
    wait "$ENV_PID" 2> /dev/null
    env_wait_for 10 env_remove_cgroups "$cgroups" || env_fail "cgroups stay: $cgroups"
  fi
  ENV_DIR= ENV_PID= ENV_SOCKET=
  # A process that was just killed may hold its files for a moment.
  env_wait_for 10 env_remove "$dir" || env_fail "cannot remove $dir"
}

env_remove() { rm -rf "$1" 2> /dev/null; }

env_remove_cgroups() {
  local folder left=0
  for folder in $1; do
    [ ! -d "$folder" ] || rmdir "$folder" 2> /dev/null || left=1
  done
  return $left
}
