#!/usr/bin/env bash
# Goal: an upgrade touches what changed and nothing else; one that fails is taken back; what is
# not Davit's to touch is only shown.
# Method: container ids before and after; a container with Davit's labels of no stack.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
# shellcheck source=tests/system/lib/davitd_env.sh
. tests/system/lib/davitd_env.sh
davit_up
davitd_start

# stack COMMAND-OF-TWO: writes the manifest.
stack() {
  cat > "$ENV_DIR/shop.yaml" << YAML
name: shop
x-davit: {post_start_window: 1s, recovery: {backoff: {initial: 50ms, max: 100ms}}}
x-common: &common {image: "localhost/davit-demo:1", init: true, stop_grace_period: 1s}
services:
  one: {<<: *common, command: [sleep, "10000"]}
  two: {<<: *common, command: $1, volumes: ["data:/data", "/scratch"], depends_on: [one]}
  task: {<<: *common, restart: "no", command: ["true"]}
  three: {<<: *common, command: [sleep, "10000"]}
$2
volumes: {data: {}}
YAML
}
ids() { ctl status --json | jq -c '[.stacks[] | select(.name == "shop") | .services[] | {(.name): .container_id}] | add'; }
others() { jq -c 'del(.two, .four)' <<< "$1"; }
id() { jq -r ".$2" <<< "$1"; }

stack '[sleep, "10000"]' ''
check "install" ctl install "$ENV_DIR/shop.yaml"
within 10 "a service that may end has ended" is shop/task .phase stopped
scratch() { pod inspect --format '{{range .Mounts}}{{if eq .Destination "/scratch"}}{{.Name}}{{end}}{{end}}' shop-two-1; }
volume=$(scratch)
first=$(ids) processes=$(lives)
check "install of the same" ctl install "$ENV_DIR/shop.yaml"
same "touches nothing" "$(lives)" "$processes"

stack '[sleep, "20000"]' ''
same "plan names what is created anew" \
  "$(ctl plan --json "$ENV_DIR/shop.yaml" | jq -c '[.steps[] | select(.action == "recreate") | .target]')" '["two"]'
same "and plan does nothing" "$(lives)" "$processes"
check "upgrade" ctl install "$ENV_DIR/shop.yaml"
second=$(ids)
same "only the changed service got a new container" "$(others "$second")" "$(others "$first")"
check "and it did" [ "$(id "$second" two)" != "$(id "$first" two)" ]
same "which runs what was asked for" "$(pod inspect --format '{{json .Config.Cmd}}' shop-two-1)" '["sleep","20000"]'
same "on the anonymous volume of its predecessor, with all that lies in it" "$(scratch)" "$volume"
check "its predecessor is gone" not pod container exists "$(id "$first" two)"
same "the others were not even restarted" "$(lives | grep -v two)" "$(grep -v two <<< "$processes")"

stack '[sleep, "20000"]' '  four: {<<: *common, command: [sleep, "10000"]}'
check "a service more" ctl install "$ENV_DIR/shop.yaml"
within 5 "runs" runs shop/four
stack '[sleep, "20000"]' ''
check "a service less" ctl install "$ENV_DIR/shop.yaml"
check "is gone" not pod container exists shop-four-1
same "the rest was left alone" "$(ids)" "$second"

processes=$(lives | grep -v two)
stack '["sh", "-c", "exit 9"]' ''
check "an upgrade that crashes is refused, and says why" says 'two.*exit code 9' 1 ctl install "$ENV_DIR/shop.yaml"
within 10 "the revision before runs again" runs shop/two
same "with its own command" "$(pod inspect --format '{{json .Config.Cmd}}' shop-two-1)" '["sleep","20000"]'
same "the others were not touched" "$(lives | grep -v two)" "$processes"
check "its volume is still there" pod volume exists shop_data

# ---- orphans
pod run -d --name stray --network none --label io.davit.stack=gone --label io.davit.service=x \
  --label "io.davit.host=$(pod inspect --format '{{index .Config.Labels "io.davit.host"}}' shop-one-1)" \
  "$ENV_IMAGE" sleep 10000 > "$ENV_DIR/stray"
pod run -d --name stranger --network none "$ENV_IMAGE" sleep 10000 > "$ENV_DIR/stranger"
davitd_kill9
davitd_start
orphans() { [ "$(ctl status --json | jq -c '[.orphans[] | [.name, .stack, .id]]')" = "[[\"stray\",\"gone\",\"$(cat "$ENV_DIR/stray")\"]]" ]; }
within 10 "a container with our labels of no stack is an orphan; a stranger is not" orphans
check "status shows it to people" says 'stray' 0 ctl status
check "uninstall of the stack" ctl uninstall shop --volumes
check "leaves nothing" nothing_left shop
same "orphan and stranger were not touched" "$(pod ps --format '{{.Names}}' | sort | xargs)" "stranger stray"
davit_done
