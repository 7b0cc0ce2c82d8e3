"""The environment of a container as far as its manifest says: `env`, ConfigMaps, and what its command and scripts set."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from aksrdma.findings import FieldPath
from aksrdma.kube.shell import Word, commands
from aksrdma.kube.values import items, mapping, sequence, step, text

ConfigMaps: TypeAlias = Callable[[str], Mapping[str, Any] | None]
"""The data of a ConfigMap in the namespace of the pod, by name; None where it is not known."""


class File(NamedTuple):
    """A file of a ConfigMap, as a container sees it."""

    text: str
    config_map: str
    key: str


Files: TypeAlias = Mapping[str, File]
"""Files that ConfigMaps bring into a container, by their paths in it."""


class Setting(NamedTuple):
    """A variable of a container."""

    name: str
    value: str | None
    """None where the manifest does not tell it."""
    path: FieldPath
    """Where the pod says it, below the path of its container."""
    config_map: str = ""
    """The ConfigMap that has the value; empty where the pod itself says it."""
    key: str = ""
    """Key of the ConfigMap."""
    of_ranks: bool = False
    """Whether it is for the processes that mpirun starts, on whichever pods they run."""


def settings(
    container: Mapping[str, Any],
    path: FieldPath,
    config_maps: ConfigMaps,
    flags: Collection[str] = (),
    files: Files | None = None,
) -> Iterator[Setting]:
    """Yield the variables that a container sets, in the order in which the later ones win.

    Args:
        container: the container.
        path: where it stands.
        config_maps: reads a ConfigMap.
        flags: options of programs that are yielded as variables, too: `--flag value` and `--flag=value`.
        files: what ConfigMaps mount, of which scripts and `/etc/nccl.conf` are read.
    """
    files = files or {}
    if _NCCL_CONF in files:  # which the environment overrules
        conf = files[_NCCL_CONF]
        place = (*path, "volumeMounts")
        lines = (line.strip().partition("=") for line in conf.text.splitlines())
        yield from (
            Setting(name, value, place, conf.config_map, conf.key) for name, _, value in lines if _is_name(name)
        )
    known: dict[str, str | None] = {}
    all_known = True
    for at, source in items(container.get("envFrom"), (*path, "envFrom")):
        name = text(step(source, ("configMapRef", "name")))
        prefix = text(source.get("prefix"))
        data = config_maps(name) if name else None
        all_known = all_known and data is not None
        for key, value in (data or {}).items():
            if isinstance(key, str):
                known[prefix + key] = value if isinstance(value, str) else None
                yield Setting(prefix + key, known[prefix + key], at, name, key)
    for at, variable in items(container.get("env"), (*path, "env")):
        variable_name = variable.get("name")
        if not isinstance(variable_name, str):
            continue
        if "valueFrom" not in variable:
            known[variable_name] = expanded(variable.get("value", ""), known)
            yield Setting(variable_name, known[variable_name], (*at, "value"))
            continue
        reference = mapping(step(variable, ("valueFrom", "configMapKeyRef")))
        name, key = text(reference.get("name")), text(reference.get("key"))
        data = config_maps(name) if name else None
        found = data.get(key) if data is not None else None
        known[variable_name] = found if isinstance(found, str) else None
        yield Setting(variable_name, known[variable_name], at, name if found is not None else "", key)
    argv = [
        ((*path, key, index), expanded(word, known), word)
        for key in ("command", "args")
        for index, word in enumerate(sequence(container.get(key)))
        if isinstance(word, str)
    ]
    words = [Word(word if value is None else value, value is not None) for _, value, word in argv]
    yield from _Command(flags, files, known, all_known=all_known).run([place for place, _, _ in argv], words)
    for name, keys in _IN_FILES.items():
        file = files.get(known.get(name) or "")
        if file is not None:
            given = _object(file.text)
            found = ((variable, given.get(key)) for key, variable in keys.items())
            place = (*path, "volumeMounts")
            yield from (
                Setting(variable, value, place, file.config_map, file.key)
                for variable, value in found
                if isinstance(value, str)
            )


def said(container: Mapping[str, Any]) -> str:
    """Return the text in which each variable is named that a container sets itself: looking there is cheap."""
    names = (text(one.get("name")) for _, one in items(container.get("env"), ()))
    words = (word for key in ("command", "args") for word in sequence(container.get(key)) if isinstance(word, str))
    return "\n".join((*names, *words))


_NCCL_CONF: Final = "/etc/nccl.conf"
"""Read by NCCL where a variable is not set: src/misc/param.cc of NVIDIA/nccl v2.30.7-1."""
_IN_FILES: Final[Mapping[str, Mapping[str, str]]] = {
    "MOONCAKE_CONFIG_PATH": {"protocol": "MOONCAKE_PROTOCOL", "device_name": "MOONCAKE_DEVICE"}
}
"""By a variable that names a file of JSON: the variables for which its keys stand, which are not read beside it.

mooncake-wheel/mooncake/mooncake_config.py of kvcache-ai/Mooncake v0.3.12.post1.
"""


def _object(text: str) -> Mapping[str, Any]:
    try:
        return mapping(json.loads(text)) if len(text) <= _LONGEST else {}
    except (ValueError, RecursionError):
        return {}


_REFERENCE: Final = re.compile(r"\$(?:\$|\(([^()\s]+)\))")
_LONGEST: Final = 4096
"""Letters of a value that takes in others; one that takes in two such, and so on, would grow without end."""


def expanded(value: Any, known: Mapping[str, str | None]) -> str | None:
    """Return a value with what Kubernetes puts in for `$(NAME)`, or None where that cannot be told.

    Args:
        value: a value of `env`, or a word of a command.
        known: the variables so far; None is a value that is not known.
    """
    if not isinstance(value, str):
        return None
    if "$(" not in value or len(value) > _LONGEST:
        return value if "$(" not in value else None
    names = {match[1] for match in _REFERENCE.finditer(value) if match[1]}
    if any(known.get(name) is None for name in names) or not names:
        return None
    found = _REFERENCE.sub(lambda match: known[match[1]] or "" if match[1] else "$", value)
    return found if len(found) <= _LONGEST else None


_SHELLS: Final = frozenset({"ash", "bash", "dash", "sh", "zsh"})
_STARTERS: Final = frozenset({"mpiexec", "mpiexec.hydra", "mpirun", "mpirun.openmpi", "orterun", "prterun"})
_SAYS: Final = frozenset({"echo", "kubectl", "printf", "ssh"})
"""Programs that only tell, or run elsewhere, what other programs would run: `timeout 9 mpirun` starts mpirun."""
_WRAPPERS: Final = frozenset({"exec", "nohup", "sudo", "time"})
_SETS_ONE: Final = frozenset({"--env", "--x", "-env", "-genv", "-x"})
"""Options of mpirun and mpiexec with NAME=VALUE, with NAME and VALUE, or with the NAME of a variable to hand on."""
_SETS_MCA: Final = frozenset({"--gmca", "--mca", "-gmca", "-mca"})
_MCA: Final = "OMPI_MCA_"
_TAKES_ONE: Final = frozenset({"--chdir", "--unset", "-C", "-u"})
"""Options of env with a value."""
_DEPTH: Final = 4
"""Scripts within scripts that are followed."""


class _Command:
    def __init__(
        self, flags: Collection[str], files: Files, known: Mapping[str, str | None], *, all_known: bool
    ) -> None:
        self._flags = flags
        self._files = files
        self._variables = dict(known)
        """Variables of the shell."""
        self._exported = set(known)
        self._exports_all = False
        self._all_known = all_known
        """Whether a variable that is not known is not set: nothing unknown is taken in."""

    def run(
        self, places: Sequence[FieldPath], words: Sequence[Word], depth: int = 0, *, ranks: bool = False
    ) -> Iterator[Setting]:
        """Yield what a command sets.

        Args:
            places: where each word stands.
            words: the command.
            depth: in how many scripts it stands.
            ranks: whether mpirun starts it.
        """
        index, count = 0, len(words)
        while index < count:
            name, equals, value = words[index].text.partition("=")
            if words[index].text in _WRAPPERS:
                index += 1
            elif equals and _is_name(name):
                yield Setting(name, value if words[index].certain else None, places[index], of_ranks=ranks)
                index += 1
            else:
                break
        if index == count:
            return
        program = words[index].text.rpartition("/")[2]
        # Without a command, options are those of the program of the image.
        rest = range(index if words[index].text.startswith("-") else index + 1, count)
        if program in ("export", "declare", "typeset"):
            yield from self._exported_by(places, words, rest, ranks=ranks)
        elif program == "unset":
            for at in rest:
                self._variables.pop(words[at].text, None)
                yield Setting(words[at].text, None, places[at], of_ranks=ranks)
        elif program == "set":
            said = " ".join(words[at].text for at in rest)
            if "-a" in said.split() or "-o allexport" in said:
                self._exports_all = True
            elif "+a" in said.split() or "+o allexport" in said:
                self._exports_all = False
        elif program == "env":
            options = index + 1
            while options < count and words[options].text.startswith("-"):
                options += 2 if words[options].text in _TAKES_ONE else 1
            yield from self.run(places[options:], words[options:], depth, ranks=ranks)
        elif program in _SHELLS:
            yield from self._script(places, words, rest, depth, ranks=ranks)
        elif program in ("source", ".") and index + 1 < count:
            yield from self._file(words[index + 1], places[index + 1], depth, ranks=ranks)
        elif words[index].text in self._files:
            yield from self._file(words[index], places[index], depth, ranks=ranks)
        elif program not in _SAYS:
            starts = program in _STARTERS
            yield from self._options(places, words, rest, depth, starts=starts, ranks=ranks or starts)

    def _exported_by(
        self, places: Sequence[FieldPath], words: Sequence[Word], rest: range, *, ranks: bool
    ) -> Iterator[Setting]:
        for at in rest:
            name, equals, value = words[at].text.partition("=")
            if not _is_name(name):
                continue
            if equals:
                self._variables[name] = value if words[at].certain else None
            if equals or name in self._variables:
                self._exported.add(name)
                yield Setting(name, self._variables[name], places[at], of_ranks=ranks)

    def _script(
        self, places: Sequence[FieldPath], words: Sequence[Word], rest: range, depth: int, *, ranks: bool
    ) -> Iterator[Setting]:
        """Follow `sh -c SCRIPT` and `sh FILE`."""
        for at in rest:
            word = words[at]
            if not word.text.startswith("-"):
                yield from self._file(word, places[at], depth, ranks=ranks)
                return
            if word.text.endswith("c") and not word.text.startswith("--") and at + 1 < len(words):
                yield from self._lines(words[at + 1].text, places[at + 1], depth, ranks=ranks)
                return

    def _file(self, name: Word, place: FieldPath, depth: int, *, ranks: bool) -> Iterator[Setting]:
        """Follow a script that a ConfigMap brings."""
        file = self._files.get(name.text)
        if file is not None and name.certain:
            for one in self._lines(file.text, place, depth, ranks=ranks):
                yield one if one.config_map else one._replace(config_map=file.config_map, key=file.key)

    def _lines(self, script: str, place: FieldPath, depth: int, *, ranks: bool) -> Iterator[Setting]:
        if depth >= _DEPTH:
            return
        for command in commands(script):
            known = self._variables
            words = [one for word in command for one in word.expanded(known, all_known=self._all_known)]
            pairs = [(*word.text.partition("="), word.certain) for word in words]
            if all(equals and _is_name(name) for name, equals, _, _ in pairs):  # of the shell, and stay
                for name, _, value, certain in pairs:
                    known[name] = value if certain else None
                    if self._exports_all or name in self._exported:
                        yield Setting(name, known[name], place, of_ranks=ranks)
            else:
                yield from self.run([place] * len(words), words, depth + 1, ranks=ranks)

    def _options(
        self, places: Sequence[FieldPath], words: Sequence[Word], rest: range, depth: int, *, starts: bool, ranks: bool
    ) -> Iterator[Setting]:
        """Yield what the options of a program set; mpirun's name variables, and programs start others."""
        for at in rest:
            word, following = words[at].text, words[at + 1] if at + 1 < len(words) else Word("", certain=False)
            after = words[at + 2] if at + 2 < len(words) else Word("", certain=False)
            program = word.rpartition("/")[2]
            if starts and word in _SETS_ONE:
                name, equals, value = following.text.partition("=")
                if equals:
                    yield Setting(name, value if following.certain else None, places[at], of_ranks=True)
                elif word in ("-env", "-genv"):
                    yield Setting(name, after.text if after.certain else None, places[at], of_ranks=True)
                elif name in self._exported:
                    yield Setting(name, self._variables.get(name), places[at], of_ranks=True)
            elif starts and word in _SETS_MCA:
                yield Setting(_MCA + following.text, after.text if after.certain else None, places[at], of_ranks=True)
            elif program in _SHELLS | {"env"} or (program in _STARTERS and not starts):
                yield from self.run(places[at:], words[at:], depth, ranks=ranks)
                return
            elif word.partition("=")[0] in self._flags:
                name, equals, value = word.partition("=")
                known = words[at] if equals else following
                yield Setting(
                    name, (value if equals else known.text) if known.certain else None, places[at], of_ranks=ranks
                )


def _is_name(name: str) -> bool:
    return name.isidentifier() and name.isascii()
