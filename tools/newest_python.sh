#!/usr/bin/env bash
# Print the newest Python of this machine that runs and has venv: of those on PATH, and of pyenv's where there is one.
set -euo pipefail
shopt -s nullglob

IFS=: read -ra folders <<<"$PATH"
[ -n "${PYENV_ROOT:-}" ] && folders+=("$PYENV_ROOT"/versions/*/bin)
for folder in "${folders[@]}"; do
  for python in "$folder"/python3 "$folder"/python3.[0-9] "$folder"/python3.[0-9][0-9]; do
    "$python" -c 'import sys, venv, ensurepip; print(*(f"{n:03}" for n in sys.version_info[:3]), sys.executable)' 2>/dev/null || true
  done
done | sort -r | head -1 | cut -d' ' -f4-
