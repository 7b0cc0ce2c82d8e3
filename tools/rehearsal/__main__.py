"""`python -m tools.rehearsal [FILE ...]`: rehearse clusters, print a table, exit 1 where something is not as it should be."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from tools.rehearsal import processes
from tools.rehearsal.control_plane import ControlPlane, build, link_kubectl
from tools.rehearsal.matrix import draw_clusters
from tools.rehearsal.session import Options, RefusedError, Result, Session, render

ROOT = Path(__file__).parents[2]


def main() -> int:
    """Rehearse what the arguments name."""
    parser = argparse.ArgumentParser(prog="python -m tools.rehearsal", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="cluster files; without any, examples/clusters")
    parser.add_argument(
        "--matrix", type=int, default=0, metavar="N", help="and N clusters of sizes, profiles, drivers, releases"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the matrix")
    parser.add_argument("--operator-src", action="append", default=[], type=Path, help="a checkout of Network Operator")
    parser.add_argument("--chart", type=Path, help="Network Operator's chart, for `helm template`")
    parser.add_argument("--crds", type=Path, help="a folder with CRDs, a folder a release")
    parser.add_argument("--program", type=Path, help="the program of tools/rehearsal/controlplane, if it is built")
    parser.add_argument("--keep-going", action="store_true", help="go on after a step that failed")
    parser.add_argument("--jobs", type=int, default=2, help="clusters at the same time")
    parser.add_argument("--verbose", action="store_true", help="say each step")
    parser.add_argument("--transcripts", type=Path, help="a folder for what each block printed")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    shared = os.environ.get("AKSRDMA_SHARED")
    crds = given.crds or (Path(shared) / "crds" if shared else None)
    with tempfile.TemporaryDirectory(prefix="rehearsal-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        program = given.program or build(folder)
        link_kubectl(program)
        options = Options(
            program, tuple(given.operator_src), given.chart, crds, given.keep_going, given.verbose, given.transcripts
        )
        files = given.files or (sorted((ROOT / "examples" / "clusters").glob("*.yaml")) if not given.matrix else [])
        pool = ThreadPoolExecutor(given.jobs)
        try:
            results = list(pool.map(lambda file: rehearse(file, folder, options, drawn=False), files))
            drawn = draw_clusters(folder, given.seed)
            while (missing := given.matrix - sum("matrix-" in one.name and not one.refused for one in results)) > 0:
                batch = islice(drawn, missing)
                results += pool.map(lambda file: rehearse(file, folder, options, drawn=True), batch)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
            processes.end_all()
    return report(results)


def rehearse(file: Path, folder: Path, options: Options, drawn: bool) -> Result:
    """Rehearse one cluster on a control plane of its own; one that was drawn may be refused."""
    begin = time.monotonic()
    plane = None
    try:
        tree = folder / "trees" / file.stem
        render(file, tree)
        plane = ControlPlane(options.program, folder)
        plane.start()
        result = Session(file, tree, plane, options).run()
    except RefusedError as error:
        faults = [] if drawn else [f"it is refused: {error}"]
        result = Result(file.stem, refused=str(error), faults=faults)
    except Exception as error:
        result = Result(file.stem, faults=[f"{type(error).__name__}: {error}"])
    finally:
        if plane:
            plane.stop()
    result.seconds = time.monotonic() - begin
    print("\n    ".join([line(result), *result.faults]), flush=True)
    return result


def line(result: Result) -> str:
    """A row of the table."""
    verdict = (
        f"{len(result.faults)} faults" if result.faults else f"refused: {result.refused}" if result.refused else "works"
    )
    return f"{result.name:<40} {result.steps:>3} steps {result.seconds:>6.1f} s  {verdict}"


def report(results: list[Result]) -> int:
    """Print how many are as they should be."""
    good = [result for result in results if not result.faults]
    refused = sum(bool(result.refused) for result in good)
    words = f", of which {refused} are refused" if refused else ""
    print(
        f"\n{len(good)} of {len(results)} clusters are as they should be{words}, {sum(one.seconds for one in results):.0f} s"
    )
    return 0 if len(good) == len(results) else 1


if __name__ == "__main__":
    try:
        status = main()
    except (KeyboardInterrupt, SystemExit) as end:
        status = end.code if isinstance(end, SystemExit) and isinstance(end.code, int) else 130
    finally:
        processes.end_all()
    sys.stdout.flush()
    os._exit(status)  # threads that wait for what has ended are not waited for
