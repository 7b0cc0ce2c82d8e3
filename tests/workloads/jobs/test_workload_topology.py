"""The NCCL topology file."""

import hashlib
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from aksrdma import catalog
from aksrdma.errors import UsageError
from aksrdma.workloads.jobs import topology as module
from aksrdma.workloads.jobs.topology import topology_file

GENERATED = ["Standard_ND96asr_v4", "Standard_ND96amsr_A100_v4", "Standard_ND96isr_H100_v5", "Standard_ND96isr_H200_v5"]
NONE = [
    "Standard_ND40rs_v2",
    "Standard_ND96isr_MI300X_v5",
    "Standard_ND128isr_GB300_v6",
    "Standard_ND128isr_NDR_GB200_v6",
]


def tree(size):
    return ElementTree.fromstring(topology_file(catalog.vm_size(size)).text)


@pytest.mark.parametrize("size", GENERATED)
def test_each_gpu_and_nic_is_at_its_numa_node(size):
    found = {
        (pci.get("busid"), int(cpu.get("numaid")))
        for cpu in tree(size)
        for pci in cpu.iter("pci")
        if pci.get("class") != "0x060400"
    }
    pairs = catalog.topology(catalog.vm_size(size).topology).pairs

    assert found == {(address, pair.numa_node) for pair in pairs for address in (pair.gpu, pair.nic)}


@pytest.mark.parametrize("size", GENERATED)
def test_a_gpu_is_behind_the_bridge_of_its_nic(size):
    pairs = {pair.gpu: pair.nic for pair in catalog.topology(catalog.vm_size(size).topology).pairs}
    for bridge in tree(size).iterfind("cpu/pci"):
        gpus = {pci.get("busid") for pci in bridge if pci.get("class") == "0x030200"}
        nics = {pci.get("busid") for pci in bridge if pci.get("class") == "0x020700"}

        assert {pairs[gpu] for gpu in gpus} == nics


@pytest.mark.parametrize("size", GENERATED)
def test_addresses_have_domains_of_four_digits_and_are_unique(size):
    addresses = [pci.get("busid") for pci in tree(size).iter("pci")]

    assert all(re.fullmatch(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]", one) for one in addresses)
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("size", NONE)
def test_no_file_where_the_facts_do_not_suffice(size):
    found = topology_file(catalog.vm_size(size))

    assert found.text is None
    assert found.note


@pytest.fixture
def published(monkeypatch):
    """A topology whose published file is known to the test."""
    text = b'<system version="1"/>\n'
    row = replace(catalog.topology("ndv2"), sha256=hashlib.sha256(text).hexdigest(), bytes=len(text))
    monkeypatch.setattr(module.catalog, "topology", lambda family: row)
    return text


def test_a_copy_of_the_published_file_is_taken_as_it_is(published):
    found = topology_file(catalog.vm_size("Standard_ND40rs_v2"), published)

    assert (found.text, found.note) == (published.decode(), None)


@pytest.mark.parametrize("size", GENERATED)
def test_another_file_is_refused_with_both_hashes(size):
    row = catalog.topology(catalog.vm_size(size).topology)

    with pytest.raises(UsageError) as error:
        topology_file(catalog.vm_size(size), b"other")
    assert hashlib.sha256(b"other").hexdigest() in str(error.value)
    assert row.sha256 in str(error.value)
    assert f"(5 bytes), that of the published one {row.sha256} ({row.bytes} bytes)" in str(error.value)


@pytest.mark.parametrize("size", NONE[1:])
def test_a_file_of_another_family_is_refused(size):
    with pytest.raises(UsageError, match="no NCCL topology file is published"):
        topology_file(catalog.vm_size(size), b"other")
