#!/usr/bin/env bash
# Passes where this node has all InfiniBand devices of its VM size, each link is Active, and NCCL finds its topology.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

check_devices
check_topology
say "PASS: $HOSTNAME"
