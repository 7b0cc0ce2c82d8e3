#!/usr/bin/env bash
# judge-all-reduce.sh LOG EXIT_CODE: passes where the log shows that the data went over InfiniBand, and fast enough.
# FLOOR_GBYTE_PER_S is the least bus bandwidth of the VM size over several nodes; empty where nobody published one.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"
log=$1
code=$2

shows() {
  grep -q -E "$1" "$log"
}

if shows 'NET/Socket|Using network Socket'; then
  fail "the log has NET/Socket: the data went over Ethernet; look at the NET/IB lines, at IPC_LOCK and at the RDMA" \
    "resource of the workers"
fi
if shows 'NET/IB ?: No device found'; then
  fail "NCCL says NET/IB : No device found; look whether the image has rdma-core, and at the RDMA resource of the" \
    "workers"
fi
if shows 'NET/IB ?: Using .*/RoCE'; then
  fail "NCCL took an Ethernet device (RoCE) beside or instead of InfiniBand; look at NCCL_IB_HCA in the log"
fi
if shows 'Could not open XML topology file|XML Parse'; then
  fail "NCCL could not read the topology file ${NCCL_TOPO_FILE:-}; look at the ConfigMap and its mount in every worker"
fi
[ "$code" -eq 0 ] || fail "mpirun ended with exit code $code; look at the first WARN or error in the log above;" \
  "'transport retry counter exceeded' means nodes of different placement groups, 'ibv_reg_mr' a missing IPC_LOCK"
shows 'via NET/IB' || fail "no line says 'via NET/IB', so nothing shows that InfiniBand was used; look whether" \
  "NCCL_DEBUG is INFO and whether the ranks ran on more than one node"
if [ -n "${NCCL_TOPO_FILE:-}" ] && ! shows 'Loading topology file'; then
  fail "no line says that the topology file was loaded; look at NCCL_TOPO_FILE, and whether NCCL_DEBUG_SUBSYS has GRAPH"
fi
if shows 'Out of bounds values *: *[0-9]+ FAILED'; then
  fail "all_reduce_perf found wrong results; look at dmesg and the GPU and NIC counters of the nodes"
fi

# Columns: size count type redop root time algbw busbw #wrong time algbw busbw #wrong.
busbw=$(awk '$1 ~ /^[0-9]+$/ && $3 ~ /^(float|half|double|u?int)/ && NF >= 12 {
  if ($1 + 0 >= size) { size = $1 + 0; best = $8 + 0 > $12 + 0 ? $8 : $12 } } END { print best }' "$log")
[ -n "$busbw" ] || fail "all_reduce_perf printed no result; look at the end of the log above"
above_zero "$busbw" || fail "the bus bandwidth is $busbw GB/s: all_reduce_perf measured nothing; look at the log above"
floor=${FLOOR_GBYTE_PER_S:-}
if [ -n "$floor" ] && ! at_least "$busbw" "$floor"; then
  fail "the bus bandwidth is $busbw GB/s, below the floor of $floor GB/s of $VM_SIZE; look whether the log has GDRDMA" \
    "behind NET/IB, whether the topology file is loaded, and whether all $NIC_COUNT NICs are named at 'NET/IB : Using'"
fi
shows 'via NET/IB[^ ]*GDRDMA' || say "note: no GDRDMA in the log: the data passed through host memory"
say "PASS: $busbw GB/s bus bandwidth over InfiniBand${floor:+, at least $floor GB/s}"
