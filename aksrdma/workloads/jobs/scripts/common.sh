# shellcheck shell=bash
# What the scripts of a workload share: how they fail, and which InfiniBand ports they find.
# VM_SIZE and NIC_COUNT come from the pod; SYSFS and DEVFS are set only to try the scripts without a node.
set -euo pipefail

sysfs=${SYSFS:-/sys}
devfs=${DEVFS:-/dev}
state=${STATE_DIR:-/tmp/aksrdma}
# shellcheck disable=SC2034  # the scripts that wait read it
retry_seconds=${RETRY_SECONDS:-5}

say() {
  printf '%s\n' "$*"
}

fail() {
  printf 'FAIL: %s\n' "$*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null || fail "$1 is not in this image; choose an image that has it (--image)"
}

# below A B, at_least A B: whether A is a number less than B, or one that is not; `nan` is neither.
below() {
  awk -v have="$1" -v want="$2" 'BEGIN { exit !(have ~ /^[0-9]+(\.[0-9]+)?$/ && have + 0 < want + 0) }'
}

at_least() {
  awk -v have="$1" -v want="$2" 'BEGIN { exit !(have ~ /^[0-9]+(\.[0-9]+)?$/ && have + 0 >= want + 0) }'
}

above_zero() {
  at_least "$1" 0 && below 0 "$1"
}

# One line a port that this container can open: device, link layer, state.
ports() {
  if command -v ibv_devinfo >/dev/null; then
    { ibv_devinfo 2>/dev/null || true; } | awk '
      $1 == "hca_id:" { device = $2 }
      $1 == "state:" { state = $2 }
      $1 == "link_layer:" { print device, $2, state }'
  else
    sysfs_ports
  fi
}

# The same without ibv_devinfo. The kernel shows every device of the node here, so those that are not opened to the
# container are left out.
sysfs_ports() {
  local port device
  for port in "$sysfs"/class/infiniband/*/ports/*; do
    [ -r "$port/link_layer" ] || continue
    device=$(basename "$(dirname "$(dirname "$port")")")
    if is_open "$device"; then
      printf '%s %s PORT_%s\n' "$device" "$(cat "$port/link_layer")" "$(awk '{ print $2 }' "$port/state")"
    fi
  done
}

is_open() {
  local verbs
  for verbs in "$sysfs"/class/infiniband_verbs/uverbs*; do
    if [ "$(cat "$verbs/ibdev" 2>/dev/null)" = "$1" ] && [ -e "$devfs/infiniband/$(basename "$verbs")" ]; then
      return 0
    fi
  done
  return 1
}

# The InfiniBand devices whose link is up, in the order of their numbers: not the Ethernet function beside them.
active_devices() {
  ports | awk '$2 == "InfiniBand" && $3 == "PORT_ACTIVE" { print $1 }' | sort -u -V
}

check_devices() {
  local found names down
  found=$(ports | awk '$2 == "InfiniBand"' | sort -u -V)
  names=$(printf '%s' "$found" | awk '{ printf "%s%s", sep, $1; sep = " " }')
  [ -n "$found" ] || fail "no InfiniBand device is open in this container; look at the RDMA resource that the pod" \
    "asks for, at the log of the device plugin's pod on this node, and whether the driver pod there is ready"
  [ "$(printf '%s\n' "$found" | wc -l)" -ge "$NIC_COUNT" ] || fail "only $names of $NIC_COUNT InfiniBand devices of" \
    "$VM_SIZE are open in this container; look at how many NICs the pod asks for, and at 'lspci -d 15b3:' on the node"
  down=$(printf '%s\n' "$found" | awk '$3 != "PORT_ACTIVE" { printf "%s%s is %s", sep, $1, $3; sep = ", " }')
  [ -z "$down" ] || fail "a link is not Active: $down; look at 'ibstat' on the node; a link that stays down is a" \
    "fault of the VM, so move to another node"
  say "$NIC_COUNT InfiniBand devices, all Active: $names"
}

check_topology() {
  [ -n "${NCCL_TOPO_FILE:-}" ] || return 0
  [ -s "$NCCL_TOPO_FILE" ] || fail "the topology file $NCCL_TOPO_FILE is missing or empty; look at the ConfigMap with" \
    "the key topo.xml and at its mount in every worker"
  say "topology file $NCCL_TOPO_FILE"
}

# start_sshd PORT AUTHORIZED_KEYS: in the background, with a host key of this pod alone.
start_sshd() {
  local sshd
  sshd=$(command -v sshd || echo /usr/sbin/sshd)
  [ -x "$sshd" ] || fail "sshd is not in this image, and MPI starts its ranks over ssh; choose an image that has it" \
    "(--image)"
  need ssh-keygen
  mkdir -p "${RUN_DIR:-/run}/sshd" "$state"
  [ -s "$state/host_key" ] || ssh-keygen -q -t ed25519 -N '' -f "$state/host_key"
  "$sshd" -D -e -f /dev/null -p "$1" -h "$state/host_key" -o "AuthorizedKeysFile=$2" \
    -o StrictModes=no -o UsePAM=no -o PasswordAuthentication=no -o PermitRootLogin=prohibit-password &
  # shellcheck disable=SC2034  # who started it waits for it
  sshd_pid=$!
}

# configure_ssh LINE...: options of ssh for every host, as Open MPI's ssh reads them whatever its version.
configure_ssh() {
  local config=${SSH_CONFIG:-/etc/ssh/ssh_config}
  mkdir -p "$(dirname "$config")"
  {
    printf '\nHost *\n  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n'
    [ "$#" -eq 0 ] || printf '  %s\n' "$@"
  } >>"$config"
}
