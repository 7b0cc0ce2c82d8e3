#!/bin/sh
# Build a Go program of this folder's neighbours for one Kubernetes: build.sh v1.36.3 PROGRAM_FOLDER OUT_FOLDER
# Kubernetes' go.mod replaces its staging modules by folders, which another module cannot; their versions are v0.36.3.
set -eu
version=$1 source=$2 out=$3
staging=v0.${version#v1.}
mkdir -p "$out"
cp "$source"/*.go "$out"
cd "$out"
module=$(go mod download -json "k8s.io/kubernetes@$version" | sed -n 's/.*"GoMod": "\(.*\)".*/\1/p')
rm -f go.mod go.sum
go mod init "aksrdma.dev/tools/$(basename "$source")"
go mod edit -require "k8s.io/kubernetes@$version" -go "$(sed -n 's/^go //p' "$module")"
for name in $(sed -n 's,^[[:space:]]*\(k8s.io/[a-z0-9-]*\) => ./staging.*,\1,p' "$module"); do
    go mod edit -replace "$name=$name@$staging"
done
go mod tidy
go build -o "$(basename "$source" | tr _ -)" .
