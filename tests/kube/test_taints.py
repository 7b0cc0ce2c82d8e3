"""Taints, and the toleration that a pod needs for one."""

import pytest
import yaml

from aksrdma.kube.scheduling import Taint


@pytest.mark.parametrize(
    ("value", "written"),
    [
        pytest.param("gpu", "gpu", id="a word"),
        pytest.param("h100-a.b_c", "h100-a.b_c", id="a word with marks"),
        pytest.param("True", '"True"', id="a truth"),
        pytest.param("off", '"off"', id="a truth in other words"),
        pytest.param("null", '"null"', id="nothing"),
        pytest.param("1", '"1"', id="a number"),
        pytest.param("0x1f", '"0x1f"', id="a hexadecimal number"),
        pytest.param("2026-12-01", '"2026-12-01"', id="a day"),
        pytest.param('a: "b', '"a: \\"b"', id="a value that no taint may have"),
    ],
)
def test_the_toleration_of_a_taint_is_yaml_that_has_its_value_as_text(value, written):
    taint = Taint("sku", value, "NoSchedule")

    assert taint.toleration == f"{{key: sku, operator: Equal, value: {written}, effect: NoSchedule}}"
    assert yaml.safe_load(taint.toleration)["value"] == value


def test_a_taint_without_value_is_tolerated_by_its_key():
    assert Taint("sku", "", "NoExecute").toleration == "{key: sku, operator: Exists, effect: NoExecute}"
