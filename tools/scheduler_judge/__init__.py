"""Random clusters and workloads, and how many pods find a node: a real kube-scheduler's count beside that of fit."""
