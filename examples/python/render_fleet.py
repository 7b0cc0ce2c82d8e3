"""Render a cluster for each VM size of a list, and show how they differ: the count that pods ask for."""

import aksrdma
from aksrdma import catalog

SIZES = ["Standard_ND96isr_H100_v5", "Standard_ND40rs_v2", "Standard_HB176rs_v4", "Standard_ND128isr_GB300_v6"]


def main() -> None:
    """Print a line for each."""
    for size in SIZES:
        pool = aksrdma.NodePool(name="rdma", vm_size=size, count=2)
        cluster = aksrdma.Cluster(name="fleet", release="v26.4.1", node_pools=[pool])
        tree = aksrdma.render(cluster)
        nics = catalog.vm_size(size).infiniband.nic_count
        print(f"{size}: rdma/ib: {nics}, {len(tree)} files, {len(tree.notes)} notes")


if __name__ == "__main__":
    main()
