"""Compare our webhook verdicts with the Go libraries that the operator uses, on texts made up at random.

Usage: (cd tools/webhook_oracle && go build -o /tmp/webhook-oracle .)
       python tools/webhook_oracle/compare.py /tmp/webhook-oracle [COUNT] [SEED]

The schemas of main.go and configs.go were written apart from those of aksrdma; exits 1 where a verdict differs.
"""

from __future__ import annotations

import copy
import json
import random
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from aksrdma.checks.webhook.policies import verdict
from aksrdma.checks.webhook.releases import pattern, webhook
from aksrdma.kube.go_json import Number
from aksrdma.kube.image_names import fault
from aksrdma.kube.label_selectors import selector_problem
from aksrdma.kube.names import dns_subdomain
from aksrdma.kube.quantities import parse

REPOSITORIES = [
    "nvcr.io/nvidia/mellanox", "docker.io/x", "index.docker.io/a/b", "localhost:5000/a", "Foo/bar", "foo/Bar", "x.y:80/z",
    "nvcr.io/a:tag@sha256:" + "a" * 64, "a@sha512:" + "b" * 128, "a@md5:" + "a" * 32, "a:" + "t" * 128, "b" * 64,
    "[fe80::1]:5000/x", "my_host.io/x", "a__b/c---d.e", "nvcr.io/" + "a" * 255, "docker.io/" + "a" * 247, "http://x/y",
]  # fmt: skip
QUANTITIES = [
    "0",
    "100m",
    "1.5Gi",
    "1e3",
    "-.5E-3",
    "1E",
    "12345678901234567890",
    "1e1.5",
    "0.0000000001",
    "+1.Ki",
    "9Ei",
]
VERSIONS = [
    "25.01-0.6.0.0-0", "doca3.1.0-25.07-0.9.7.0-0", "doca3.1-24.01-0.3.3.1-0", "doca3.2.0-25.10-1.2.8.0-2-5.15.0-azure",
    "sha256:" + "aF" * 32, "24.10-0.7.0.0-x_y--", "23-10-0.5", "\u0662.1-1",
]  # fmt: skip
SELECTORS = [
    "app=nccl", "!debug", "a in (x,y),b", "a notin (), c!=d", "app==a,tier>5", "x.io/a<3", "in in (in,notin)", "a,b,c=", " a ",
    "a in (,x)", "a in (x,,),b", "a notin (x,,,y)", "a in (,,,)", "notin=in", "a = b , !c",
]  # fmt: skip
NUMBERS = [
    "63",
    "63.0",
    "63.5",
    "1e2",
    "15e-1",
    "150e-1",
    "-0.0",
    "0e-5000000",
    "12345678901234567890.0",
    "0e99999999999",
]
RDMA = {"configList": [{"resourceName": "ib", "resourcePrefix": "rdma.io", "rdmaHcaMax": 63, "devices": ["ib0"],
                        "selectors": {"vendors": ["15b3"], "linkTypes": ["infiniband"], "ifNames": []}}]}  # fmt: skip
SRIOV = {"resourceList": [
    {"resourceName": "ib", "resourcePrefix": "nvidia.com", "excludeTopology": True,
     "selectors": {"vendors": ["15b3"], "isRdma": True, "vdpaType": "virtio"}},
    {"resourceName": "a.b", "deviceType": "auxNetDevice", "selectors": [{"auxTypes": ["sf"]}, {"pfNames": ["a"]}]},
    {"resourceName": "c", "deviceType": "accelerator", "selectors": {"pciAddresses": []}},
]}  # fmt: skip
JUNK = [
    None,
    True,
    0,
    -1,
    63.0,
    63.5,
    1e400,
    10**400,
    "",
    "x",
    "a-b",
    "rdma",
    "a.b1.com",
    [],
    {},
    [None],
    [""],
    {"a": 1},
]
FORMS = {
    # Go's exact numbers have forms that JSON has not, such as 1/2, and none beyond a float gets this far.
    "integer": re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE](-[0-9]+|\+?[0-9]{1,3}))?"),
    # Go takes minutes for a huge exponent; texts without digits are refused by the CRD's pattern before anyone reads them.
    "quantity": re.compile(r"[-+]?(?:[0-9]++\.?+[0-9]*+|\.[0-9]++)(?![eE][-+]?[0-9]{5}).*", re.DOTALL),
}
KEYS = ["pKeys", "needVhostNet", "ResourceName", "deviceType", "selectors", "devices", "extra", ""]
LETTERS = 'abfzAF019._-/:@+=!()<>[]{}",\\ \n\u00e9eEimkKGT'


def main(oracle: str, count: int = 20_000, seed: int = 1) -> int:
    """Ask both sides `count` questions; return how often they differ."""
    dice = random.Random(seed)
    questions = [_question(dice) for _ in range(count)]
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    answers = subprocess.run([oracle], input=lines, text=True, capture_output=True, check=True).stdout.split()
    wrong = 0
    for (about, text), answer in zip(questions, answers, strict=True):
        if OURS[about](text) is not (answer == "true"):
            wrong += 1
            print(f"{about}: Go says {answer} to {text!r}")
    print(f"{count} verdicts, {answers.count('true')} of them let pass, {wrong} differ")
    return wrong


def _question(dice: random.Random) -> tuple[str, str]:
    about = dice.choice(list(SEEDS))
    if about in CONFIGS:
        return about, _config(dice, CONFIGS[about])
    seed = dice.choice(SEEDS[about])
    text = _text(dice, seed)
    return about, text if about not in FORMS or FORMS[about].fullmatch(text) else seed


def _text(dice: random.Random, text: str) -> str:
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        place = dice.randrange(len(text) + 1)
        text = text[:place] + dice.choice(["", dice.choice(LETTERS)]) + text[place + dice.randrange(2) :]
    return text


def _config(dice: random.Random, seed: dict[str, Any]) -> str:
    config = copy.deepcopy(seed)
    for _ in range(dice.choice([0, 1, 1, 2, 3])):
        _change(dice, config)
    text = json.dumps(config, ensure_ascii=dice.random() < 0.5)
    return _text(dice, text) if dice.random() < 0.1 else text


def _change(dice: random.Random, value: Any) -> None:
    """Replace, add or remove one part, anywhere."""
    keys: list[Any] = list(value) if isinstance(value, dict) else list(range(len(value)))
    key = dice.choice(keys) if keys else None
    if key is not None and isinstance(value[key], dict | list) and dice.random() < 0.8:
        _change(dice, value[key])
    elif isinstance(value, dict) and dice.random() < 0.3:
        value[dice.choice(KEYS)] = copy.deepcopy(dice.choice(JUNK))
    elif key is not None and dice.random() < 0.3:
        del value[key]
    elif key is not None:
        value[key] = copy.deepcopy(dice.choice(JUNK))


def _passes(section: str) -> Callable[[str], bool]:
    def ask(config: str) -> bool:
        policy = {"apiVersion": "mellanox.com/v1alpha1", "kind": "NicClusterPolicy"}
        return not verdict({**policy, "spec": {section: {"repository": "a", "config": config}}})

    return ask


def _driver(release: str) -> Callable[[str], bool]:
    return lambda text: bool(webhook(release).ofed_version.fullmatch(text))


RELEASES = ("v25.4.0", "v25.7.0", "v26.4.1")
CONFIGS: dict[str, dict[str, Any]] = {"rdma": RDMA, "sriov": SRIOV}
SEEDS: dict[str, list[str]] = {
    "repository": REPOSITORIES,
    "subdomain": ["a", "my-map.v1", "a" * 253, "a..b"],
    "quantity": QUANTITIES,
    "integer": NUMBERS,
    "selector": SELECTORS,
    "guid": ["02:00:00:00:00:00:00:fF"],
    **dict.fromkeys(RELEASES, VERSIONS),
    **{about: [] for about in CONFIGS},
}
OURS: dict[str, Callable[[str], bool]] = {
    "repository": lambda text: fault(text) is None,
    "subdomain": lambda text: dns_subdomain(text) is None,
    "quantity": lambda text: parse(text) is not None,
    "integer": lambda text: Number(text).is_whole,
    "selector": lambda text: selector_problem(text) is None,
    "guid": lambda text: bool(pattern("guid").fullmatch(text)),
    **{release: _driver(release) for release in RELEASES},
    "rdma": _passes("rdmaSharedDevicePlugin"),
    "sriov": _passes("sriovDevicePlugin"),
}

if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], *map(int, sys.argv[2:])) > 0)
