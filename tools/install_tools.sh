#!/bin/sh
# install_tools.sh FOLDER NAME=MODULE@VERSION...: `go install` each tool that is not on PATH into FOLDER.
set -eu
folder=$1
shift
for tool in "$@"; do
  name=${tool%%=*}
  command -v "$name" >/dev/null && continue
  if ! command -v go >/dev/null; then
    echo "$name is not on PATH and there is no Go to install it with; its tests are skipped" >&2
    continue
  fi
  echo "installing ${tool#*=} into $folder" >&2
  GOBIN=$folder go install "${tool#*=}"
done
