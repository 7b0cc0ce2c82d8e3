"""How the objects of a set fit each other, the release, the nodes and AKS."""
