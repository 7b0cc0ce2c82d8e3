#!/usr/bin/env bash
# The launcher of an MPIJob.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "$0")/common.sh"

configure_ssh "ConnectTimeout 10"
exec bash "$(dirname "$0")/all-reduce.sh"
