"""Compare aksrdma's verdicts with those of a real API server on mutated objects.

    python tools/apiserver_judge/compare.py --judge apiserver-judge --crds CRDS [--count 5000] [--seed 1]

Each seed object is changed in one to three places, deterministically, and both are asked. What aksrdma refuses and
the server takes is a fault; what the server refuses and aksrdma takes is listed by field.
"""

from __future__ import annotations

import argparse
import collections
import copy
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parents[2]))

from aksrdma.checks.apiserver.objects import problems
from aksrdma.documents import Document
from aksrdma.findings import format_path
from aksrdma.schemas.engine import Schemas

SEEDS = Path(__file__).parents[2] / "tests" / "checks" / "apiserver" / "accepted"
Path_ = tuple[Any, ...]

WORDS = [
    "", "a", "A", "a-", "-a", "a.b", "a_b", "a/b", "a/b/c", "/a", "a/", "a" * 63, "a" * 64, "a" * 254, "1", "0", "-1",
    " a", "a ", "..", ".", "../a", "a/../b", "..a", "a..b", "/", "None", "Always", "Never", "OnFailure", "Exists",
    "DoesNotExist", "Equal", "In", "NotIn", "Gt", "NoSchedule", "NoExecute", "Localhost", "RuntimeDefault", "TCP", "tcp",
    "Memory", "100%", "101%", "25%", "0%", "x%", "a=b", "é", "metadata.name", "metadata.labels['A']", "spec.nodeName",
    "limits.cpu", "limits.hugepages-2Mi", "10.0.0.1", "010.0.0.1", "10.0.0", "::1", "10.0.0.0/8", "v1", "Recreate",
    "OnDelete", "Indexed", "* * * * *", "@daily", "@every 1h", "* * * *", "60 * * * *", "*/0 * * * *", "TZ=UTC * * * * *",
    "1-0 * * * *", "? ? ? ? ?", "Local", "Etc/UTC", "a--b", "80", "http", "default", "kubernetes", "orphan", "metadata",
    "a.b.c/d.e_f", "example.com/A", "Bidirectional", "HostToContainer", "Enabled", "0-0", "0,1", "5-", "1,0",
    "foregroundDeletion", "runtime/default", "localhost/a", "unconfined", "windows", "linux", "Unmasked", "Managed",
]  # fmt: skip
NUMBERS = [-1, 0, 1, 2, 3, 5, 22, 80, 100, 101, 255, 256, 300, 511, 512, 600, 599, 65535, 65536, 100001, 2147483647]
AMOUNTS = [
    "0", "1", "2", "500m", "0.5", "1.0", "1e3", "1E", "1Ei", "-1", "-0", "+1", "1.5Gi", "64Gi", "1k", "1K", "1Mi", "1mi",
    "", " 1", "a", "1 Gi", "100Ki", ".", "+", "1.", ".5", "1n", "0.1n", "9223372036854775807", "9223372036854775808",
    "10000000000000000000000", "1e30", "3Mi", "2Mi", "100T", 8, 1, 0, -1, 1.5, 1e3, 1000000000000000000000, True, None,
]  # fmt: skip
KEYS = [
    "a", "A", "a/b", "a/b/c", "/a", "a/", "A/b", "a_b/c", "a" * 63, "a" * 64, "a/" + "b" * 64, "-a", "a-", "", "a b",
    "cpu", "memory", "rdma/ib", "edma/ib", "rdma/ibs", "nvidia.com/gpu", "hugepages-2Mi", "hugepages-1Gi", "hugepages-x",
    "kubernetes.io/a", "requests.a/b", "pods", "gpu", "ephemeral-storage", "storage", "cpus", "rdma/" + "b" * 63,
    "rdma/" + "b" * 55, "A" * 10 + "/b", "controller-uid", "job-name", "container.apparmor.security.beta.kubernetes.io/a",
    "seccomp.security.alpha.kubernetes.io/pod", "controller.kubernetes.io/pod-deletion-cost", "..", ".", "a.b", "a:b",
]  # fmt: skip
AMOUNT_PARENTS = {"limits", "requests", "overhead"}
FREE_KEYS = AMOUNT_PARENTS | {"labels", "annotations", "nodeSelector", "matchLabels", "selector", "data", "binaryData"}


def seeds() -> list[dict[str, Any]]:
    """Return the seed objects."""
    return [one for file in sorted(SEEDS.glob("*.yaml")) for one in yaml.safe_load_all(file.read_text()) if one]


def walk(data: Any, path: Path_ = ()) -> Iterator[tuple[Path_, Any]]:
    """Yield every value with its path."""
    yield path, data
    children: Iterable[tuple[Any, Any]] = ()
    if isinstance(data, dict):
        children = data.items()
    elif isinstance(data, list):
        children = enumerate(data)
    for key, value in children:
        yield from walk(value, (*path, key))


def role(path: Path_) -> Path_:
    """Return the last two names of a path: what its value is for."""
    return tuple(key for key in path if isinstance(key, str))[-2:]


def vocabulary(objects: list[dict[str, Any]]) -> dict[Path_, list[tuple[Any, Any]]]:
    """Return for each role of a mapping the fields that it has anywhere."""
    found: dict[Path_, list[tuple[Any, Any]]] = collections.defaultdict(list)
    for data in objects:
        for path, value in walk(data):
            if isinstance(value, dict):
                found[role(path)].extend(value.items())
    return found


def mutate(data: dict[str, Any], chance: random.Random, fields: dict[Path_, list[tuple[Any, Any]]]) -> str:
    """Change one place of an object and say how."""
    places = [(path, value) for path, value in walk(data) if path and path[0] not in ("apiVersion", "kind")]
    if not places:
        return "nothing left"
    path, value = chance.choice(places)
    parent = data
    for key in path[:-1]:
        parent = parent[key]
    how = chance.random()
    if isinstance(value, dict) and how < 0.55 and (known := fields.get(role(path))):
        key, new = chance.choice(known)
        value[key] = copy.deepcopy(new)
        return f"add {path} {key}"
    if isinstance(value, dict) and path[-1] in FREE_KEYS and how < 0.9:
        key = chance.choice(KEYS)
        value[key] = chance.choice(AMOUNTS if path[-1] in AMOUNT_PARENTS else WORDS)
        return f"key {path} {key}"
    if isinstance(value, list) and value and how < 0.4:
        value.append(copy.deepcopy(chance.choice(value)))
        return f"repeat {path}"
    if isinstance(value, list) and how < 0.55:
        parent[path[-1]] = []
        return f"empty {path}"
    if isinstance(value, dict) and how < 0.65:
        parent[path[-1]] = {}
        return f"empty {path}"
    if how < 0.15:
        del parent[path[-1]]
        return f"remove {path}"
    parent[path[-1]] = new = _other(value, path, chance, fields)
    return f"set {path} {new!r}"


def _other(value: Any, path: Path_, chance: random.Random, fields: dict[Path_, list[tuple[Any, Any]]]) -> Any:
    if chance.random() < 0.03:
        return None
    if (len(path) > 1 and path[-2] in AMOUNT_PARENTS) or path[-1] in ("sizeLimit", "divisor", "storage"):
        return chance.choice(AMOUNTS)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return chance.choice(NUMBERS)
    if isinstance(value, str):
        return chance.choice(WORDS)
    return copy.deepcopy(value)


def cases(count: int, seed: int) -> list[dict[str, Any]]:
    """Return mutated objects, the same for the same arguments."""
    chance = random.Random(seed)
    objects = seeds()
    fields = vocabulary(objects)
    made = copy.deepcopy(objects)
    while len(made) < count:
        data = copy.deepcopy(chance.choice(objects))
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            mutate(data, chance, fields)
        made.append(data)
    return made


def judge(binary: str, crds: str, objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the server's verdicts."""
    lines = "".join(json.dumps({"name": str(i), "object": one}) + "\n" for i, one in enumerate(objects))
    command = [binary, "-crds", crds]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-2000:])
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_ours(verdict: dict[str, Any], data: dict[str, Any], schemas: Schemas) -> bool:
    """Say whether a refusal could be ours: unknown fields of a kind without a schema are not."""
    return verdict["status"] != 400 or schemas.knows(data["apiVersion"], data["kind"])


def main() -> None:
    """Compare, print both lists, and exit with 1 where aksrdma refuses what the server takes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judge", default="apiserver-judge")
    parser.add_argument("--crds", required=True, help="folders with CRDs, separated by commas")
    parser.add_argument("--release", default="v25.10.0", help="whose schemas to use; must be that of the CRDs")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--beyond-schema", action="store_true", help="do not count what only the schema refuses wrongly"
    )
    parser.add_argument("--show", type=int, default=3, help="examples a field")
    options = parser.parse_args()
    schemas = Schemas(options.release)
    objects = cases(options.count, options.seed)
    verdicts = judge(options.judge, options.crds, objects)
    wrong, missed = [], collections.defaultdict(list)
    counts: collections.Counter[str] = collections.Counter()
    for index, (data, verdict) in enumerate(zip(objects, verdicts, strict=True)):
        ours = [(p.rule, p.path, p.message) for p in problems(Document.from_data(data))]
        if not options.beyond_schema or (not ours and is_ours(verdict, data, schemas)):
            ours += [(f"schema {p.code}", p.path, p.message) for p in schemas.judge(data)]
        counts["accepted" if verdict["accepted"] else "refused"] += 1
        if verdict["accepted"] and ours and not (options.beyond_schema and ours[0][0].startswith("schema ")):
            wrong.append((index, ours))
        elif not verdict["accepted"] and not ours and is_ours(verdict, data, schemas):
            causes = verdict.get("causes") or [{"field": verdict["reason"], "message": verdict["message"]}]
            field = re.sub(r"\[[^\]]*\]", "[]", causes[0]["field"])
            missed[f"{field}: {causes[0]['message'][:60]}"].append(index)
    print(
        f"{len(objects)} objects: {dict(counts)}; wrongly refused {len(wrong)}, missed {sum(map(len, missed.values()))}"
    )
    for index, ours in wrong[: 40 * options.show]:
        print(
            f"WRONG #{index} {objects[index]['kind']}",
            *(f"\n   {rule} {format_path(path)}: {text}" for rule, path, text in ours),
        )
    for field, indexes in sorted(missed.items(), key=lambda item: -len(item[1])):
        print(f"MISSED {len(indexes)} {field}")
        for index in indexes[: options.show]:
            print(f"   #{index} {objects[index]['kind']} {verdicts[index]['message'][:300]}")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
