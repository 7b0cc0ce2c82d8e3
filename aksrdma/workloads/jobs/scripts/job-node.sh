#!/usr/bin/env bash
# A pod of an Indexed Job that runs MPI without an operator: index 0 leads, the others take ranks.
#
# ssh needs a key that all pods trust. The leader makes one when it starts, and uses it both as host key of its sshd and
# to log in to the others; these ask its sshd for the public half (ssh-keyscan) and let that key in. So no secret is in
# the manifest, and the private half never leaves the pod. Trust rests on the DNS name of the leader.
# JOB_NAME, SERVICE, NODES, GPUS, SSH_PORT and READY_SECONDS come from the pod, JOB_COMPLETION_INDEX from Kubernetes.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

host() {
  printf '%s-%s.%s' "$JOB_NAME" "$1" "$SERVICE"
}

lead() {
  local code=0 index
  mkdir -p "$state"
  export HOSTFILE=$state/hostfile
  for ((index = 0; index < NODES; index++)); do
    printf '%s slots=%s\n' "$(host "$index")" "$GPUS"
  done >"$HOSTFILE"
  start_sshd "$SSH_PORT" "$state/authorized_keys"
  cp "$state/host_key.pub" "$state/authorized_keys"
  configure_ssh "ConnectTimeout 10" "Port $SSH_PORT" "IdentityFile $state/host_key"
  bash "$(dirname "$0")/all-reduce.sh" || code=$?
  for ((index = 1; index < NODES; index++)); do
    # shellcheck disable=SC2029  # both are meant as they are here
    ssh "$(host "$index")" "echo $code > $state/done" || say "note: $(host "$index") could not be told the result"
  done
  kill "$sshd_pid" 2>/dev/null || true
  exit "$code"
}

follow() {
  local deadline=$((SECONDS + READY_SECONDS))
  need ssh-keyscan
  mkdir -p "$state"
  rm -f "$state/done"
  until scan_leader; do
    [ "$SECONDS" -lt "$deadline" ] || fail "no ssh key from $(host 0) within $READY_SECONDS seconds; look at the pod" \
      "of index 0: is it running, and does the Service $SERVICE name it?"
    sleep "$retry_seconds"
  done
  start_sshd "$SSH_PORT" "$state/authorized_keys"
  say "sshd listens for $(host 0)"
  until [ -s "$state/done" ]; do
    kill -0 "$sshd_pid" 2>/dev/null || fail "sshd ended; look at its last lines above"
    sleep "$retry_seconds"
  done
  kill "$sshd_pid" 2>/dev/null || true
  [ "$(cat "$state/done")" = 0 ] || fail "the all-reduce did not pass; look at the log of the pod of index 0"
  say "PASS: $(host 0) says that the all-reduce passed"
}

scan_leader() {
  ssh-keyscan -t ed25519 -p "$SSH_PORT" "$(host 0)" 2>/dev/null | awk '$2 == "ssh-ed25519" { print $2, $3 }' \
    >"$state/authorized_keys" && [ -s "$state/authorized_keys" ]
}

if [ "$JOB_COMPLETION_INDEX" -eq 0 ]; then
  lead
else
  follow
fi
