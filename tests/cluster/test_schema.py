import jsonschema
import pytest

from aksrdma.cluster.read import from_data
from aksrdma.cluster.schema import cluster_schema, schema_text
from aksrdma.errors import ClusterError

POOL = {"name": "ndh100", "vmSize": "Standard_ND96isr_H100_v5"}


def file(**spec):
    return {"apiVersion": "aksrdma.dev/v1alpha1", "kind": "RdmaCluster", "metadata": {"name": "a"}, "spec": spec}


def test_the_committed_schema_is_current(root):
    committed = root / "schemas" / "aksrdma.dev" / "rdmacluster_v1alpha1.json"

    assert committed.read_text(encoding="utf-8") == schema_text(), "run `make docs`"


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(cluster_schema())


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"nodePools": [POOL]}, id="a-pool"),
        pytest.param({"nodePools": [POOL | {"count": -1}]}, id="a-negative-count"),
        pytest.param({"nodePools": [POOL | {"name": "Big"}]}, id="a-pool-name"),
        pytest.param({"nodePools": [{"name": "a"}]}, id="a-pool-without-a-size"),
        pytest.param({"profile": "sriov"}, id="no-such-profile"),
        pytest.param({"nope": 1}, id="an-unknown-field"),
        pytest.param({"rdma": {"sharedSlots": 1001}}, id="too-many-slots"),
        pytest.param({"tolerations": [{"key": "a", "operator": "In"}]}, id="an-operator-of-elsewhere"),
        pytest.param({"ofedDriver": {"upgradePolicy": {"drain": {"enable": "yes"}}}}, id="text-for-a-bool"),
    ],
)
def test_editor_and_reader_agree(spec):
    try:
        from_data(file(**spec))
        reads = True
    except ClusterError:
        reads = False

    assert jsonschema.Draft202012Validator(cluster_schema()).is_valid(file(**spec)) == reads
