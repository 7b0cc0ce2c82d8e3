"""What Kubernetes is, for everyone above: kinds, pod templates, names, quantities, scheduling, labels, Go's JSON and regexps."""
