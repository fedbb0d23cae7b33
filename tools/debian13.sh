#!/usr/bin/env bash
# Builds Davit and runs unit and sim on Debian 13, in a root of its own below build/.
#
#   sudo tools/debian13.sh [FOLDER]     default: build/debian13; about 2 GB
#
# The first run fetches Debian 13 (debootstrap); later ones only build what changed. Nothing
# is mounted outside a private mount namespace, so nothing is left behind after a kill.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source_dir=$PWD
mkdir -p "${1:-build/debian13}"
folder=$(cd "${1:-build/debian13}" && pwd)
root=$folder/root

((EUID == 0)) || {
  echo "debian13: this needs root" >&2
  exit 1
}
if ! command -v debootstrap >/dev/null; then
  apt-get update -qq </dev/null
  apt-get install -qq -y --no-install-recommends debootstrap </dev/null >/dev/null
fi
if [[ ! -e $folder/complete ]]; then
  rm -rf "$root"
  debootstrap --variant=minbase --include=ca-certificates trixie "$root"
  touch "$folder/complete"
fi

mkdir -p "$root/src" "$root/build"
export LC_ALL=C.UTF-8 SOURCE_DIR=$source_dir ROOT=$root JOBS=${JOBS:-$(nproc)}
# shellcheck disable=SC2016 # expanded inside
unshare --mount --propagation private bash -euc '
  mount -t proc proc "$ROOT/proc"
  mount --rbind /dev "$ROOT/dev"
  mount --bind "$SOURCE_DIR" "$ROOT/src"
  mount -o remount,bind,ro "$ROOT/src"
  exec chroot "$ROOT" /bin/bash -euc "
    cd /src
    tools/deps.sh build
    cmake -S /src -B /build -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_CXX_FLAGS_DEBUG=\"-O1 -g1\" \
      -DBUILD_TESTING=ON -DDAVIT_WERROR=ON
    cmake --build /build -j $JOBS -- -k 0
    ctest --test-dir /build -L \"^(unit|sim)\$\" --output-on-failure --no-tests=error -j $JOBS
  "
' </dev/null
