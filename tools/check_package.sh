#!/bin/sh
# check_package.sh PYTHON VENV_PYTHON: build wheel and sdist, install the wheel alone, and render with it.
set -eu
python=$1
venv_python=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$venv_python" -m pip wheel --quiet --no-deps --wheel-dir "$work/dist" .
"$python" -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet "$work"/dist/aksrdma-*.whl
cd "$work" # not the checkout, so that nothing but the wheel is found
"$work/venv/bin/aksrdma" render --quiet --profile ipoib >"$work/stream.yaml"
test "$(grep -c '^kind: NicClusterPolicy' "$work/stream.yaml")" = 1
test -s "$("$work/venv/bin/aksrdma" schemas path v25.1.0)/mellanox.com/nicclusterpolicy_v1alpha1.json"
"$work/venv/bin/kubectl-aksrdma" --version
echo "the wheel renders and holds the schemas"
