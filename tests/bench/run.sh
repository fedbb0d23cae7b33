#!/bin/bash
# Measures Davit on a real podman of its own and writes tests/bench/out/bench.{json,md}.
#
#   tests/bench/run.sh [--rows crash,install,idle,startup] [--pairs N] ...   (--help says more)
#
# BUILD is the build directory, made as a release build where it is missing (default
# build/bench). Needs root, what podman_env.sh names, python3, and podman-compose for one column.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
# shellcheck source=tests/system/lib/podman_env.sh
. "$root/tests/system/lib/podman_env.sh"

case " $* " in *" --help "* | *" -h "*) exec python3 "$here/bench.py" "$@" ;; esac

build=${BUILD:-$root/build/bench}
if [ ! -e "$build/build.ninja" ]; then
  cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF
fi
ninja -C "$build" davitd davit

# Below the environment's folder: it goes with it, after every process in it.
env_up "$(mktemp -d)"
mkdir "$ENV_DIR/bench"
env_run python3 "$here/bench.py" --build "$build" --podman "$ENV_SOCKET" --work "$ENV_DIR/bench" "$@"
