#!/usr/bin/env bash
# Checks the units with systemd's own tools: they must find nothing to say. Touches nothing of
# this host: the units are copied, and their program is replaced by one that exists.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cp systemd/davitd.service systemd/davit.slice "$work"
sed -i 's|^ExecStart=/usr/bin/davitd$|ExecStart=/bin/true|' "$work/davitd.service"
grep -q '^ExecStart=/bin/true$' "$work/davitd.service"
# Podman need not be installed here; its socket only has to have a name.
printf '[Socket]\nListenStream=/run/podman/podman.sock\n' >"$work/podman.socket"
printf '[Service]\nExecStart=/bin/true\n' >"$work/podman.service"

said=$(SYSTEMD_UNIT_PATH="$work:" systemd-analyze verify --man=no "$work/davitd.service" "$work/davit.slice" 2>&1)
if [[ -n $said ]]; then
  printf 'units: systemd-analyze verify says:\n%s\n' "$said" >&2
  exit 1
fi

mkdir -p "$work/root/etc"
systemd-sysusers --root="$work/root" "$PWD/systemd/sysusers.d/davit.conf" 2>"$work/sysusers.log"
grep -q '^davit:' "$work/root/etc/group"
systemd-tmpfiles --create --root="$work/root" "$PWD/systemd/tmpfiles.d/davit.conf"
[[ $(stat -c %a "$work/root/run/davit") == 750 ]]
[[ $(stat -c %a "$work/root/var/lib/davit") == 700 ]]
echo "units: ok"
