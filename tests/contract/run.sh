#!/bin/bash
# run.sh PROGRAM [ARGUMENTS]: runs the contract tests over a real podman of their own.
set -eu
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/system/lib/podman_env.sh
. "$here/../system/lib/podman_env.sh"
[ $# -gt 0 ] || { echo "usage: run.sh PROGRAM [ARGUMENTS]" >&2; exit 2; }
env_up "$(mktemp -d)"
# An image with a check and an entrypoint of its own.
env_run podman build -q --format docker -t localhost/davit-checked:1 - > "$ENV_DIR/checked.id" <<'IMAGE'
FROM localhost/davit-demo:1
HEALTHCHECK --interval=7s --timeout=2s --retries=4 CMD echo well
ENTRYPOINT ["sh"]
CMD ["-c", "while :; do sleep 0.05; done"]
IMAGE
env_run "$@"
