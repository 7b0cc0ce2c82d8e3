# Exact versions of the tools that are not Python packages; the one place for them.
KUBECONFORM_VERSION := v0.7.0
# The newest that builds with Go 1.26.
KUSTOMIZE_VERSION := v5.8.2
KUBECTL_VALIDATE_VERSION := v0.0.4
# The first pip that installs a dependency group.
PIP_FLOOR := 25.1
