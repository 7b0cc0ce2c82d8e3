"""Where the variables of a container come from: env, ConfigMaps, the shell of its command, mpirun."""

import shlex

import pytest

from aksrdma.findings import format_path
from aksrdma.kube.environment import File, settings

MAPS = {"nccl": {"NCCL_DEBUG": "INFO", "NCCL_NET": "IB", 3: "x"}, "odd": {"A": None, "B": "$(C)"}}


def said(container, flags=()):
    """Return name, value and place of each setting, with a * behind those for the ranks of mpirun."""
    found = settings(container, ("c",), MAPS.get, flags)
    return [(one.name + ("*" if one.of_ranks else ""), one.value, format_path(one.path)) for one in found]


def values(*argv, flags=()):
    return [(name, value) for name, value, _ in said({"command": list(argv)}, flags)]


def script(text):
    return values("bash", "-c", text)


def test_a_variable_of_env_stands_at_its_value():
    assert said({"env": [{"name": "A", "value": "1"}, {"name": "B"}]}) == [
        ("A", "1", "c.env[0].value"),
        ("B", "", "c.env[1].value"),
    ]


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param("$(B)", "1", id="one-before-it"),
        pytest.param("x$(B)$(B)y", "x11y", id="twice"),
        pytest.param("$$(B)", None, id="one-that-is-escaped"),
        pytest.param("$(B)$$x", "1$x", id="an-escape-beside-one"),
        pytest.param("$(C)", None, id="one-after-it"),
        pytest.param("$(D)", None, id="one-that-is-not-known"),
        pytest.param("$(B) $(C)", None, id="one-of-two"),
        pytest.param("$(" + "x" * 5000, None, id="a-long-value"),
        pytest.param("x" * 5000, "x" * 5000, id="a-long-plain-value"),
    ],
)
def test_a_value_takes_in_variables_that_are_set_before_it(value, found):
    variables = [
        {"name": "B", "value": "1"},
        {"name": "D", "valueFrom": {}},
        {"name": "A", "value": value},
        {"name": "C", "value": "2"},
    ]

    assert said({"env": variables})[2] == ("A", found, "c.env[2].value")


def test_values_that_take_in_each_other_do_not_grow_without_end():
    variables = [{"name": "A0", "value": "x" * 100}]
    variables += [{"name": f"A{n}", "value": f"$(A{n - 1})" * 10} for n in range(1, 60)]

    assert [value and len(value) for _, value, _ in said({"env": variables})][:4] == [100, 1000, None, None]


def test_a_key_of_a_config_map_is_looked_up_and_named():
    (found,) = settings(
        {"env": [{"name": "D", "valueFrom": {"configMapKeyRef": {"name": "nccl", "key": "NCCL_DEBUG"}}}]}, (), MAPS.get
    )

    assert (found.name, found.value, found.config_map, found.key) == ("D", "INFO", "nccl", "NCCL_DEBUG")


@pytest.mark.parametrize(
    "source",
    [
        pytest.param({"configMapKeyRef": {"name": "gone", "key": "A"}}, id="a-config-map-that-is-elsewhere"),
        pytest.param({"configMapKeyRef": {"name": "nccl", "key": "gone"}}, id="a-key-that-is-not-there"),
        pytest.param({"configMapKeyRef": {"name": "odd", "key": "A"}}, id="a-value-that-is-no-text"),
        pytest.param({"configMapKeyRef": None}, id="nothing"),
        pytest.param({"secretKeyRef": {"name": "nccl", "key": "NCCL_DEBUG"}}, id="a-secret"),
        pytest.param({"fieldRef": {"fieldPath": "status.podIP"}}, id="a-field-of-the-pod"),
        pytest.param(None, id="no-source"),
    ],
)
def test_a_value_from_elsewhere_is_not_known(source):
    assert said({"env": [{"name": "D", "valueFrom": source}]}) == [("D", None, "c.env[0]")]


def test_a_whole_config_map_comes_first_with_its_prefix():
    container = {
        "envFrom": [{"prefix": "P_", "configMapRef": {"name": "nccl"}}],
        "env": [{"name": "P_NCCL_NET", "value": "x"}],
    }

    assert said(container) == [
        ("P_NCCL_DEBUG", "INFO", "c.envFrom[0]"),
        ("P_NCCL_NET", "IB", "c.envFrom[0]"),
        ("P_NCCL_NET", "x", "c.env[0].value"),
    ]


@pytest.mark.parametrize(
    "container",
    [
        pytest.param(
            {"envFrom": [{"configMapRef": {"name": "gone"}}, {"configMapRef": {}}, {"secretRef": {"name": "nccl"}}]},
            id="sources",
        ),
        pytest.param({"env": [{"name": 3, "value": "x"}, 7, None], "envFrom": 3}, id="types"),
        pytest.param({"command": "export A=1", "args": {"a": 1}}, id="commands-that-are-no-lists"),
        pytest.param({"command": [1, None]}, id="words-that-are-no-text"),
    ],
)
def test_nothing_is_set_by_odd(container):
    assert said(container) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("export A=1 B='x y' -n C; run", [("A", "1"), ("B", "x y")], id="export"),
        pytest.param("A=1; export A; B=2", [("A", "1")], id="export-of-a-variable-of-the-shell"),
        pytest.param("A=$X; export A", [("A", None)], id="of-one-that-is-not-known"),
        pytest.param("declare -x A=1; typeset B=2", [("A", "1"), ("B", "2")], id="declare"),
        pytest.param("A=1 B=$C run D=4", [("A", "1"), ("B", None)], id="before-a-command"),
        pytest.param("env -i A=1 exec run", [("A", "1")], id="env"),
        pytest.param("exec env A=1 nohup B=2 run", [("A", "1"), ("B", "2")], id="wrapped"),
        pytest.param("env -u Z -i --unset=Y --chdir / A=1 run", [("A", "1")], id="options-of-env"),
        pytest.param("set -a; A=1; set +a; B=2", [("A", "1")], id="all-that-is-set"),
        pytest.param("set -o allexport; A=1; set +o allexport; B=2; set -ex; C=3", [("A", "1")], id="in-more-words"),
        pytest.param("export A=1; A=2", [("A", "1"), ("A", "2")], id="a-variable-that-is-exported-already"),
        pytest.param("B=2; export A=$B", [("A", "2")], id="a-variable-of-another"),
        pytest.param("ARGS='-x A=1 -x B=2'; mpirun $ARGS run", [("A*", "1"), ("B*", "2")], id="options-in-a-variable"),
        pytest.param("export A=${A:-1}", [("A", "1")], id="a-value-unless-there-is-one"),
        pytest.param("A=1; unset A; export A=${A:-2}", [("A", None), ("A", "2")], id="after-unset"),
        pytest.param("export A=1; mpirun -x A -x B run", [("A", "1"), ("A*", "1")], id="a-variable-that-is-handed-on"),
        pytest.param("A=1; mpirun -x A run", [], id="one-that-is-not-exported-is-not"),
        pytest.param("timeout 9 mpirun -x A=1 run", [("A*", "1")], id="mpirun-under-another-program"),
        pytest.param("numactl -N 0 env A=1 run; tini -- bash -c 'B=2 run'", [("A", "1"), ("B", "2")], id="others"),
        pytest.param(
            "echo env A=1; printf env A=1; ssh h env A=1; kubectl exec p -- env A=1", [], id="what-runs-elsewhere"
        ),
        pytest.param("unset A B", [("A", None), ("B", None)], id="unset"),
        pytest.param("export A=1; unset A", [("A", "1"), ("A", None)], id="set-and-unset"),
        pytest.param("/bin/sh -c 'export A=1'", [("A", "1")], id="a-script-in-a-script"),
        pytest.param('A=1 sh -lc "B=2 run"', [("A", "1"), ("B", "2")], id="both"),
        pytest.param("sh -c; bash x.sh; sh", [], id="a-shell-without-a-script"),
        pytest.param("if a; then export A=1; fi", [], id="perhaps"),
        pytest.param("echo export A=1; A.b=1 run; 1A=2 run", [], id="what-is-no-setting"),
        pytest.param("sh -c \"sh -c 'sh -c \\\"sh -c \\'export A=1\\'\\\"'\"", [], id="too-deep"),
    ],
)
def test_a_script_sets(text, found):
    assert script(text) == found


FILES = {
    "/s/run.sh": File("#!/bin/sh\nexport A=1\n. /s/env\n", "scripts", "run.sh"),
    "/s/env": File("export B=2\nC=3\n", "scripts", "env"),
    "/s/loop": File("bash /s/loop; export D=1", "scripts", "loop"),
}


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        pytest.param(["/s/run.sh"], [("A", "1", "run.sh"), ("B", "2", "env")], id="a-script"),
        pytest.param(["bash", "-x", "/s/run.sh", "y"], [("A", "1", "run.sh"), ("B", "2", "env")], id="by-its-shell"),
        pytest.param(["sh", "-c", "source /s/env; export C"], [("B", "2", "env"), ("C", "3", "")], id="sourced"),
        pytest.param(["sh", "-c", "set -a; . /s/env"], [("B", "2", "env"), ("C", "3", "env")], id="all-of-it"),
        pytest.param(["bash", "/s/loop"], [("D", "1", "loop")] * 4, id="one-that-starts-itself"),
        pytest.param(["bash", "/s/none"], [], id="one-of-the-image"),
        pytest.param(["cat", "/s/env"], [], id="one-that-is-only-read"),
        pytest.param(["source"], [], id="none"),
    ],
)
def test_scripts_of_config_maps_are_followed(argv, found):
    said = settings({"command": argv}, (), MAPS.get, files=FILES)

    assert [(one.name, one.value, one.key) for one in said] == found


def test_a_configuration_of_nccl_comes_before_the_environment():
    files = {"/etc/nccl.conf": File("# x\nNCCL_NET=Socket\n NCCL_DEBUG=INFO\nodd", "conf", "nccl.conf")}
    said = list(settings({"env": [{"name": "NCCL_NET", "value": "IB"}]}, ("c",), MAPS.get, files=files))

    assert [(one.name, one.value, one.config_map) for one in said] == [
        ("NCCL_NET", "Socket", "conf"),
        ("NCCL_DEBUG", "INFO", "conf"),
        ("odd", "", "conf"),
        ("NCCL_NET", "IB", ""),
    ]


def test_what_may_come_from_elsewhere_is_not_taken_for_unset():
    script = {"command": ["sh", "-c", "export A=${A:-1}"]}

    assert [one[1] for one in said(script)] == ["1"]
    assert [one[1] for one in said({**script, "envFrom": [{"secretRef": {"name": "s"}}]})] == [None]
    assert [one[1] for one in said({**script, "env": [{"name": "A", "value": "2"}]})] == ["2", "2"]


@pytest.mark.parametrize(
    ("argv", "found"),
    [
        pytest.param(["mpirun", "-np", "2", "-x", "A=1", "-x", "B", "run"], [("A*", "1")], id="a-variable-of-open-mpi"),
        pytest.param(["/usr/bin/mpiexec", "-genv", "A", "1", "-env", "B=2"], [("A*", "1"), ("B*", "2")], id="of-hydra"),
        pytest.param(["mpirun", "--mca", "pml", "ob1", "-mca", "btl", "^openib"], [("OMPI_MCA_pml*", "ob1"), ("OMPI_MCA_btl*", "^openib")], id="mca"),
        pytest.param(["mpirun", "bash", "-c", "export A=1; B=2 run"], [("A*", "1"), ("B*", "2")], id="what-it-starts"),
        pytest.param(["mpirun", "-x", "A=1", "env", "B=2", "run"], [("A*", "1"), ("B*", "2")], id="env-that-it-starts"),
        pytest.param(["mpirun", "-x", "A=$(B)"], [("A*", None)], id="kubernetes-replaces-it"),
        pytest.param(["mpirun", "-x"], [], id="an-option-without-its-value"),
        pytest.param(["mpirun", "--mca", "pml"], [("OMPI_MCA_pml*", None)], id="a-name-without-its-value"),
        pytest.param(["run", "-x", "A=1", "--mca", "pml", "ob1"], [], id="another-program"),
        pytest.param(["A=1", "run"], [("A", "1")], id="an-assignment-before-it"),
        pytest.param(["serve", "--nic", "mlx5_0", "--nic=mlx5_1", "--nics", "x"], [("--nic", "mlx5_0"), ("--nic", "mlx5_1")], id="a-flag"),
        pytest.param(["serve", "--nic"], [("--nic", None)], id="a-flag-at-the-end"),
    ],
)  # fmt: skip
def test_a_command_sets(argv, found):
    assert values(*argv, flags=("--nic",)) == found


@pytest.mark.parametrize(("depth", "found"), [(4, [("A", "1")]), (5, [])])
def test_scripts_within_scripts_are_followed_some_way(depth, found):
    text = "export A=1"
    for _ in range(depth - 1):
        text = f"sh -c {shlex.quote(text)}"

    assert script(text) == found


def test_a_script_of_mpirun_stands_where_its_word_does():
    container = {"command": ["bash", "-c"], "args": ["mpirun -x A=1 run"]}

    assert said(container) == [("A*", "1", "c.args[0]")]


@pytest.mark.parametrize(
    ("container", "found"),
    [
        pytest.param({"args": ["--flag", "x", "--other"]}, [("--flag", "x")], id="the-first-of-all"),
        pytest.param({"args": ["--flag=x"]}, [("--flag", "x")], id="with-its-value"),
        pytest.param({"command": ["serve"], "args": ["--flag", "x"]}, [("--flag", "x")], id="behind-a-program"),
        pytest.param({"command": ["--flag"], "args": []}, [("--flag", None)], id="without-a-value"),
    ],
)
def test_options_of_the_program_of_the_image_are_options(container, found):
    assert [(name, value) for name, value, _ in said(container, ("--flag",))] == found


CONFIG = '{"protocol": "tcp", "device_name": "mlx5_0", "x": 1}'


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        pytest.param("/m.json", CONFIG, [("MOONCAKE_PROTOCOL", "tcp"), ("MOONCAKE_DEVICE", "mlx5_0")], id="a-file"),
        pytest.param("/other.json", CONFIG, [], id="another-file"),
        pytest.param("/m.json", '{"protocol": 1}', [], id="no-text"),
        pytest.param("/m.json", "[]", [], id="no-object"),
        pytest.param("/m.json", "{", [], id="no-json"),
        pytest.param("/m.json", "[" * 4000, [], id="too-deep"),
        pytest.param("/m.json", CONFIG + " " * 5000, [], id="too-long"),
    ],
)
def test_what_a_file_says_to_which_a_variable_points_counts_as_its_variables(path, text, found):
    container = {"env": [{"name": "MOONCAKE_CONFIG_PATH", "value": path}]}
    _, *more = settings(container, ("c",), MAPS.get, (), {"/m.json": File(text, "map", "key")})

    assert [(one.name, one.value) for one in more] == found
    assert all((one.config_map, one.key, format_path(one.path)) == ("map", "key", "c.volumeMounts") for one in more)
