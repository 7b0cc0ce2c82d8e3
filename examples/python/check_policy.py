"""Build a NicClusterPolicy with types, and see which releases can take it."""

from aksrdma import catalog
from aksrdma.errors import ModelError
from aksrdma.models import NicClusterPolicy

POLICY = {
    "apiVersion": "mellanox.com/v1alpha1",
    "kind": "NicClusterPolicy",
    "metadata": {"name": "nic-cluster-policy"},
    "spec": {
        "secondaryNetwork": {
            "ipamPlugin": {"repository": "ghcr.io/k8snetworkplumbingwg", "image": "whereabouts", "version": "v0.7.0"}
        }
    },
}


def main() -> None:
    """Print a line for each."""
    policy = NicClusterPolicy.model_validate(POLICY)
    for release in catalog.releases():
        try:
            policy.for_release(release)
            print(f"{release}: fine")
        except ModelError as error:
            print(f"{release}: {error}")


if __name__ == "__main__":
    main()
