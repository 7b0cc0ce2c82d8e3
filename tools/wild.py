"""Judge real manifests of others, and compare with what was read of them by eye and with kubectl-validate's verdicts.

The folder `wild` of AKSRDMA_SHARED holds the manifests, `expected.md` (tables: file | document | path | what is wrong |
sure or likely | who refuses | level) and `verdicts.jsonl`. Each file is a set of its own, judged with default options.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, Final

import aksrdma
from aksrdma.findings import Finding

LEVELS: Final = ("info", "warning", "error")
NOT_SEEN: Final = {
    ("014-mellanox-network-operator-ncp-global.yaml", "spec.global"): (
        "spec.global means v26.4 or later, by which the file is judged; that its images are of v26.1.2 is told instead"
    ),
    ("032-mellanox-network-operator-docs-nad-pod.yaml", "spec.containers[0].resources"): (
        "the file has no policy, so nothing in it tells that the resource's name is misspelled"
    ),
    ("160-kubernetes-sigs-node-feature-discovery-nfr4.yaml", "spec.rules[0].extendedResources.nons"): (
        "a warning: nfd-master puts feature.node.kubernetes.io/ before extended resources too (addNsToMapKeys in "
        "pkg/nfd-master/nfd-master.go@v0.17.0), and its own end-to-end test of this very file wants "
        "feature.node.kubernetes.io/nons: 123 (test/e2e/node_feature_discovery_test.go@v0.17.0)"
    ),
}
"""Lines of expected.md, by file and path, that we hold to be wrong, or that cannot be seen in the file alone."""
PLACES: Final = {
    ("062-azure-aks-rdma-infiniband-pod-gpu-sriov.yaml", "spec.volumes"): "spec.containers[0]",
}
"""Where we point elsewhere: at the container that lacks the volume, since a pod may have several."""
_ROW: Final = re.compile(
    r"- (\S+\.yaml) \| (\d+) \| (.+?) \| (.+) \| (?:sure|likely) \| (.+) \| (error|warning|info)$", re.M
)
_FINE: Final = re.compile(r"^- (\S+\.yaml)$", re.M)
_TRAP: Final = re.compile(r"^- (\S+\.yaml) \|", re.M)


@dataclass(frozen=True)
class Row:
    """A mistake of a file, as expected.md tells it."""

    file: str
    document: int
    path: str
    what: str
    level: str

    def is_met_by(self, finding: Finding) -> bool:
        """Whether a finding is of this mistake: of its document, level or above, and place."""
        if finding.document != self.document or LEVELS.index(finding.severity) < LEVELS.index(self.level):
            return False
        if self.path.startswith("(yaml)"):
            return finding.layer == "yaml" or finding.rule == "invalid-metadata"
        return any(_meets(path, finding.path) for path in _paths(PLACES.get((self.file, self.path), self.path)))


def wild() -> Path | None:
    """Return the folder of the manifests, or None where AKSRDMA_SHARED names none."""
    shared = os.environ.get("AKSRDMA_SHARED")
    folder = Path(shared) / "wild" if shared else None
    return folder if folder and folder.is_dir() else None


def manifests(folder: Path) -> list[str]:
    """Return the files that hold whole manifests."""
    return sorted(path.name for path in folder.glob("*.yaml"))


@cache
def rows(folder: Path) -> tuple[Row, ...]:
    """Return the mistakes that expected.md lists."""
    text = _expected(folder).split("## Right or wrong by release")[0]
    return tuple(
        Row(file, int(document), path, what, level) for file, document, path, what, _, level in _ROW.findall(text)
    )


@cache
def fine(folder: Path) -> frozenset[str]:
    """Return the files that must have no error: those that are right, and the traps that have no mistake besides."""
    traps = _expected(folder).split("## Traps")[1].split("## patches")[0]
    wrong = {row.file for row in rows(folder) if row.level == "error"}
    right = _expected(folder).split("## Entirely fine")[1]
    return frozenset({*_FINE.findall(right), *_TRAP.findall(traps)} - wrong)


@cache
def _expected(folder: Path) -> str:
    return (folder / "expected.md").read_text(encoding="utf-8")


def judged(folder: Path, file: str, release: str | None = None) -> aksrdma.Report:
    """Judge one file, as `aksrdma validate FILE` does."""
    return aksrdma.validate(folder / file, release=release)


def verdicts(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield what kubectl-validate says of each document of the whole manifests."""
    for line in (folder / "verdicts.jsonl").read_text(encoding="utf-8").splitlines():
        verdict = json.loads(line)
        if "/" not in verdict["file"]:
            yield verdict


def refused(report: aksrdma.Report, document: int) -> bool:
    """Return whether nobody can read a document, or the API server refuses it."""
    found = [one for one in report.findings if one.document == document and one.severity == "error"]
    return any(one.layer in ("yaml", "schema") for one in found)


def _paths(path: str) -> Iterator[str]:
    """Yield the paths for which a pattern with `{a,b}` or `[1,2]` stands."""
    parts = re.split(r"(\{[^}]*\}|\[\d+(?:,\d+)+\])", path)
    choices = [part[1:-1].split(",") if part[:1] in "{[" and "," in part else [part] for part in parts]
    for choice in product(*choices):
        texts = [
            f"[{one}]" if part.startswith("[") and "," in part else one for part, one in zip(parts, choice, strict=True)
        ]
        yield "".join(texts)


def _meets(expected: str, found: str) -> bool:
    """Return whether one path lies at or below the other; `*` is any part."""
    wanted, has = _steps(expected), _steps(found)
    return all(one in ("*", other) for one, other in zip(wanted, has, strict=False)) or "*" in wanted


def _steps(path: str) -> list[str]:
    return [step for step in re.split(r"[.:]|(\[[^\]]*\])", path) if step]


def _shown(folder: Path, file: str) -> Iterator[str]:
    report = judged(folder, file)
    wanted = [row for row in rows(folder) if row.file == file]
    for row in wanted:
        met = any(row.is_met_by(finding) for finding in report.findings)
        mark = "found  " if met else "held   " if (file, row.path) in NOT_SEEN else "MISSING"
        yield f"{mark} {row.level} {row.path}: {row.what}"
    for one in report.findings:
        mark = "  also   " if not any(row.is_met_by(one) for row in wanted) else "  told   "
        mark = "  FALSE  " if one.severity == "error" and file in fine(folder) else mark
        yield f"{mark}{one.line}:{one.column} {one.severity} {one.rule} {one.path}: {one.message}; {one.fix}"


def _disagreements(folder: Path) -> Iterator[str]:
    for verdict in verdicts(folder):
        for release, said in verdict["kubectl_validate"].items():
            ours = refused(judged(folder, verdict["file"], release), verdict["document"])
            if said != "unknown-kind" and ours != (said == "reject"):
                yield f"{verdict['file']}#{verdict['document']} {release}: kubectl-validate {said}, aksrdma {'rejects' if ours else 'accepts'}"


def main() -> int:
    """Print what is found per file, then where the verdicts differ."""
    folder = wild()
    if folder is None:
        print("set AKSRDMA_SHARED to the folder that holds wild/", file=sys.stderr)
        return 2
    for file in manifests(folder):
        lines = list(_shown(folder, file))
        if lines:
            print("\n".join([f"== {file}", *lines]))
    print("== verdicts that differ")
    print("\n".join(_disagreements(folder)) or "none")
    return 0


if __name__ == "__main__":
    sys.exit(main())
