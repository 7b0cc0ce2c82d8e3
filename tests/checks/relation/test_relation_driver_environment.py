"""Variables of the driver's container: a slip in a name, and a value that it reads for another than is meant."""

import pytest

import aksrdma

POLICY = """\
apiVersion: mellanox.com/v1alpha1
kind: NicClusterPolicy
metadata: {name: nic-cluster-policy}
spec:
  ofedDriver:
    image: doca-driver
    repository: nvcr.io/nvidia/mellanox
    version: 25.01-0.6.0.0-0
    env: [%s]
"""


def told(entry):
    report = aksrdma.validate(POLICY % entry, release="v25.1.0", select=["ofed-driver-environment"])
    return [f"{one.severity} {one.path}: {one.message}; {one.fix}" for one in report.findings]


NAME = "warning spec.ofedDriver.env[0].name: the driver container reads no variable {}; write {}"
VALUE = "warning spec.ofedDriver.env[0].value: {}, and the driver container {}; write {}"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("UNLOAD_STORAGE_MODULE", "UNLOAD_STORAGE_MODULES"),
        ("UNLOAD_STORAGE_MODUELS", "UNLOAD_STORAGE_MODULES"),
        ("create_ifnames_udev", "CREATE_IFNAMES_UDEV"),
        ("ENABLE_NFS_RDMA", "ENABLE_NFSRDMA"),
        ("RESTORE_DRIVER_ON_POD_TERMINATON", "RESTORE_DRIVER_ON_POD_TERMINATION"),
        ("HTTPS_PROXY", None),
        ("NCCL_DEBUG", None),
        ("STORAGE", None),
        ("DRIVER_PATH", None),
        ("UBUNTU_PRO_TOKEN", None),
    ],
)
def test_a_name_with_a_slip_is_told_and_one_of_its_own_is_not(name, meant):
    assert told(f"{{name: {name}, value: a}}") == ([NAME.format(name, meant)] if meant else [])


OFF, ON = "takes all but true for false", "takes all but false for true"
RUN = "runs it as a command, and knows true and false alone"


@pytest.mark.parametrize(
    ("name", "value", "read", "write"),
    [
        ("CREATE_IFNAMES_UDEV", "yes", OFF, '"true"'),
        ("CREATE_IFNAMES_UDEV", "True", OFF, '"true"'),
        ("CREATE_IFNAMES_UDEV", "maybe", OFF, '"true" or "false"'),
        ("CREATE_IFNAMES_UDEV", "no", None, None),
        ("CREATE_IFNAMES_UDEV", "False", None, None),
        ("RESTORE_DRIVER_ON_POD_TERMINATION", "False", ON, '"false"'),
        ("RESTORE_DRIVER_ON_POD_TERMINATION", "1", None, None),
        ("UNLOAD_STORAGE_MODULES", "True", RUN, '"true"'),
        ("UNLOAD_STORAGE_MODULES", "0", RUN, '"false"'),
        ("UNLOAD_STORAGE_MODULES", "true", None, None),
        ("UNLOAD_STORAGE_MODULES", "false", None, None),
        ("UNLOAD_STORAGE_MODULES", "", None, None),
        ("STORAGE_MODULES", "nvme_rdma", None, None),
    ],
)
def test_a_switch_is_told_where_it_is_read_for_another_value(name, value, read, write):
    expected = [VALUE.format(f"{name} is {value!r}", read, write)] if read else []

    assert told(f'{{name: {name}, value: "{value}"}}') == expected


@pytest.mark.parametrize("entry", ["{name: 3, value: a}", "{name: CREATE_IFNAMES_UDEV}", "null", "{value: a}", "3"])
def test_what_is_no_variable_is_left_to_the_schema(entry):
    assert told(entry) == []
