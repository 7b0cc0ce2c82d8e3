#!/usr/bin/env bash
# Starts one rank with the InfiniBand devices of its own node: their numbers shift where an Ethernet function is first.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

devices=$(active_devices | paste -s -d , -)
[ -n "$devices" ] || fail "no InfiniBand device with an Active link on $HOSTNAME; look at the output of check-node.sh"
export NCCL_IB_HCA="=$devices"
exec "$@"
