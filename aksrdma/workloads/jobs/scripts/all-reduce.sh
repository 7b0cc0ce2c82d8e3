#!/usr/bin/env bash
# Runs all_reduce_perf over all nodes and judges what it printed.
# NODES, GPUS (of a node), HOSTFILE, ALL_REDUCE_PERF, MESSAGE_MIN, MESSAGE_MAX, READY_SECONDS and EXPORT (names of
# variables that every rank is to have) come from the pod.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
here=$(cd "$(dirname "$0")" && pwd)

need mpirun
mpirun=$(command -v mpirun)
# Every node is started from here: workers hold no key for each other.
export OMPI_MCA_plm_rsh_no_tree_spawn=1 PRTE_MCA_plm_ssh_no_tree_spawn=1
# The first part of a pod's name alone resolves nowhere.
export OMPI_MCA_orte_keep_fqdn_hostnames=1 PRTE_MCA_prte_keep_fqdn_hostnames=1
exports=()
for name in $EXPORT; do
  exports+=(-x "$name")
done

# on_nodes COMMAND...: once on each node.
on_nodes() {
  "$mpirun" --allow-run-as-root --bind-to none --hostfile "$HOSTFILE" -np "$NODES" --map-by ppr:1:node \
    "${exports[@]}" "$@"
}

on_gpus() {
  "$mpirun" --allow-run-as-root --bind-to none --hostfile "$HOSTFILE" -np "$((NODES * GPUS))" \
    --map-by "ppr:$GPUS:node" "${exports[@]}" "$@"
}

[ -s "$HOSTFILE" ] || fail "the host file $HOSTFILE is missing or empty; look at how the job was started"
mkdir -p "$state"
deadline=$((SECONDS + READY_SECONDS))
until on_nodes true >"$state/ready.log" 2>&1; do
  if [ "$SECONDS" -ge "$deadline" ]; then
    cat "$state/ready.log"
    fail "not all $NODES nodes started a process over ssh within $READY_SECONDS seconds; look at 'kubectl get pods':" \
      "is each worker running, and does the log of each say that sshd listens?"
  fi
  sleep "$retry_seconds"
done
on_nodes bash "$here/check-node.sh" || fail "a node did not pass; look at the FAIL line above, which names the cause"

code=0
on_gpus bash "$here/rank.sh" "$ALL_REDUCE_PERF" -b "$MESSAGE_MIN" -e "$MESSAGE_MAX" -f 2 -g 1 -c 1 2>&1 |
  tee "$state/all-reduce.log" || code=$?
exec bash "$here/judge-all-reduce.sh" "$state/all-reduce.log" "$code"
