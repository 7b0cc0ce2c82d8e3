"""Rendering: cold against kustomize and kubectl, and in bulk in one process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Measure, aksrdma_command, command, own_peak_mib, python, table, timed

ROOT = Path(__file__).resolve().parent.parent
OVERLAY = ROOT / "overlays" / "v25.1.0" / "nicclusterpolicy" / "ipoib"


def main() -> None:
    """Print the figures of rendering."""
    cold()
    imports()
    models()
    bulk()


def cold() -> None:
    """`aksrdma render --profile ipoib` against `kubectl kustomize` of the same overlay, each in a new process."""
    measures: list[Measure] = []
    for tool, arguments in (("kustomize", ["build"]), ("kubectl", ["kustomize"])):
        if program := shutil.which(tool) or shutil.which(tool, path=ROOT / ".tools"):
            measures.append(command(f"{tool} {arguments[0]}", [program, *arguments, str(OVERLAY)]))
    measures.append(command("aksrdma render --profile ipoib", aksrdma_command("render", "-q", "--profile", "ipoib")))
    cluster = str(ROOT / "examples" / "clusters" / "nd-h100-v5.yaml")
    measures.append(command("aksrdma render nd-h100-v5.yaml", aksrdma_command("render", "-q", cluster)))
    table("Cold render", measures, measures[-3 if len(measures) > 2 else 0].name)  # kubectl, where it is installed


def imports() -> None:
    """What a start costs before any work."""
    measures = [
        command("python", python("-c", "")),
        command("import aksrdma", python("-c", "import aksrdma")),
        command("import pydantic, yaml, click", python("-c", "from pydantic import BaseModel; import yaml, click")),
    ]
    table("Start", measures, "python")


KINDS = ("Namespace", "NodeFeatureRule", "NicClusterPolicy", "IPoIBNetwork")
"""Models of the kinds that the overlay of the benchmark has."""
_PLAN = "import aksrdma; from aksrdma.plan import make_plan; plan = make_plan(aksrdma.Cluster(profile='ipoib'))"


def models() -> None:
    """What typed models cost: what a process takes that goes one step further each time, from nothing to the text."""
    classes = ", ".join(f"models.{kind}" for kind in KINDS)
    measures = [
        command("python", python("-c", "")),
        command("pydantic alone", python("-c", "from pydantic import BaseModel")),
        command("and the models of the kinds used", python("-c", f"from aksrdma import models; {classes}")),
        command("decisions alone, without models", python("-c", _PLAN)),
        command("and every object built and judged", python("-c", f"{_PLAN}; plan.objects")),
        command("and written", python("-c", f"{_PLAN}; [one.text for one in plan.objects]")),
    ]
    table("What the models cost", measures, "python")


def bulk() -> None:
    """1,000 and 10,000 different clusters, each in a process of its own."""
    print("\nBulk render in one process\n")
    print("| clusters | ms a cluster | peak MiB |\n|---------:|-------------:|---------:|")
    for count in (1_000, 10_000):
        code = f"from benchmarks.render import bulk_of; bulk_of({count})"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
        figures = json.loads(done.stdout)
        print(f"| {count:8,} | {figures['ms']:12.3f} | {figures['peak_mib']:8.1f} |")


def bulk_of(count: int) -> None:
    """Render a number of different clusters and print the figures as JSON."""
    import aksrdma
    from aksrdma import catalog

    # Every object is built and judged by the schemas of its release, as in any render.
    sizes = [
        name
        for name in catalog.vm_sizes()
        if catalog.vm_size(name).usable and not catalog.vm_size(name).driver_on_node_image
    ]
    releases, profiles = catalog.releases(), ("base", "sriov-device-plugin", "rdma-shared-device-plugin")

    def one(number: int) -> int:
        pool = aksrdma.NodePool(name=f"p{number % 1000}", vm_size=sizes[number % len(sizes)], count=number % 90 + 1)
        cluster = aksrdma.Cluster(
            name=f"cluster-{number}",
            release=releases[number % len(releases)],
            profile=profiles[number % len(profiles)],  # type: ignore[arg-type]  # one of the three
            node_pools=[pool],
        )
        return len(aksrdma.render(cluster))

    seconds = timed(lambda: [one(number) for number in range(count)])
    print(json.dumps({"ms": seconds / count * 1e3, "peak_mib": own_peak_mib()}))
