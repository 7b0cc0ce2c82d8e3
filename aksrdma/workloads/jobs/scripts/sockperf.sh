#!/usr/bin/env bash
# Measures TCP over IPoIB: index 0 serves, the others measure and judge.
# JOB_NAME, SERVICE, NODES, INTERFACE, PORT, ANNOUNCE_PORT, READY_SECONDS, STEP_SECONDS, DURATION_SECONDS and
# MAX_LATENCY_US come from the pod, JOB_COMPLETION_INDEX from Kubernetes.
# shellcheck disable=SC2153  # these are not misspelt
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

leader=${LEADER:-$JOB_NAME-0.$SERVICE}
check_devices
need ip
need sockperf
mkdir -p "$state"

link=$(ip -o link show dev "$INTERFACE" 2>/dev/null || true)
[ -n "$link" ] || fail "there is no interface $INTERFACE; look at the annotation k8s.v1.cni.cncf.io/networks of the" \
  "pod, at the NetworkAttachmentDefinition in this namespace and at the Multus pod of the node"
grep -q 'link/infiniband' <<<"$link" || fail "$INTERFACE is no InfiniBand interface; look at the" \
  "NetworkAttachmentDefinition that the pod names: its type has to be ipoib"
grep -q 'LOWER_UP' <<<"$link" || fail "the link of $INTERFACE is not Active; look at 'ip link' and 'ibstat' on the" \
  "node: the master interface has to be up"
own=$(ip -4 -o addr show dev "$INTERFACE" | awk '{ sub("/.*", "", $4); print $4; exit }')
[ -n "$own" ] || fail "$INTERFACE has no IPv4 address; look at the IPAM of the IPoIBNetwork and its pods"

serve() {
  need perl
  sockperf server --tcp -i "$own" -p "$PORT" >"$state/server.log" 2>&1 &
  local server=$! code=0
  say "serves on $own"
  timeout "$((READY_SECONDS + NODES * 2 * STEP_SECONDS))" \
    perl "$(dirname "$0")/announce.pl" "$ANNOUNCE_PORT" "$own" "$((NODES - 1))" || code=$?
  kill "$server" 2>/dev/null || true
  cat "$state/server.log"
  [ "$code" -eq 0 ] || fail "not all $((NODES - 1)) other pods were done in time; look at their logs"
  say "PASS: all pods are done"
}

# tell WORD: sends a word to the leader over Ethernet and prints its answer.
tell() {
  # shellcheck disable=SC2016  # the inner shell expands them, under the timeout
  timeout 10 bash -c 'exec 3<>"/dev/tcp/$1/$2" && printf "%s\n" "$3" >&3 && cat <&3' tell \
    "$leader" "$ANNOUNCE_PORT" "$1" 2>/dev/null
}

sent() {
  cat "$sysfs/class/net/$INTERFACE/statistics/tx_bytes"
}

# measure TEST MESSAGE_BYTES: one sockperf test; its log is $state/TEST.log.
measure() {
  timeout "$STEP_SECONDS" sockperf "$1" --tcp -i "$server" -p "$PORT" -m "$2" -t "$DURATION_SECONDS" \
    >"$state/$1.log" 2>&1 || {
    cat "$state/$1.log"
    fail "sockperf $1 to $server did not finish; look at the lines above and at the log of $leader"
  }
  cat "$state/$1.log"
}

# summary WORD TEST: the number behind the word in sockperf's summary.
summary() {
  awk -v word="$1" '/Summary:/ && $0 ~ word " is" { for (i = 1; i < NF; i++) if ($i == "is") print $(i + 1) }' \
    "$state/$2.log"
}

measure_all() {
  local deadline=$((SECONDS + READY_SECONDS)) before latency rate
  until server=$(tell address) && [ -n "$server" ]; do
    [ "$SECONDS" -lt "$deadline" ] || fail "$leader did not name its address within $READY_SECONDS seconds; look at" \
      "its log, and whether the Service $SERVICE names it"
    sleep "$retry_seconds"
  done
  ip -4 route get "$server" | grep -q " dev $INTERFACE " || fail "the way to $server is not over $INTERFACE; look at" \
    "'ip route' here: the IPAM range of the IPoIBNetwork may overlap another network"
  before=$(sent)
  measure ping-pong 1472
  latency=$(summary Latency ping-pong)
  [ -n "$latency" ] || fail "sockperf ping-pong printed no latency; look at the lines above"
  below "$latency" "$MAX_LATENCY_US" || fail "the latency over $INTERFACE is $latency us, not below" \
    "$MAX_LATENCY_US us; look at 'ip route' and at other jobs on the node"
  measure throughput 16384
  rate=$(summary BandWidth throughput)
  above_zero "$rate" || fail "sockperf throughput measured no bandwidth; look at the lines above"
  below "$before" "$(sent)" || fail "no byte left by $INTERFACE while sockperf ran; look at 'ip route': they went" \
    "another way"
  tell "done" >/dev/null || fail "$leader ended before this pod was done; look at its log"
  say "PASS: $latency us and $rate MB/s over $INTERFACE"
}

if [ "$JOB_COMPLETION_INDEX" -eq 0 ]; then
  serve
else
  measure_all
fi
