"""Environment variables that turn RDMA off, slow it or hide it, as the libraries themselves read them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from aksrdma.catalog import load
from aksrdma.findings import Severity

Reading: TypeAlias = Literal[
    "integer", "word", "presence", "yes or no", "first letter", "path level", "components", "component words", "transports", "nccl devices",
    "ucx devices", "device names", "interfaces", "interface names", "topology file", "pci mapping",
]  # fmt: skip
"""How a library reads the value.

`integer` as C's strtoll with base 0. `word` in any case. `presence` whatever it is. `yes or no` as UCX: y, yes, on, 1 and
their opposites. `first letter` as NVSHMEM: no is what begins with 0, n or f. `path level` NCCL's LOC, PIX, ... or the older number. `components` a list with commas, of which
a leading `^` is all but these. `component words` the same in any case. `transports` the same with the aliases of UCX. `nccl devices` prefixes, or with `=` whole
names, `^` before all, each with `:port`. `ucx devices` names with or without `:port`, ranges, `^`, `all`. `device names` the same
without ranges and `all`. `interfaces` as `nccl devices`, of network interfaces. `interface names` whole names. `topology file` a path.
`pci mapping` pairs GPU=NIC of PCI addresses.
"""
Test: TypeAlias = Literal[
    "one of", "none of", "keeps none of", "leaves out", "no device", "fewer devices", "no interface", "missing interface",
    "infiniband interface", "ipoib interface", "no file", "not brought", "other topology", "alone", "wrong addresses",
]  # fmt: skip
"""What about the value breaks a rule.

`one of` and `none of` compare what was read with `values`. `keeps none of` and `leaves out` are of lists: what is left in use
holds none of `values`, or a leading `^` names one of them. `alone` is without one of the variables `values`. The others
compare with the VM size and the pod: `no interface` where none of the names fits, `missing interface` where one does not,
`infiniband interface` where the pod is in the node's network, `ipoib interface` one that a network of the set gives it,
`not brought` the files of ConfigMaps that are mounted, `other topology` the families of sizes that have topology files, and
`wrong addresses` the GPUs and NICs of the size.
"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Effect:
    """What some values of a variable do."""

    rule: str
    """The rule that is broken."""
    test: Test
    values: tuple[str, ...] = ()
    """What the test compares with, as the reading gives it."""
    does: str = ""
    """What happens, after `NAME=value `; empty where the test itself says it."""
    fix: str = "take it out"
    """The first way out."""
    otherwise: str = "take the RDMA resource out, if TCP is meant"
    """The second way out."""
    severity: Severity | None = None
    """Instead of the rule's own."""
    of_mpi: bool = False
    """Whether it is about MPI alone, so that no data is concerned where NCCL carries it: an info there, and nothing where a
    program or an image says so."""
    of_size: bool = False
    """Whether it is only told where the VM size says that the NICs are InfiniBand: another cluster may have RoCE."""
    several_gpus: bool = False
    """Whether it concerns only a container with more than one GPU."""
    beside: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Other variables and their values beside which alone it happens."""
    unless_variable: str = ""
    """A variable beside which it is not looked at, as that one decides."""
    choice_of: tuple[str, ...] = ()
    """Families of VM sizes (`VmSize.preset_family`) whose nodes have another fast way: an info there."""
    choice: str = ""
    """What there is to know of the choice."""
    unless: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Other variables and their values beside which `choice_of` is no choice."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnvironmentVariable:
    """A variable that decides whether RDMA is used."""

    name: str
    library: str
    read: Reading
    key: str = ""
    """What of a value that is JSON is read: this key, at any depth; empty: the value is no JSON."""
    default: str | None = None
    """A value that leaves the choice to the library; null: there is none beside the empty one."""
    effects: tuple[Effect, ...] = field(metadata={"row": Effect})
    """In this order; the first that fits is told."""
    note: str = ""
    """What a reader of the row should know: releases, doubts."""
    source: tuple[str, ...]
    """Where the library reads it: `repository:path@tag`."""
    checked: str


@load.cached
def environment_variables() -> Mapping[str, EnvironmentVariable]:
    """Return the variables that decide whether RDMA is used, by name."""
    return {row.name: row for row in load.rows(EnvironmentVariable, "environment.yaml")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TransportAlias:
    """A name of UCX for several transports."""

    name: str
    transports: tuple[str, ...]
    source: tuple[str, ...]
    checked: str


@load.cached
def transport_aliases() -> Mapping[str, tuple[str, ...]]:
    """Return the transports of UCX by alias, auxiliary ones left out: alone they carry no data."""
    return {row.name: row.transports for row in load.rows(TransportAlias, "ucx_transports.yaml")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DataCarrier:
    """A library that moves data between GPUs of several nodes, and what shows that a container uses it."""

    name: str
    variables: tuple[str, ...]
    """How variables begin that are set for it."""
    words: tuple[str, ...]
    """What the image or the command has in it, in lower case."""
    note: str
    source: tuple[str, ...]
    checked: str


@load.cached
def data_carriers() -> Mapping[str, DataCarrier]:
    """Return the libraries that move data, by name."""
    return {row.name: row for row in load.rows(DataCarrier, "data_carriers.yaml")}
