"""What a validation is told: how to judge, and which findings count."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

FailOn: TypeAlias = Literal["error", "warning", "info", "never"]
SEVERITIES: Final = ("error", "warning", "info")
FAIL_ON: Final = (*SEVERITIES, "never")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to judge."""

    release: str | None = None
    """Network Operator release; None: that of the cluster file, of the image versions, or the newest."""
    admission_controller: bool = False
    """Whether the operator's webhook is on (chart value `operator.admissionController.enabled`, false by default)."""
    vm_sizes: tuple[str, ...] = ()
    """VM sizes of the nodes."""
    nodes: int | None = None
    """Number of nodes."""
    together: bool = False
    """Whether all that is named is one set."""
    strict: bool = False
    """Whether what is no manifest, and kinds that aksrdma does not know, are errors."""
    select: tuple[str, ...] = ()
    """Rules to report, or layers; empty: all."""
    ignore: tuple[str, ...] = ()
    """Rules or layers not to report."""
    fail_on: FailOn = "error"
    """The least severity that makes a report fail."""
    schema_locations: tuple[str, ...] = ()
    """Where JSON Schemas of further kinds lie, as kubeconform's templates of local files; `default` means ours."""
    plugins: tuple[str, ...] = ()
    """Modules with rules of yours, written with `@aksrdma.rule`; they are imported, so they run."""
    catalog: str | None = None
    """Folder with VM sizes and releases of yours, in the catalog's own format."""
    max_file_size: int | None = None
    """Bytes of a file; None: the reader's own limit."""

    def reports(self, rule: str, layer: str) -> bool:
        """Whether a finding of a rule is wanted."""
        wanted = not self.select or rule in self.select or layer in self.select
        return wanted and rule not in self.ignore and layer not in self.ignore

    def fails(self, severity: str) -> bool:
        """Whether a finding of a severity makes the report fail."""
        return self.fail_on != "never" and SEVERITIES.index(severity) <= SEVERITIES.index(self.fail_on)
