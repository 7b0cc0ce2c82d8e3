#!/usr/bin/env bash
# Measures latency and bandwidth between nodes, two by two, one InfiniBand device after the other.
# Even indexes serve, odd ones measure and judge. FLOOR_GBIT_PER_S is empty where nobody published one; MEMORY is host, or
# host gpu; GPU_OF_NIC has pairs PCI address=GPU number. Every variable comes from the pod, JOB_COMPLETION_INDEX from
# Kubernetes.
# shellcheck disable=SC2153  # these are not misspelt
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

check_devices
need ib_read_lat
need ib_write_bw
mkdir -p "$state"
mapfile -t devices < <(active_devices)
step=0
failed=0
floor=${FLOOR_GBIT_PER_S:-}
peer=$JOB_NAME-$((JOB_COMPLETION_INDEX - 1)).$SERVICE
serves=$((JOB_COMPLETION_INDEX % 2 == 0))

problem() {
  printf 'FAIL: %s\n' "$*" >&2
  failed=1
}

case " $MEMORY " in
*" gpu "*)
  if [ "$GPU_VENDOR" = amd ]; then gpu_option=--use_rocm; else gpu_option=--use_cuda; fi
  { ib_write_bw --help 2>&1 || true; } | grep -q -e "$gpu_option" ||
    fail "ib_write_bw of this image knows no $gpu_option; choose an image whose perftest is built with it (--image)"
  ;;
esac

# gpu_of DEVICE NUMBER: the GPU that is nearest to a NIC; where nobody says which, they are taken in turn.
gpu_of() {
  local address pair
  address=$(basename "$(readlink -f "$sysfs/class/infiniband/$1/device")")
  for pair in ${GPU_OF_NIC:-}; do
    if [ "${pair%=*}" = "$address" ]; then
      printf '%s' "${pair##*=}"
      return
    fi
  done
  printf '%s' "$(($2 % GPU_COUNT))"
}

# The CPUs of the NIC's own NUMA node: from another one a NIC may give a sixth of its rate.
pin=()
pin_to() {
  local cpus
  pin=()
  cpus=$(cat "$sysfs/class/infiniband/$1/device/local_cpulist" 2>/dev/null || true)
  if [ -n "$cpus" ] && command -v taskset >/dev/null && taskset -c "$cpus" true 2>/dev/null; then
    pin=(taskset -c "$cpus")
  else
    say "note: $1 is measured without pinning to its NUMA node"
  fi
}

# run LOG COMMAND...: one test; the side that measures tries again until the other one listens.
run() {
  local log=$1 code deadline=$((SECONDS + READY_SECONDS))
  shift
  if [ "$serves" -eq 1 ]; then
    timeout "$((READY_SECONDS + STEP_SECONDS))" "$@" >"$log" 2>&1
    return
  fi
  while true; do
    code=0
    timeout "$STEP_SECONDS" "$@" "$peer" >"$log" 2>&1 || code=$?
    if [ "$code" -eq 0 ] || [ "$SECONDS" -ge "$deadline" ] || ! unreachable "$log"; then
      return "$code"
    fi
    sleep "$retry_seconds"
  done
}

unreachable() {
  grep -q -E "Couldn't connect|Connection refused|ame or service not known|name resolution" "$1"
}

judge_latency() {
  local usec
  usec=$(awk '/#bytes/ { for (i = 1; i <= NF; i++) if ($i ~ /^t_avg/) column = i }
    column && $1 ~ /^[0-9]+$/ { print $column }' "$2" | tail -n 1)
  if [ -z "$usec" ]; then
    problem "ib_read_lat of $1 printed no result; look at the lines above"
  elif ! below "$usec" "$MAX_LATENCY_US"; then
    problem "the read latency of $1 is $usec us, not below $MAX_LATENCY_US us; look whether other jobs use the node"
  else
    say "$1: read latency $usec us"
  fi
}

judge_bandwidth() {
  local rate memory=$3
  rate=$(awk '/#bytes/ { unit = /average\[Gb\/sec\]/ } unit && $1 ~ /^[0-9]+$/ { print $4 }' "$2" | tail -n 1)
  if [ -z "$rate" ]; then
    problem "ib_write_bw of $1 ($memory memory) printed no result in Gb/s; look at the lines above"
  elif above_zero "$rate" && { [ -z "$floor" ] || at_least "$rate" "$floor"; }; then
    say "$1: $rate Gb/s from $memory memory${floor:+, at least $floor Gb/s}"
  else
    problem "$1 writes $rate Gb/s from $memory memory, below the floor of ${floor:-0} Gb/s of $VM_SIZE; look at the" \
      "NUMA node that the test was pinned to, the rate that 'ibstat' shows, and other jobs on the node"
  fi
}

# measure TOOL DEVICE MEMORY OPTION...
measure() {
  local tool=$1 device=$2 memory=$3 log
  shift 3
  log=$state/$tool-$device-$memory.log
  step=$((step + 1))
  if ! run "$log" "${pin[@]}" "$tool" -F -d "$device" -p "$((PORT + step))" "$@"; then
    cat "$log"
    problem "$tool of $device ($memory memory) did not finish; look at the lines above, at IPC_LOCK, and whether both" \
      "nodes are of one node pool"
    return
  fi
  cat "$log"
  if grep -q -E 'Link type *: *Ethernet' "$log"; then
    problem "$tool of $device went over Ethernet; look at the link layer that ibv_devinfo shows"
  elif [ "$serves" -eq 0 ] && [ "$tool" = ib_read_lat ]; then
    judge_latency "$device" "$log"
  elif [ "$serves" -eq 0 ]; then
    judge_bandwidth "$device" "$log" "$memory"
  fi
}

for number in "${!devices[@]}"; do
  device=${devices[$number]}
  pin_to "$device"
  measure ib_read_lat "$device" host -n 1000
  for memory in $MEMORY; do
    gpu=()
    if [ "$memory" = gpu ]; then gpu=("$gpu_option=$(gpu_of "$device" "$number")"); fi
    measure ib_write_bw "$device" "$memory" --report_gbits -s 4194304 -q "$QUEUE_PAIRS" -D "$DURATION_SECONDS" \
      "${gpu[@]}"
  done
done
[ "$failed" -eq 0 ] || fail "not every device passed; look at the FAIL lines above"
say "PASS: ${#devices[@]} devices"
