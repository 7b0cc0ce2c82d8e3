"""Runs the comparisons: `python -m tools.conformance --shared DIR`; exits 1 where verdicts differ without a reason.

With `--apiserver-judge PROG` a real API server (tools/apiserver_judge) is asked too: whether it agrees where
kubectl-validate is declared to differ, and what it says of objects that were changed in every way, as data and as text.

With `--injected` both are asked instead what they say of the objects that `aksrdma inject` makes.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

from aksrdma import schemas
from aksrdma.schemas.store import BUILTIN, WORKLOADS

from .compare import Comparison, compare
from .corpus import Case, cases
from .injected import compare_injected
from .judges import Verdict, kubeconform, kubectl_validate, openapi_of
from .served import compare_with_server


def main(argv: list[str] | None = None) -> int:
    """Compare all folders that were asked for; print counts and every difference."""
    args = _parser().parse_args(argv)
    if not args.shared:
        print("say with --shared or AKSRDMA_SHARED where the CRDs lie", file=sys.stderr)
        return 2
    if args.injected:
        return 1 if compare_injected(args) else 0
    # No server takes what any version does.
    folders = args.folders or [folder for folder in schemas.folders() if folder != BUILTIN]
    wrong = sum(_folder(folder, args) for folder in folders)
    print(f"{wrong} differences without a reason")
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description=__doc__)
    shared = os.environ.get("AKSRDMA_SHARED")
    add = parser.add_argument
    add("folders", nargs="*", metavar="FOLDER", help="folders of schemas/ (default: all)")
    add("--shared", type=Path, default=Path(shared) if shared else None, help="folder of CRDs")
    add("--kubectl-validate", type=Path, default=Path("kubectl-validate"), metavar="PROGRAM")
    add("--kubeconform", type=Path, metavar="PROGRAM", help="also count where kubeconform differs")
    judge = os.environ.get("AKSRDMA_APISERVER_JUDGE")
    add(
        "--apiserver-judge",
        type=Path,
        default=Path(judge) if judge else None,
        metavar="PROGRAM",
        help="also ask a server",
    )
    add("--injected", action="store_true", help="judge what `aksrdma inject` makes, instead")
    add("--limit", type=int, default=4000, help="objects a folder; 0 for all (default: %(default)s)")
    add("--changed", type=int, default=15000, help="rich objects a folder, changed at random, for the server")
    add("--texts", type=int, default=3000, help="YAML texts a folder, changed at random, for the server")
    add("--seed", type=int, default=1, help="of the random changes")
    add("--show", type=int, default=20, help="differences to print a folder")
    return parser


def _folder(folder: str, args: argparse.Namespace) -> int:
    groups = {"", *(group.name for group in openapi_of(args.shared, folder).glob("apis/*"))}
    found = cases(folder, args.limit or None)
    if folder.startswith(BUILTIN):  # kubectl-validate knows what is in the documents
        found = [case for case in found if case.kind.group in groups]
    results = _with_kubectl_validate(folder, found, args)
    wrong = [result for result in results if not result.agrees and not result.reason]
    _print(folder, results, wrong[: args.show])
    if args.kubeconform:
        _print_kubeconform(folder, found, results, args.kubeconform)
    if args.apiserver_judge:
        return len(wrong) + compare_with_server(folder, found, results, args)
    return len(wrong)


def _with_kubectl_validate(folder: str, found: list[Case], args: argparse.Namespace) -> list[Comparison]:
    judged = kubectl_validate(
        args.kubectl_validate,
        [case.data for case in found],
        crds=_crds(args.shared, folder),
        openapi=openapi_of(args.shared, folder),
    )
    return list(compare(folder, found, judged))


def _crds(shared: Path, folder: str) -> Path | None:
    if folder.startswith(BUILTIN):
        return None
    return shared / "crds-workloads" if folder == WORKLOADS else shared / "crds" / folder


def _print(folder: str, results: list[Comparison], wrong: list[Comparison]) -> None:
    counts = Counter(_outcome(result) for result in results)
    print(f"{folder}: {len(results)} objects")
    for outcome, count in counts.most_common():
        print(f"  {count:6} {outcome}")
    for result in wrong:
        print(_report(result.case, {"judge": result.judge, "engine": result.engine, "reference": result.reference}))


def _outcome(result: Comparison) -> str:
    if result.agrees:
        return "accepted by all" if result.judge.accepts else "refused by all"
    return f"known: {result.reason}" if result.reason else "DIFFERENT"


def _report(case: Case, verdicts: dict[str, Verdict]) -> str:
    lines = [f"{case.kind.kind} {case.path} {case.change}: {case.data}"]
    lines += [f"    {name}: {'accepts' if said.accepts else said.text}" for name, said in verdicts.items()]
    return "\n".join(lines)


def _print_kubeconform(folder: str, found: list[Case], results: list[Comparison], program: Path) -> None:
    """Count where kubeconform, by the same schema files, says something else than the engine, by what it misses."""
    location = f"{schemas.schema_folder(folder)}/{{{{.Group}}}}/{{{{.ResourceKind}}}}_{{{{.ResourceAPIVersion}}}}.json"
    counts: Counter[str] = Counter()
    for said, result in zip(
        kubeconform(program, [case.data for case in found], location=location), results, strict=True
    ):
        if said.accepts == result.engine.accepts:
            counts["same"] += 1
        else:
            counts[_missed(result, said)] += 1
    for outcome, count in counts.most_common():
        print(f"  kubeconform {count:6} {outcome}")


def _missed(result: Comparison, said: Verdict) -> str:
    if not said.accepts:
        return f"only kubeconform refuses ({result.case.change})"
    return f"kubeconform accepts {', '.join(sorted({rule for rule, _ in result.engine.causes}))}"


if __name__ == "__main__":
    raise SystemExit(main())
