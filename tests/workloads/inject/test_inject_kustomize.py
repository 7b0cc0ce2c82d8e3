"""The patch: what kustomize makes of it is what inject prints."""

import subprocess

import pytest

from aksrdma.documents import read
from aksrdma.errors import UsageError
from aksrdma.workloads.inject import component, inject_files
from tests.workloads.inject.inject_props import EXAMPLES, NAMES, injection


def built(kustomize, folder, files):
    """Return the objects that kustomize builds from a folder with `files` as its base and the component beside it."""
    (folder / "rdma").mkdir()
    (folder / "base.yaml").write_bytes(files[0][1])
    (folder / "rdma/kustomization.yaml").write_text(component(inject_files(files, injection(pool="ndh100"))))
    (folder / "kustomization.yaml").write_text("resources: [base.yaml]\ncomponents: [rdma]\n")
    done = subprocess.run([kustomize, "build", folder], check=True, capture_output=True)
    return {document.label: document.data for document in read(done.stdout).documents}


@pytest.mark.parametrize("name", NAMES)
def test_kustomize_builds_what_inject_prints(name, kustomize, tmp_path):
    files = [("base.yaml", (EXAMPLES / name / "before.yaml").read_bytes())]
    [printed] = inject_files(files, injection(pool="ndh100"))

    assert built(kustomize, tmp_path, files) == {one.document.label: one.result.data for one in printed.objects}


def test_objects_of_one_name_in_two_namespaces_get_their_own_patches(kustomize, tmp_path):
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: %s}\nspec: {containers: [{name: %s, image: b, resources: {limits: {nvidia.com/gpu: 8}}}]}\n"
    files = [("base.yaml", f"{text % ('one', 'c')}---\n{text % ('two', 'd')}".encode())]

    objects = built(kustomize, tmp_path, files)

    assert [one["spec"]["containers"][0]["resources"]["limits"] for one in objects.values()] == [
        {"nvidia.com/gpu": 8, "rdma/ib": 8}
    ] * 2
    assert {label: one["spec"]["containers"][0]["name"] for label, one in objects.items()} == {
        "Pod/one/a": "c",
        "Pod/two/a": "d",
    }


def test_what_is_taken_out_is_asked_for_before(kustomize, tmp_path):
    source = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: b, env: [%s]}]}\n"
    variables = "{name: A, value: b}, {name: UCX_TLS, value: tcp}"
    asked = injection("Standard_HB120rs_v3", fix_env=True)
    patch = component(inject_files([("base.yaml", (source % variables).encode())], asked))
    (tmp_path / "rdma").mkdir()
    (tmp_path / "rdma/kustomization.yaml").write_text(patch)
    (tmp_path / "kustomization.yaml").write_text("resources: [base.yaml]\ncomponents: [rdma]\n")

    codes = []
    for text in (variables, "{name: A, value: b}, {name: OTHER, value: c}"):
        (tmp_path / "base.yaml").write_text(source % text)
        done = subprocess.run([kustomize, "build", tmp_path], check=False, capture_output=True, text=True)
        codes.append((done.returncode == 0, "UCX_TLS" in done.stdout))

    assert codes == [(True, False), (False, False)], "another variable at its place is not taken out"


def test_what_needs_nothing_has_no_patch():
    [once] = inject_files([("a.yaml", (EXAMPLES / "job/before.yaml").read_bytes())], injection())

    assert "patches: []" in component(inject_files([("a.yaml", once.after.encode())], injection()))


def test_an_object_without_a_name_is_refused():
    source = b"apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\nspec: {containers: [{name: a, resources: {limits: {nvidia.com/gpu: 1}}}]}\n"

    with pytest.raises(UsageError, match=r"a.yaml:1: Pod has no metadata.name"):
        component(inject_files([("a.yaml", source)], injection()))
