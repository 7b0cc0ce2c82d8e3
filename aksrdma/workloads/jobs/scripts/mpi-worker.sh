#!/usr/bin/env bash
# A worker of an MPIJob: the operator mounts the keys, mpirun starts the ranks over ssh.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

start_sshd "${SSH_PORT:-22}" "${SSH_KEYS:-/root/.ssh/authorized_keys}"
say "sshd listens"
wait "$sshd_pid"
