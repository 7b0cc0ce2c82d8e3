"""The environment of a container as far as its manifest says: `env`, ConfigMaps, and what its command sets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from aksrdma.findings import FieldPath
from aksrdma.kube.shell import Word, commands
from aksrdma.kube.values import items, mapping, sequence, step, text

ConfigMaps: TypeAlias = Callable[[str], Mapping[str, Any] | None]
"""The data of a ConfigMap in the namespace of the pod, by name; None where it is not known."""


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
    container: Mapping[str, Any], path: FieldPath, config_maps: ConfigMaps, flags: Collection[str] = ()
) -> Iterator[Setting]:
    """Yield the variables that a container sets, in the order in which the later ones win.

    Args:
        container: the container.
        path: where it stands.
        config_maps: reads a ConfigMap.
        flags: options of programs that are yielded as variables, too: `--flag value` and `--flag=value`.
    """
    for at, source in items(container.get("envFrom"), (*path, "envFrom")):
        name = text(step(source, ("configMapRef", "name")))
        prefix = text(source.get("prefix"))
        for key, value in (config_maps(name) or {}).items() if name else ():
            if isinstance(key, str):
                yield Setting(prefix + key, _plain(value), at, name, key)
    for at, variable in items(container.get("env"), (*path, "env")):
        variable_name = variable.get("name")
        if not isinstance(variable_name, str):
            continue
        if "valueFrom" not in variable:
            yield Setting(variable_name, _plain(variable.get("value", "")), (*at, "value"))
            continue
        reference = mapping(step(variable, ("valueFrom", "configMapKeyRef")))
        name, key = text(reference.get("name")), text(reference.get("key"))
        data = config_maps(name) if name else None
        found = data.get(key) if data is not None else None
        yield Setting(variable_name, _plain(found), at, name if found is not None else "", key)
    argv = [
        ((*path, key, index), Word(word, "$(" not in word))
        for key in ("command", "args")
        for index, word in enumerate(sequence(container.get(key)))
        if isinstance(word, str)
    ]
    yield from _Command(flags).run([place for place, _ in argv], [word for _, word in argv])


def _plain(value: Any) -> str | None:
    """Return a value that stays as it is; `$(NAME)` takes in another variable."""
    return value if isinstance(value, str) and "$(" not in value else None


_SHELLS: Final = frozenset({"ash", "bash", "dash", "sh", "zsh"})
_STARTERS: Final = frozenset({"mpiexec", "mpiexec.hydra", "mpirun", "mpirun.openmpi", "orterun", "prterun"})
_WRAPPERS: Final = frozenset({"exec", "nohup", "sudo", "time"})
_SETS_ONE: Final = frozenset({"--env", "--x", "-env", "-genv", "-x"})
"""Options of mpirun and mpiexec with NAME=VALUE, or with NAME and VALUE."""
_SETS_MCA: Final = frozenset({"--gmca", "--mca", "-gmca", "-mca"})
_MCA: Final = "OMPI_MCA_"
_DEPTH: Final = 4
"""Scripts within scripts that are followed."""


class _Command:
    def __init__(self, flags: Collection[str]) -> None:
        self._flags = flags
        self._shell: dict[str, str | None] = {}
        """Variables of the shell that are not exported."""

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
        rest = range(index + 1, count)
        if program in ("export", "declare", "typeset"):
            yield from self._exported(places, words, rest, ranks=ranks)
        elif program == "unset":
            yield from (Setting(words[at].text, None, places[at], of_ranks=ranks) for at in rest)
        elif program == "env":
            options = next((at for at in rest if not words[at].text.startswith("-")), count)
            yield from self.run(places[options:], words[options:], depth, ranks=ranks)
        elif program in _SHELLS:
            yield from self._script(places, words, rest, depth, ranks=ranks)
        else:
            starts = program in _STARTERS
            yield from self._options(places, words, rest, depth, starts=starts, ranks=ranks or starts)

    def _exported(
        self, places: Sequence[FieldPath], words: Sequence[Word], rest: range, *, ranks: bool
    ) -> Iterator[Setting]:
        for at in rest:
            name, equals, value = words[at].text.partition("=")
            if not _is_name(name):
                continue
            if equals:
                yield Setting(name, value if words[at].certain else None, places[at], of_ranks=ranks)
            elif name in self._shell:
                yield Setting(name, self._shell[name], places[at], of_ranks=ranks)

    def _script(
        self, places: Sequence[FieldPath], words: Sequence[Word], rest: range, depth: int, *, ranks: bool
    ) -> Iterator[Setting]:
        """Follow `sh -c SCRIPT`."""
        flag = next((at for at in rest if words[at].text.startswith("-") and words[at].text.endswith("c")), None)
        if flag is None or flag + 1 >= len(words) or depth >= _DEPTH:
            return
        place = places[flag + 1]
        for command in commands(words[flag + 1].text):
            sets_only = all(_is_name(word.text.partition("=")[0]) and "=" in word.text for word in command)
            if sets_only:  # of the shell, until they are exported
                pairs = ((word.text.partition("="), word.certain) for word in command)
                self._shell.update({name: value if certain else None for (name, _, value), certain in pairs})
            else:
                yield from self.run([place] * len(command), command, depth + 1, ranks=ranks)

    def _options(
        self, places: Sequence[FieldPath], words: Sequence[Word], rest: range, depth: int, *, starts: bool, ranks: bool
    ) -> Iterator[Setting]:
        """Yield what the options of a program set; mpirun's name variables, and it starts another program."""
        for at in rest:
            word, following = words[at].text, words[at + 1] if at + 1 < len(words) else Word("", certain=False)
            after = words[at + 2] if at + 2 < len(words) else Word("", certain=False)
            if starts and word in _SETS_ONE:
                name, equals, value = following.text.partition("=")
                if equals:
                    yield Setting(name, value if following.certain else None, places[at], of_ranks=True)
                elif word in ("-env", "-genv"):
                    yield Setting(name, after.text if after.certain else None, places[at], of_ranks=True)
            elif starts and word in _SETS_MCA:
                yield Setting(_MCA + following.text, after.text if after.certain else None, places[at], of_ranks=True)
            elif starts and word.rpartition("/")[2] in _SHELLS | {"env"}:
                yield from self.run(places[at:], words[at:], depth, ranks=True)
                return
            elif word.partition("=")[0] in self._flags:
                name, equals, value = word.partition("=")
                known = words[at] if equals else following
                yield Setting(
                    name, (value if equals else known.text) if known.certain else None, places[at], of_ranks=ranks
                )


def _is_name(name: str) -> bool:
    return name.isidentifier() and name.isascii()
