#!/usr/bin/env bash
# Installs the Debian packages that Davit needs, and says nothing where none is missing.
#
#   tools/deps.sh [GROUP...]     build, run, test, bench (default: build run test)
#   tools/deps.sh --list         prints the table below
#
# Only packages that are missing are fetched, so a second run costs a few milliseconds.
set -euo pipefail

# package | group | what it is there for
readonly table='
g++                 build  the compiler, C++20
cmake               build  writes the build files
ninja-build         build  runs them
ccache              build  a second build costs seconds
pkg-config          build  the flags of cpp-httplib and libsystemd
libcaf-dev          build  the actor framework
libcpp-httplib-dev  build  HTTP over Unix sockets, both sides
librocksdb-dev      build  the store
libyaml-cpp-dev     build  reads manifests
libspdlog-dev       build  logs
libcli11-dev        build  command lines
nlohmann-json3-dev  build  JSON
libexpected-dev     build  tl::expected, the type of every expected failure
libsystemd-dev      build  sd_notify and the watchdog
libssl-dev          build  digests of configurations
catch2              build  the test framework
podman              run    runs the containers
conmon              run    watches a container for podman
runc                run    the OCI runtime
netavark            run    networks of containers
aardvark-dns        run    names on those networks
iptables            run    published ports
catatonit           run    the init process of a service with "init: true"
util-linux          run    nsenter and unshare
ca-certificates     run    pulls from registries
busybox-static      test   images are made from it, no registry is needed
curl                test   speaks to the API in system tests
jq                  test   reads JSON in scripts
iproute2            test   looks at networks and sockets
procps              test   looks at processes
systemd             test   systemd-analyze verifies the units
shellcheck          test   lint of shell
clang-format        test   layout of C++
clang-tidy          test   lint of C++
mandoc              test   lint of the man pages
python3             test   the house rules (tests/tidy)
podman-compose      bench  what an install is compared with
'

if [[ ${1:-} == --list ]]; then
  printf '%s' "${table#$'\n'}"
  exit 0
fi

groups=("$@")
((${#groups[@]})) || groups=(build run test)
wanted=()
for group in "${groups[@]}"; do
  mapfile -t found < <(awk -v group="$group" '$2 == group { print $1 }' <<<"$table")
  if ((${#found[@]} == 0)); then
    echo "deps: no group '$group'; there are: build, run, test, bench" >&2
    exit 2
  fi
  wanted+=("${found[@]}")
done

declare -A have=()
while read -r package; do
  have[$package]=1
done < <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')
missing=()
for package in "${wanted[@]}"; do
  [[ -n ${have[$package]:-} ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

echo "deps: installing ${missing[*]}"
if ((EUID != 0)); then
  echo "deps: this needs root: sudo apt-get install --no-install-recommends ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq </dev/null
apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "${missing[@]}" </dev/null >/dev/null
