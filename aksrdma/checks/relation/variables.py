"""Whether a library that reads an environment variable uses RDMA: one variable and its value, judged by the catalog's rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from aksrdma import catalog
from aksrdma.catalog import Effect, EnvironmentVariable, VmSize
from aksrdma.checks.plugins.networks import NetworkReference, networks_annotation
from aksrdma.checks.relation.readings import (
    READERS,
    Listed,
    PciAddress,
    json_text,
    nccl_list,
    pci_address,
    pci_pairs,
    ucx_list,
)
from aksrdma.findings import Severity
from aksrdma.kube.templates import PodTemplate
from aksrdma.kube.values import items, text, texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What is known of the container in which a variable is set; by default nothing."""

    nics: int | None = None
    """InfiniBand NICs that it pays for; None where that is not known."""
    gpus: int | None = None
    """GPUs that it takes; None where that is not known."""
    job_gpus: int | None = None
    """GPUs of all pods of its job; None where it is of none, or where that is not known."""
    variables: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The other variables that are set there."""
    interfaces: tuple[str, ...] | None = None
    """Network interfaces of its pod without the loopback; None where they are not known, as in the node's network."""
    ipoib: frozenset[str] = frozenset()
    """Those of the interfaces that are IP over InfiniBand."""
    named: frozenset[str] | None = None
    """All variables that are set there, also those whose value is not known; None where there may be more."""
    folders: tuple[str, ...] | None = None
    """Where something is mounted; None where that is not known."""
    brought: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """By some of the folders, all files that are in them."""
    mpi_only_starts: bool = False
    """Whether NCCL carries its data, so that MPI carries control traffic only."""
    by_nccl: bool = False
    """Whether a program or an image says so, and not a variable alone, which may be left over of another."""
    by_ucx: bool = False
    """Whether UCX carries its data without MPI, as for an inference server."""


ALONE: Final = Surroundings()


def surroundings(
    template: PodTemplate,
    container: Mapping[str, Any],
    variables: Mapping[str, str],
    *,
    nics: int | None = None,
    gpus: int | None = None,
    job_gpus: int | None = None,
    brought: Mapping[str, tuple[str, ...]] | None = None,
    named: frozenset[str] | None = None,
    starters: Sequence[Mapping[str, Any]] = (),
    ipoib: Callable[[NetworkReference], bool] = lambda _: False,
) -> Surroundings:
    """Return what is known of a container of a pod template.

    Args:
        template: the pod template.
        container: the container.
        variables: what its environment holds, as far as it is known.
        nics: InfiniBand NICs that it pays for; None where that is not known.
        gpus: GPUs that it takes; None where that is not known.
        job_gpus: GPUs of all pods of its job; None where it is of none, or where that is not known.
        brought: the files that ConfigMaps mount, by folder.
        named: all variables that are set; None where there may be more.
        starters: containers of other pods that start processes in this one.
        ipoib: whether a network that the pod asks for is IP over InfiniBand.
    """
    added = {one.interface or f"net{at}": one for at, one in enumerate(networks_annotation(template), 1)}
    containers = (container, *starters)
    by_ucx = carries("UCX", containers, variables)
    # In the node's network there are the node's interfaces, and a resource claim may bring others.
    open_ended = template.spec.get("hostNetwork") is True or bool(template.spec.get("resourceClaims"))
    mounts = (text(mount.get("mountPath")).rstrip("/") for _, mount in items(container.get("volumeMounts"), ()))
    return Surroundings(
        nics=nics,
        gpus=gpus,
        job_gpus=job_gpus,
        variables=variables,
        interfaces=None if open_ended else ("eth0", *added),
        ipoib=frozenset(name for name, network in added.items() if ipoib(network)),
        named=named,
        folders=tuple(filter(None, mounts)),
        brought=brought or {},
        mpi_only_starts=not by_ucx and carries("NCCL", containers, variables),
        by_nccl=not by_ucx and carries("NCCL", containers, ()),
        by_ucx=by_ucx,
    )


def carries(library: str, containers: Iterable[Mapping[str, Any]], variables: Collection[str]) -> bool:
    """Say whether containers show that a library moves the data of their GPUs.

    Args:
        library: a name of `catalog/data_carriers.yaml`.
        containers: the containers, whose images and commands may name it.
        variables: names of the variables that are set there.
    """
    row = catalog.data_carriers()[library]
    if any(name.startswith(row.variables) for name in variables):
        return True
    for one in containers:
        said = "\n".join((text(one.get("image")), *texts(one.get("command")), *texts(one.get("args"))))
        for name in row.variables:  # which a command may set, and are no programs
            said = said.replace(name, "")
        if any(word in said.lower() for word in row.words):
            return True
    return False


class Verdict(NamedTuple):
    """What is wrong with a variable."""

    rule: str
    """Id of the rule that is broken."""
    severity: Severity
    """`info` for a choice or a hint, which is no conflict with RDMA."""
    message: str
    """Name, value and what that does, in one line."""
    fix: str
    """The first way out."""
    otherwise: str
    """The second way out: what to do where the value is meant."""
    meant: str | None = None
    """The value that would have been right, where that can be told."""


def judge(name: str, value: str, size: VmSize | None = None, around: Surroundings = ALONE) -> Verdict | None:
    """Say what is wrong with a variable of a container that is to use RDMA, or None.

    Args:
        name: its name.
        value: its value, as the process sees it.
        size: VM size of the node; None where it is not known, which leaves devices and what a size decides unjudged.
        around: the container.
    """
    row = catalog.environment_variables().get(name)
    if row is not None and row.key:
        name, value = f"{row.key} of {name}", json_text(value, row.key) or ""
    if row is None or value == row.default:
        return None
    for effect in row.effects:
        if not _applies(effect, size, around):
            continue
        found = _TESTS[effect.test](_Asked(row, effect, value, size, around))
        if found is None:
            continue
        # Without GPUs on the node no library for GPUs carries the data, whatever the image is called.
        only_starts = around.mpi_only_starts and (size is None or size.gpu is not None)
        if effect.of_mpi and only_starts and around.by_nccl:
            return None
        of_pod = effect.test in _OF_POD or (effect.of_mpi and not only_starts)
        if size is not None and not of_pod and _is_preset(name, value, size):
            return None
        does, meant = found
        severity = effect.severity or catalog.rule(effect.rule).severity
        if _is_choice(effect, size, around):
            severity, does = "info", f"{does}; {effect.choice}"
        elif effect.of_mpi and only_starts:
            severity = "info"
        fix = f"set {name}={_short(meant)}, or {effect.fix}" if meant else effect.fix
        otherwise = _IF_TCP_IS_MEANT if effect.of_mpi and around.by_ucx else effect.otherwise
        return Verdict(effect.rule, severity, f"{name}={_short(value)} {does}", fix, otherwise, meant)
    return None


_IF_TCP_IS_MEANT: Final = Effect(rule="", test="one of").otherwise
"""The second way out where no MPI is there that may only start the job."""


def _applies(effect: Effect, size: VmSize | None, around: Surroundings) -> bool:
    if size is None and effect.of_size:
        return False
    if effect.several_gpus and around.gpus is not None and around.gpus < 2:
        return False
    beside = all(around.variables.get(name) == value for name, value in effect.beside.items())
    return beside and effect.unless_variable not in around.variables


_OF_POD: Final = frozenset(
    {"alone", "infiniband interface", "ipoib interface", "missing interface", "no interface", "no file", "not brought"}
)
"""Tests that a value of a preset can fail, as they ask for something of the pod."""


def _is_preset(name: str, value: str, size: VmSize) -> bool:
    """Whether a preset of the size has this value: what the catalog recommends is never wrong."""
    return any(
        variable.name == name and variable.value == value
        for preset in catalog.presets(size.name)
        for variable in preset.variables
    )


def _is_choice(effect: Effect, size: VmSize | None, around: Surroundings) -> bool:
    if size is None or size.preset_family not in effect.choice_of:
        return False
    domain = size.nvlink_domain_nodes
    if domain and size.gpu and (around.job_gpus or 0) > domain * size.gpu.count:
        return False
    return all(around.variables.get(name) != value for name, value in effect.unless.items())


_SHOWN: Final = 80
"""Characters of a value that a message shows."""


def _short(value: str) -> str:
    if not value or value != value.strip():
        return repr(value)
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}..."


class _Asked(NamedTuple):
    row: EnvironmentVariable
    effect: Effect
    value: str
    size: VmSize | None
    around: Surroundings

    @property
    def read(self) -> str | None:
        """The value as the library has it after reading it; None where it keeps its default."""
        return READERS[self.row.read](self.value)


# What breaks a rule.

_Found = tuple[str, str | None]
"""What the value does, and the value that would have been right."""


def _one_of(asked: _Asked) -> _Found | None:
    return (asked.effect.does, None) if asked.read in asked.effect.values else None


def _none_of(asked: _Asked) -> _Found | None:
    read = asked.read
    return (asked.effect.does, None) if read is not None and read not in asked.effect.values else None


def _components(asked: _Asked) -> Listed | None:
    if asked.row.read == "transports":
        listed = ucx_list(asked.value)
        return listed and listed._replace(names=tuple(_transports(listed.names)))
    value = asked.value if asked.row.read == "components" else asked.value.lower()
    negated = value.startswith("^")
    names = tuple(one.strip() for one in value.removeprefix("^").split(",") if one.strip())
    return Listed(names, negated) if names else None


def _transports(names: Collection[str]) -> Iterator[str]:
    r"""Yield the transports that names of UCX stand for; `\rc` is no alias, and `ud:aux` only wires up."""
    aliases = catalog.transport_aliases()
    for name in names:
        if name.startswith("\\"):
            yield name[1:]
        elif ":" not in name:
            yield from aliases.get(name, (name,))


def _keeps_none_of(asked: _Asked) -> _Found | None:
    listed = _components(asked)
    if listed is None or any(map(listed.takes, asked.effect.values)):
        return None
    return asked.effect.does, None


def _leaves_out(asked: _Asked) -> _Found | None:
    listed = _components(asked)
    out = listed is not None and listed.negated and not set(listed.names).isdisjoint(asked.effect.values)
    return (asked.effect.does, None) if out else None


def _read_devices(asked: _Asked) -> Listed | None:
    if asked.row.read == "nccl devices":
        return nccl_list(asked.value)
    if asked.row.read == "device names":
        # Other forms, a mapping in JSON or a file with one, are not looked into.
        names = tuple(filter(None, asked.value.removeprefix("^").split(",")))
        plain = names and not asked.value.startswith(("{", "/"))
        return Listed(names, asked.value.startswith("^")) if plain else None
    return ucx_list(asked.value, ranges=True)


_PORT: Final = 1
"""The one port of each InfiniBand function on Azure."""


def _no_device(asked: _Asked) -> _Found | None:
    listed, size = _read_devices(asked), asked.size
    names = possible_devices(size)
    if listed is None or (names and any(listed.takes(name, _PORT) for name in names)):
        return None
    if listed.negated:
        return (f"leaves out every RDMA device of {size.name}", None) if names and size else None
    renamed = size.infiniband.hpc_image_rdma_devices or () if size else ()
    if listed.names and all(one.startswith(asked.effect.values) for one in listed.names):
        has = f" ({_span(names[: size.infiniband.nic_count])})" if names and size else ""
        does = f"has device names of Azure's HPC images, and AKS nodes keep those of the kernel{has}"
        kernel = dict(zip(renamed, names or (), strict=False))
        mended = [kernel.get(one.partition(":")[0]) for one in listed.names]
        if None in mended:
            return does, None
        parts = (f"{name}{one[len(one.partition(':')[0]) :]}" for name, one in zip(mended, listed.names, strict=True))
        return does, f"{'=' if asked.value.startswith('=') else ''}{','.join(parts)}"
    if not names or size is None:
        return None
    return f"names no RDMA device of {size.name}, which has {_span(names[: size.infiniband.nic_count])}", None


def possible_devices(size: VmSize | None) -> tuple[str, ...] | None:
    """Return the names that InfiniBand devices of a size may have on AKS nodes, or None where they are not known.

    With accelerated networking they are one more than there are NICs: where the Ethernet function comes first, the numbers
    shift.
    """
    known = size.infiniband.rdma_devices if size is not None else None
    if size is None or not known:
        return None
    shifted = known[-1].rstrip("0123456789") + str(len(known))
    return known if size.accelerated_networking is False else (*known, shifted)


def _span(names: Collection[str]) -> str:
    first, *_, last = (*names, *names)
    return first if len(names) == 1 else f"{first} to {last}"


def _fewer_devices(asked: _Asked) -> _Found | None:
    listed, names, wanted = _read_devices(asked), possible_devices(asked.size), asked.around.nics
    if listed is None or not names or asked.size is None or wanted is None:
        return None
    there = asked.size.infiniband.nic_count
    most, wanted = min(sum(listed.takes(name, _PORT) for name in names), there), min(wanted, there)
    if not 0 < most < wanted:
        return None
    what = "1 NIC" if most == 1 else f"{most} NICs"
    return f"lets {asked.row.library} use {what} of the {wanted} that the container takes", None


def _no_interface(asked: _Asked) -> _Found | None:
    there = asked.around.interfaces
    if there is None:
        return None
    if asked.row.read == "interface names":
        listed = Listed(tuple(filter(None, asked.value.split(","))), negated=False)
        if any("/" in one for one in listed.names):  # Open MPI takes ranges of addresses, too
            return None
    else:
        if len(asked.value) < 2:  # NCCL does not look at a name of one letter
            return None
        listed = nccl_list(asked.value)
    if not listed.names or any(map(listed.takes, (*there, "lo") if not listed.negated else there)):
        return None
    what = "leaves out" if listed.negated else "is none of"
    return f"{what} the interfaces of the pod ({', '.join(there)})", there[0] if there else None


def _missing_interface(asked: _Asked) -> _Found | None:
    """Find a whole name that no interface has, among which the library opens every one."""
    there, names = asked.around.interfaces, list(filter(None, asked.value.split(",")))
    if there is None or any("/" in one for one in names):  # Open MPI takes ranges of addresses, too
        return None
    missing = next((one for one in names if one not in (*there, "lo")), None)
    if missing is None:
        return None
    rest = [one for one in names if one in there] or [there[0]]
    which = "is" if len(names) == 1 else f"names {missing}, which is"
    return f"{which} none of the interfaces of the pod ({', '.join(there)})", ",".join(rest)


def _ipoib_interface(asked: _Asked) -> _Found | None:
    there, ipoib = asked.around.interfaces, asked.around.ipoib
    if not ipoib or there is None:
        return None
    listed = nccl_list(asked.value)
    used = {one for one in there if listed.takes(one)}
    return (asked.effect.does, None) if used and used <= ipoib else None


def _infiniband_interface(asked: _Asked) -> _Found | None:
    if asked.around.interfaces is not None or asked.around == ALONE:
        return None
    listed = nccl_list(asked.value)
    of_infiniband = listed.names and all(one.startswith(asked.effect.values) for one in listed.names)
    return (asked.effect.does, None) if of_infiniband and not listed.negated else None


def _other_topology(asked: _Asked) -> _Found | None:
    """Find a file that is named as that of another family of sizes: `ndv4-topo.xml`, `/opt/microsoft/ndv4/topo.xml`."""
    size = asked.size
    if size is None:
        return None
    named = {part.partition("-")[0].lower() for part in asked.value.split("/")}
    for family in map(catalog.topology, catalog.topologies()):
        if family.file and family.name in named and family.file != size.nccl_topology_file:
            own = f"that of {size.name} is {size.nccl_topology_file}" if size.nccl_topology_file else "it has none"
            return f"is the file of other sizes than {size.name}: {own}", None
    return None


def _not_brought(asked: _Asked) -> _Found | None:
    """Find a file below a folder whose files are known, among which it is not."""
    path = asked.value
    for folder, there in asked.around.brought.items():
        if path.startswith(f"{folder}/") and not any(path == one or path.startswith(f"{one}/") for one in there):
            return f"is not among the files that are mounted there ({', '.join(there[:_LISTED]) or 'none'})", None
    return None


_LISTED: Final = 3
"""Files that a message names at most."""


def _no_file(asked: _Asked) -> _Found | None:
    folders, path = asked.around.folders, asked.value
    if folders is None or not path.startswith("/"):
        return None
    parents = {str(parent) for parent in (PurePosixPath(path), *PurePosixPath(path).parents)} - {"/"}
    if not parents.isdisjoint(folders):
        return None
    if asked.effect.values and not path.startswith(asked.effect.values):
        return None
    return asked.effect.does, None


def _alone(asked: _Asked) -> _Found | None:
    named = asked.around.named
    missing = named is not None and asked.value.strip() and any(one not in named for one in asked.effect.values)
    return (asked.effect.does, None) if missing else None


def _wrong_addresses(asked: _Asked) -> _Found | None:
    """Find a mapping with what is no pair of PCI addresses, with a NIC that the size has not, or without a GPU of it."""
    pairs = pci_pairs(asked.value)
    if isinstance(pairs, str):
        return f"has {_short(pairs)}, which is no GPU=NIC of PCI addresses", None
    size = asked.size
    there = topology_pairs(size) if size is not None else {}
    if size is None or not there or not pairs:
        return None
    strange = next((one for one in pairs.values() if one not in there.values()), None)
    if strange is not None:
        return f"names a NIC {_pci(strange)}, which {size.name} does not have", None
    left = [gpu for gpu in there if gpu not in pairs] if asked.around.gpus == len(there) else []
    if not left:
        return None
    meant = ",".join(f"{_pci(gpu)}={_pci(pairs.get(gpu, nic))}" for gpu, nic in there.items())
    return f"leaves out GPU {_pci(left[0])} of {size.name}", meant


def topology_pairs(size: VmSize) -> dict[PciAddress, PciAddress]:
    """Return the NICs of a size by the GPU beside which each stands; empty where that is not known."""
    family = next((one for one in map(catalog.topology, catalog.topologies()) if size.name in one.vm_sizes), None)
    found = ((pci_address(one.gpu), pci_address(one.nic)) for one in (family and family.pairs) or ())
    return {gpu: nic for gpu, nic in found if gpu and nic}


def _pci(address: PciAddress) -> str:
    domain, bus, device, function = address
    return f"{domain:04x}:{bus:02x}:{device:02x}.{function:x}"


_TESTS: Final[Mapping[str, Callable[[_Asked], _Found | None]]] = {
    "one of": _one_of,
    "none of": _none_of,
    "keeps none of": _keeps_none_of,
    "leaves out": _leaves_out,
    "no device": _no_device,
    "fewer devices": _fewer_devices,
    "no interface": _no_interface,
    "missing interface": _missing_interface,
    "infiniband interface": _infiniband_interface,
    "ipoib interface": _ipoib_interface,
    "no file": _no_file,
    "not brought": _not_brought,
    "other topology": _other_topology,
    "alone": _alone,
    "wrong addresses": _wrong_addresses,
}
