#!/usr/bin/env bash
# Goal: a secret is where the service reads it, and nowhere else.
# Method: unmistakable words as secrets; every place where they must not be is searched for
# them: logs, every answer of the command line, process arguments, podman's own records.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up
davitd_start --log-level trace

in_file=Zaubernuss-$$-file in_env=Zaubernuss-$$-env in_url=Zaubernuss-$$-url
words='Zaubernuss'
printf '%s' "$in_file" > "$ENV_DIR/password"
cat > "$ENV_DIR/vault.yaml" << YAML
name: vault
x-davit: {post_start_window: 1s}
services:
  keeper:
    image: localhost/davit-demo:1
    restart: always
    stop_grace_period: 1s
    command: ["sh", "-c", "trap 'exit 0' TERM; cat /run/secrets/password; echo \$\$DB_PASSWORD; sleep 10000 & wait \$\$!"]
    environment:
      DB_PASSWORD: $in_env
      DATABASE_URL: "postgres://user:$in_url@db/x"
      HARMLESS: shown
    secrets: [password]
secrets: {password: {file: ./password}}
YAML
# Whoever looks at the processes while it is installed.
watch() { while :; do cat /proc/[0-9]*/cmdline 2> "$ENV_DIR/watch.err" | tr '\0' ' ' | grep -a -o 'Zauber[n]uss[^ ]*'; done > "$ENV_DIR/watch"; }
watch &
watcher=$!
check "install" ctl install "$ENV_DIR/vault.yaml"
same "the service reads the content, and gets its environment" "$(ctl logs vault/keeper)" "$(printf '%s%s' "$in_file" "$in_env")"
pid=$(field vault/keeper .pid)
kill -9 "$pid"
again() { runs vault/keeper && [ "$(field vault/keeper .pid)" != "$pid" ]; }
within 10 "it runs again after a crash" again
# An install that fails, with all that it says.
sed 's/"trap.*"]/"exit 3"]/; s/name: vault/name: broken/' "$ENV_DIR/vault.yaml" > "$ENV_DIR/broken.yaml"
ctl install "$ENV_DIR/broken.yaml" > "$ENV_DIR/broken.out" 2>&1
same "a stack that fails" "$?" 1
davitd_kill9
davitd_start --log-level trace
within 10 "adopted" runs vault/keeper
kill "$watcher"
if wait "$watcher" 2> "$ENV_DIR/watch.err"; then :; fi

# silent WHAT COMMAND...: its output holds none of the words.
silent() {
  local what=$1
  shift
  "$@" > "$ENV_DIR/output" 2>&1
  check "$what holds none of them" not grep -a -n "$words" "$ENV_DIR/output"
}
silent "davitd's log at level trace" cat "$LOG"
silent "the output of the install that failed" cat "$ENV_DIR/broken.out"
silent "status" ctl status
silent "status --json" ctl status --json
silent "why --json" ctl why vault/keeper --json
silent "events --json" ctl events --json
silent "plan" ctl plan "$ENV_DIR/vault.yaml"
silent "plan --json" ctl plan --json "$ENV_DIR/vault.yaml"
silent "validate" ctl validate "$ENV_DIR/vault.yaml"
silent "validate --json" ctl validate --json "$ENV_DIR/vault.yaml"
silent "an answer to a bad request that holds one" api -X POST -d "{\"model\":{\"name\":\"vault\",\"$in_env\":1},\"secrets\":{\"a\":\"$in_file\"" http://d/v1/stacks/vault
same "the arguments of no process" "$(sort -u "$ENV_DIR/watch")" ""
pod inspect vault-keeper-1 > "$ENV_DIR/output"
check "podman's record of the container does not hold the secret's content" not grep -n "$in_file" "$ENV_DIR/output"
check "nor any label the environment's" not grep -n "$words" <(pod inspect --format '{{json .Config.Labels}}' vault-keeper-1)
same "its file lies where only root reads" "$(stat -c %a "$STATE/secrets") $(stat -c %a "$STATE/stacks")" "700 700"
same "the revision, which holds the environment, is 0600" "$(stat -c %a "$STATE"/stacks/vault/*.json | sort -u)" 600
check "no revision names the secret's content" not grep -rn "$in_file" "$STATE/stacks"
check "no other file of the state directory holds any" not grep -rna --exclude-dir=stacks --exclude-dir=secrets "$words" "$STATE"

# A rotation is a changed configuration.
id=$(field vault/keeper .container_id)
printf '%s' "$in_file-2" > "$ENV_DIR/password"
check "the content changes: install again" ctl install "$ENV_DIR/vault.yaml"
check "the service got a new container" not is vault/keeper .container_id "$id"
check "which reads the new content" grep -q "$in_file-2" <(ctl logs vault/keeper)
check "uninstall" ctl uninstall vault --volumes
check "leaves nothing" nothing_left vault
davit_done
