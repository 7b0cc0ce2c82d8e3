"""CONTRIBUTING.md names the rooms and places that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_room_of_the_house_is_in_the_table():
    rooms = {path.name for path in (ROOT / "aksrdma").iterdir() if (path / "__init__.py").exists()}

    assert {room for room in rooms if f"`{room}/`" not in TEXT} == set()


def test_every_file_that_is_named_is_there():
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.(?:py|yaml|json))`", TEXT)

    assert named
    assert [name for name in named if not (ROOT / "aksrdma" / name).exists() and not (ROOT / name).exists()] == []


def test_every_folder_that_is_named_is_there():
    named = {name for name in re.findall(r"`((?:[a-z_]+/)+)`", TEXT) if name not in ("judge/", "make/")}

    assert [name for name in named if not (ROOT / "aksrdma" / name).is_dir()] == []
