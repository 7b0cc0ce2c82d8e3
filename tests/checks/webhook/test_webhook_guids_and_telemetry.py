from __future__ import annotations

from typing import Any

import pytest

from aksrdma.checks.webhook.policies import verdict
from tests.checks.webhook.webhook_objects import ALL_RELEASES, image, policy, rules

START, END = "02:00:00:00:00:00:00:00", "02:FF:ff:FF:FF:FF:FF:FF"


def guids(start: Any, end: Any) -> dict[str, Any]:
    return policy(ibKubernetes=image(pKeyGUIDPoolRangeStart=start, pKeyGUIDPoolRangeEnd=end, ufmSecret="x"))


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("start", "end", "fields"),
    [
        pytest.param(START, END, [], id="range"),
        pytest.param(START, START, ["End"], id="equal"),
        pytest.param(END, START, ["End"], id="backwards"),
        pytest.param("02-00-00-00-00-00-00-00", END, ["Start"], id="dashes"),
        pytest.param(START, END[:-3], ["End"], id="seven-bytes"),
        pytest.param("", "", ["Start", "End"], id="empty"),
        pytest.param(None, None, ["Start", "End"], id="absent"),
        pytest.param(START + "\n", END, ["Start"], id="line-end"),
        pytest.param(END.replace("F", "G"), START, ["Start"], id="order-is-left-out-where-one-is-malformed"),
    ],
)
def test_guid_range(release: str, start: Any, end: Any, fields: list[str]) -> None:
    refusals = verdict(guids(start, end), release)

    assert [refusal.message.partition(": ")[0] for refusal in refusals] == [
        f"spec.ibKubernetes.pKeyGUIDPoolRange{field}" for field in fields
    ]
    assert {refusal.rule for refusal in refusals} <= {"webhook-guid-range"}


@pytest.mark.parametrize("release", ALL_RELEASES)
@pytest.mark.parametrize(
    ("config", "passes"),
    [
        pytest.param(None, True, id="absent"),
        pytest.param({"fromConfigMap": "my-map.v1"}, True, id="named"),
        pytest.param({"fromConfigMap": "a" * 253}, True, id="longest"),
        pytest.param({}, False, id="empty-config"),
        pytest.param({"fromConfigMap": ""}, False, id="empty-name"),
        pytest.param({"fromConfigMap": "My_Map"}, False, id="upper-case"),
        pytest.param({"fromConfigMap": "a..b"}, False, id="two-dots"),
        pytest.param({"fromConfigMap": "a" * 254}, False, id="too-long"),
    ],
)
def test_telemetry_config_names_a_config_map(release: str, config: Any, passes: bool) -> None:
    manifest = policy(docaTelemetryService=image(config=config))

    assert rules(manifest, release) == ([] if passes else ["webhook-telemetry-config"])
