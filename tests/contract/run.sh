#!/bin/bash
# run.sh PROGRAM [ARGUMENTS]: runs the contract tests over a real podman of their own.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/system/lib/podman_env.sh
. "$here/../system/lib/podman_env.sh"
[ $# -gt 0 ] || { echo "usage: run.sh PROGRAM [ARGUMENTS]" >&2; exit 2; }
env_up "$(mktemp -d)"
env_run "$@"
