import datetime

import pytest
import yaml

from aksrdma import catalog, schemas
from aksrdma.catalog import load
from aksrdma.documents import fast
from aksrdma.schemas.store import definition


def test_the_guides_release_is_one_of_the_catalog():
    assert catalog.defaults().release in catalog.releases()


def test_the_device_list_is_what_the_rows_of_vm_sizes_go_by():
    listed = catalog.defaults().device_list
    sizes = [catalog.vm_size(name) for name in catalog.vm_sizes()]

    assert {size.infiniband.device_id in listed for size in sizes if size.upstream_nfd_match} == {True}


def test_every_usable_vm_size_has_nics_of_the_vendor():
    sizes = [catalog.vm_size(name) for name in catalog.vm_sizes()]

    assert {size.infiniband.vendor_id for size in sizes if size.usable} == {catalog.defaults().vendor_id}


@pytest.mark.parametrize(
    ("name", "release", "holds"),
    [
        pytest.param("nv-ipam-routes", "v25.1.0", False, id="before-it-came"),
        pytest.param("nv-ipam-routes", "v25.4.0", True, id="when-it-came"),
        pytest.param("nv-ipam-routes", "v26.4.1", True, id="long-after"),
        pytest.param("whereabouts", "v25.1.0", True, id="from-the-first-on"),
        pytest.param("whereabouts", "v25.7.0", True, id="the-last"),
        pytest.param("whereabouts", "v25.10.0", False, id="when-it-went"),
        pytest.param("nv-ipam-per-node-exclusions", "v26.1.2", True, id="since-a-patch-that-the-catalog-lacks"),
        pytest.param("whereabouts", "v30.1.0", False, id="a-release-that-the-catalog-lacks"),
    ],
)
def test_a_capability_begins_or_ends_with_a_release(name, release, holds):
    assert catalog.capability(name).holds_in(release) is holds


def test_a_capability_names_the_release_at_which_it_begins_or_ends():
    assert catalog.capability("nv-ipam-routes").boundary == "v25.4.0"
    assert catalog.capability("whereabouts").boundary == "v25.10.0"


def test_every_capability_begins_or_ends_somewhere_and_stands_in_order():
    rows = catalog.capabilities()

    assert list(rows) == sorted(rows)
    assert all(row.since or row.until for row in rows.values())


SHOWN = [(name, path) for name, row in catalog.capabilities().items() for path in row.shown_by]


@pytest.mark.parametrize(("name", "path"), SHOWN)
def test_what_shows_a_capability_is_in_the_schemas_of_the_releases_that_have_it(name, path):
    kind, *fields = path.split(".")
    having = []
    for release in catalog.releases():
        rows = [row for row in schemas.kinds(release) if row.kind == kind]
        root = schemas.load(release, rows[0].group, kind, rows[0].version) if rows else None
        found = root
        for field in fields:
            found = definition(found, root.get("$defs", {})).get("properties", {}).get(field, {})
        having += [release] if found else []

    assert having == [release for release in catalog.releases() if catalog.capability(name).holds_in(release)]


@pytest.mark.parametrize(
    ("component", "image", "version", "releases"),
    [
        ("multus", "multus-cni", "v4.1.0", ("v25.1.0", "v25.4.0")),
        ("multus", "another", "v4.1.0", ()),
        ("ofedDriver", "mofed", "25.04-0.6.1.0-2", ("v25.4.0",)),
        ("ofedDriver", "doca-driver", "doca3.4.0-26.04-0.8.6.0-0", ("v26.4.2",)),
        ("nvIpam", "of-any-name", "network-operator-v26.1.0-beta.3", ("v26.1.2",)),
        ("nvIpam", "of-any-name", "network-operator-v26.2.0", ()),
        ("nvIpam", "nvidia-k8s-ipam", "v99", ()),
    ],
)
def test_an_image_is_of_the_releases_that_have_it(component, image, version, releases):
    assert catalog.releases_with_image(component, image, version) == releases


@pytest.mark.parametrize("release", catalog.releases())
def test_whereabouts_is_a_component_of_the_releases_that_have_it(release):
    has = "ipamPlugin" in catalog.release(release).components

    assert catalog.capability("whereabouts").holds_in(release) is has


@pytest.mark.parametrize(
    ("profile", "prefix", "short_name"),
    [
        pytest.param("sriov-device-plugin", "rdma", "ib", id="sriov"),
        pytest.param("ipoib", "rdma", "shared_ib", id="shared"),
    ],
)
def test_a_resource_has_a_prefix_and_a_short_name(profile, prefix, short_name):
    resource = catalog.profile(profile).resource

    assert (resource.prefix, resource.short_name) == (prefix, short_name)


@pytest.mark.parametrize(
    "file",
    [
        *(f"releases/{name}.yaml" for name in catalog.releases()),
        *(f"vm_sizes/{name}.yaml" for name in catalog.vm_sizes()),
        "capabilities.yaml",
        "defaults.yaml",
        "networks.yaml",
        "profiles.yaml",
    ],
)
def test_what_a_render_reads_is_plain_enough_for_the_fast_reader(file):
    assert fast.parse(load.text(file).decode(), 16) is not fast.UNUSUAL, "one line a value, flow lists of plain words"
    assert fast.parse(load.text(file).decode(), 16) == _with_dates_as_text(yaml.safe_load(load.text(file)))


def _with_dates_as_text(value):
    if isinstance(value, dict):
        return {key: _with_dates_as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_dates_as_text(item) for item in value]
    return str(value) if isinstance(value, datetime.date) else value
