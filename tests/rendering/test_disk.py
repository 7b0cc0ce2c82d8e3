import os
import re
import stat

import pytest

from aksrdma.errors import OutputError
from aksrdma.rendering import disk
from aksrdma.rendering.disk import stale, write
from aksrdma.rendering.tree import MARK

A = f"# {MARK}: a\na: 1\n"
B = f"# {MARK}: b\nb: 1\n"
TREE = {"INSTALL.md": f"<!-- {MARK} -->\n", "namespace/a.yaml": A, "values/x/b.yaml": B}


def files(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_tree_is_written_and_then_fresh(tmp_path):
    done = write(TREE, tmp_path / "out")

    assert files(tmp_path / "out") == set(TREE)
    assert done.written == tuple(TREE)
    assert stale(TREE, tmp_path / "out") == []


def test_a_second_write_touches_nothing(tmp_path):
    write(TREE, tmp_path)
    before = {path: (tmp_path / path).stat().st_mtime_ns for path in TREE}

    assert write(TREE, tmp_path).written == ()
    assert {path: (tmp_path / path).stat().st_mtime_ns for path in TREE} == before


def test_stale_says_what_is_missing_changed_and_left_over(tmp_path):
    write(TREE | {"namespace/old.yaml": A}, tmp_path)
    (tmp_path / "namespace/a.yaml").write_text(f"# {MARK}: a\na: 2\n")
    (tmp_path / "values/x/b.yaml").unlink()

    found = {one.path: one for one in stale(TREE, tmp_path)}

    assert {path: one.kind for path, one in found.items()} == {
        "namespace/a.yaml": "changed",
        "values/x/b.yaml": "missing",
        "namespace/old.yaml": "left-over",
    }
    assert "-a: 2\n+a: 1\n" in found["namespace/a.yaml"].diff()


def test_left_over_files_are_reported_and_removed_only_with_prune(tmp_path):
    write(TREE | {"examples/old/x.yaml": A}, tmp_path)

    assert write(TREE, tmp_path).left_over == ("examples/old/x.yaml",)
    assert write(TREE, tmp_path, prune=True).removed == ("examples/old/x.yaml",)
    assert not (tmp_path / "examples").exists()


def test_files_that_aksrdma_did_not_write_stay(tmp_path):
    write(TREE, tmp_path)
    mine = {"examples/mine.yaml": "mine: 1\n", "notes.md": "mine", "other/a.yaml": A}
    for path, text in mine.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)

    done = write({"INSTALL.md": TREE["INSTALL.md"]}, tmp_path, prune=True)

    assert set(done.removed) == {"namespace/a.yaml", "values/x/b.yaml"}
    assert {path: (tmp_path / path).read_text() for path in mine} == mine


def test_a_file_of_somebody_else_is_not_overwritten(tmp_path):
    (tmp_path / "namespace").mkdir()
    (tmp_path / "namespace/a.yaml").write_text("mine: 1\n")

    with pytest.raises(OutputError, match=r"namespace/a\.yaml would be overwritten, but aksrdma did not write it"):
        write(TREE, tmp_path)

    assert files(tmp_path) == {"namespace/a.yaml"}


@pytest.mark.parametrize("path", ["../a.yaml", "/etc/a.yaml", "a/../../b.yaml", ""])
def test_a_path_never_leaves_the_folder(path, tmp_path):
    with pytest.raises(OutputError, match=rf"^{re.escape(path)}: leads out of the output folder"):
        write({path: A}, tmp_path / "out")

    assert list(tmp_path.rglob("*.yaml")) == []


def test_a_link_never_leads_out_of_the_folder(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/namespace").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OutputError, match="a link leads out of the output folder"):
        write(TREE, tmp_path / "out")

    assert files(tmp_path / "elsewhere") == set()


def test_a_linked_file_is_not_followed(tmp_path):
    (tmp_path / "target.yaml").write_text(A)
    (tmp_path / "out/namespace").mkdir(parents=True)
    (tmp_path / "out/namespace/a.yaml").symlink_to(tmp_path / "target.yaml")

    with pytest.raises(OutputError, match="did not write it"):
        write({"namespace/a.yaml": B}, tmp_path / "out")

    assert (tmp_path / "target.yaml").read_text() == A


def test_a_full_disk_leaves_each_file_old_or_new_and_says_which(tmp_path, monkeypatch):
    old = {path: text.replace("1", "0") for path, text in TREE.items()}
    write(old, tmp_path)
    real, calls = os.fsync, []

    def full(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(disk.os, "fsync", full)
    changed = {path: text for path, text in TREE.items() if text != old[path]}

    with pytest.raises(OutputError) as caught:
        write(TREE, tmp_path)

    first, second = changed
    assert f"{second}: cannot be written: No space left on device. written: {first}; as before: {second}" in str(
        caught.value
    )
    assert (tmp_path / first).read_text() == TREE[first]
    assert (tmp_path / second).read_text() == old[second]
    assert files(tmp_path) == set(TREE)  # and no temporary file


def test_an_interrupt_leaves_no_temporary_file(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(disk.os, "fsync", interrupt)

    with pytest.raises(KeyboardInterrupt):
        write(TREE, tmp_path)

    assert files(tmp_path) == set()


def test_a_file_in_place_of_the_folder_is_an_error(tmp_path):
    (tmp_path / "out").write_text("x")

    with pytest.raises(OutputError, match="out"):
        write(TREE, tmp_path / "out")


def test_the_mode_of_a_file_is_kept_and_a_new_one_follows_the_umask(tmp_path):
    write({"namespace/a.yaml": A}, tmp_path)
    file = tmp_path / "namespace/a.yaml"
    umask = os.umask(0)
    os.umask(umask)

    assert stat.S_IMODE(file.stat().st_mode) == 0o666 & ~umask

    file.chmod(0o600)
    write({"namespace/a.yaml": A + "b: 2\n"}, tmp_path)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
