"""Variables that keep a library off RDMA: a conflict with its two ways out, and what --fix-env takes out."""

import copy

import pytest

from aksrdma.documents import read
from aksrdma.findings import format_path
from aksrdma.workloads.inject import inject, inject_files, injected, injected_together
from tests.workloads.inject.inject_props import H100, HB, MI300X, container, cpu, injection, objects_of, pod

GB300 = "Standard_ND128isr_GB300_v6"
NDV2 = "Standard_ND40rs_v2"


def env(**variables):
    return {"env": [{"name": name, "value": value} for name, value in variables.items()]}


def names(data):
    return [one["name"] for one in data["spec"]["containers"][0]["env"]]


def config_map(**data):
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nccl"}, "data": data}


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NCCL_IB_DISABLE", "1"),
        ("NCCL_NET", "Socket"),
        ("NCCL_IB_HCA", "mlx5_ib0,mlx5_ib1"),
        ("NCCL_SOCKET_IFNAME", "ib0"),
        ("NCCL_NET_GDR_LEVEL", "LOC"),
    ],
)
def test_a_variable_that_turns_rdma_off_is_a_conflict_with_two_ways_out(variable, value):
    [conflict] = injected(pod(container(**env(A="b", **{variable: value}))), injection()).conflicts

    assert format_path(conflict.path) == "spec.containers[0].env[1].value"
    assert conflict.message.startswith(f"{variable}={value} ")
    assert conflict.fix == "take it out with --fix-env, or keep it with --keep-env"


@pytest.mark.parametrize(
    "variables",
    [
        pytest.param({"NCCL_IB_DISABLE": "0"}, id="InfiniBand left on"),
        pytest.param({"NCCL_NET": "IB"}, id="InfiniBand chosen"),
        pytest.param({"NCCL_SOCKET_IFNAME": "eth0"}, id="what the preset says"),
        pytest.param({"FOO": "1"}, id="a variable of no library"),
    ],
)
def test_what_leaves_rdma_on_is_no_conflict(variables):
    assert injected(pod(container(**env(**variables))), injection()).conflicts == ()


def test_what_hides_the_proof_is_a_hint_and_stays():
    done = injected(pod(container(**env(NCCL_DEBUG="WARN"))), injection())

    assert done.conflicts == ()
    assert done.data["spec"]["containers"][0]["env"][0] == {"name": "NCCL_DEBUG", "value": "WARN"}
    [(_, note)] = done.notes
    assert note.startswith("NCCL_DEBUG=WARN logs no transport")


def test_what_is_of_mpi_alone_is_a_hint_where_nccl_carries_the_data():
    done = injected(pod(container(**env(UCX_TLS="tcp", NCCL_DEBUG="INFO"))), injection())

    assert done.conflicts == ()
    assert done.notes[0].text.startswith("UCX_TLS=tcp ")


def test_the_variables_of_a_preset_do_not_show_that_nccl_carries_the_data():
    done = injected(pod(container(**env(UCX_TLS="tcp"))), injection())

    assert [one.path for one in done.conflicts] == [("spec", "containers", 0, "env", 0, "value")]
    assert done.conflicts[0].message.startswith("UCX_TLS=tcp ")


def test_a_choice_of_the_size_is_a_hint():
    gpus = {"resources": {"limits": {"nvidia.com/gpu": 4}}}
    given = pod(cpu(**gpus, **env(NCCL_IB_DISABLE="1")))

    done = injected(given, injection(GB300, presets=["none"]))

    assert done.conflicts == ()
    assert done.notes[0].text.startswith("NCCL_IB_DISABLE=1 ")


def test_it_is_kept_where_that_is_asked_for():
    done = injected(pod(container(**env(NCCL_NET="Socket"))), injection(keep_env=True))

    assert done.conflicts == ()
    assert "NCCL_NET" in names(done.data)
    assert [one.text for one in done.notes] == [
        "NCCL_NET=Socket makes NCCL use TCP and nothing else; it stays, as --keep-env asks"
    ]


def test_gpus_without_a_nic_may_have_any_variable():
    given = pod(cpu(resources={"limits": {"nvidia.com/gpu": 2}}, **env(NCCL_IB_DISABLE="1")))

    for fix in (False, True):
        done = injected(given, injection(NDV2, fix_env=fix))
        assert (done.conflicts, done.edits, done.plan[0].lacks) == ((), (), True)


class TestFix:
    def test_it_is_taken_out_and_said(self):
        given = pod(container(**env(A="b", NCCL_IB_DISABLE="1", C="d", NCCL_NET="Socket")))
        before = copy.deepcopy(given)

        done = injected(given, injection(fix_env=True))

        assert given == before
        assert done.conflicts == ()
        assert names(done.data)[:3] == ["A", "C", "NCCL_SOCKET_IFNAME"]
        assert [one.text for one in done.notes] == [
            "taken out: NCCL_IB_DISABLE=1 keeps NCCL off InfiniBand: between nodes its data goes over TCP",
            "taken out: NCCL_NET=Socket makes NCCL use TCP and nothing else",
        ]
        assert [one.path[-1] for one in done.edits if one.removes] == [3, 1]
        assert injected(done.data, injection(fix_env=True)).edits == ()

    def test_the_preset_s_value_comes_in_its_place(self):
        done = inject(pod(container(**env(NCCL_SOCKET_IFNAME="ib0"))), injection(fix_env=True))

        assert {"name": "NCCL_SOCKET_IFNAME", "value": "eth0"} in done["spec"]["containers"][0]["env"]

    def test_all_of_one_name_go(self):
        variables = [{"name": "NCCL_NET", "value": "Socket"}] * 2

        assert "NCCL_NET" not in names(inject(pod(container(env=variables)), injection(fix_env=True)))

    def test_one_of_the_name_whose_value_comes_from_elsewhere_stays(self):
        secret = {"name": "NCCL_NET", "valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}

        done = inject(pod(container(env=[secret, *env(NCCL_NET="Socket")["env"]])), injection(fix_env=True))

        assert [one for one in done["spec"]["containers"][0]["env"] if one["name"] == "NCCL_NET"] == [secret]

    def test_a_list_that_would_be_empty_goes_as_a_whole(self):
        given = pod(cpu(**env(UCX_TLS="tcp")))

        assert "env" not in inject(given, injection(HB, fix_env=True))["spec"]["containers"][0]

    def test_another_value_than_the_preset_s_is_still_a_conflict(self):
        given = pod(container(**env(NCCL_NET="Socket", NCCL_IB_QPS_PER_CONNECTION="8")))

        [conflict] = injected(given, injection(fix_env=True)).conflicts

        assert conflict.message == f"NCCL_IB_QPS_PER_CONNECTION is '8', and the preset for {H100} has '4'"
        assert injected(given, injection(fix_env=True, keep_env=True)).conflicts == ()

    def test_a_value_of_a_config_map_is_named_and_left(self):
        reference = {"configMapKeyRef": {"name": "nccl", "key": "net"}}
        given = pod(container(env=[{"name": "NCCL_NET", "valueFrom": reference}]))

        done = injected_together([given, config_map(net="Socket")], injection(fix_env=True))

        [conflict] = done[0].conflicts
        assert "(ConfigMap nccl, key net)" in conflict.message
        assert conflict.fix.startswith("change it there, as --fix-env leaves commands and ConfigMaps alone")
        assert done[1].edits == ()

    def test_what_stood_before_the_same_name_of_a_config_map_is_no_end(self):
        given = pod(container(envFrom=[{"configMapRef": {"name": "nccl"}}], **env(NCCL_NET="Socket")))

        done = injected_together([given, config_map(NCCL_NET="Socket")], injection(fix_env=True))

        [conflict] = done[0].conflicts
        assert format_path(conflict.path) == "spec.containers[0].envFrom[0]"

    def test_a_value_of_a_command_is_named_and_left(self):
        script = "export NCCL_IB_DISABLE=1; torchrun train.py"
        given = pod(container(command=["bash", "-c", script]))

        [conflict] = injected(given, injection(fix_env=True)).conflicts

        assert format_path(conflict.path) == "spec.containers[0].command[2]"

    def test_what_a_launcher_hands_on_to_the_ranks_is_a_conflict(self):
        job = objects_of("mpijob")[0]
        launcher = job["spec"]["mpiReplicaSpecs"]["Launcher"]["template"]["spec"]["containers"][0]
        launcher["command"] = ["mpirun", "-x", "NCCL_IB_DISABLE=1", "all_reduce_perf"]
        launcher.pop("args", None)

        [conflict] = injected(job, injection("Standard_ND96asr_v4")).conflicts

        assert format_path(conflict.path) == "spec.mpiReplicaSpecs.Launcher.template.spec.containers[0].command[1]"

    def test_a_train_job_has_its_variables_elsewhere(self):
        job = objects_of("trainjob")[0]
        job["spec"]["trainer"] |= env(A="b", NCCL_IB_DISABLE="1")

        assert [format_path(one.path) for one in injected(job, injection()).conflicts] == ["spec.trainer.env[1].value"]
        assert "NCCL_IB_DISABLE" not in str(inject(job, injection(fix_env=True)))

    def test_amd_reads_the_same_variables(self):
        gpus = {"resources": {"limits": {"amd.com/gpu": 8}}}

        assert "NCCL_IB_DISABLE" not in names(
            inject(pod(cpu(**gpus, **env(NCCL_IB_DISABLE="1"))), injection(MI300X, fix_env=True))
        )


TEXT = """\
apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers:
  - name: main   # mine
    image: b
    env:
    # of another cluster
    - name: NCCL_IB_DISABLE   # over there
      value: "1"
    - {name: FOO, value: bar}   # of ours
    resources: {limits: {nvidia.com/gpu: 8}}
"""


def test_the_text_loses_the_lines_of_the_variable_alone():
    [file] = inject_files([("a.yaml", TEXT.encode())], injection(fix_env=True))

    lines = set(file.after.splitlines())
    assert [line for line in TEXT.splitlines() if line not in lines] == [
        "    - name: NCCL_IB_DISABLE   # over there",
        "    resources: {limits: {nvidia.com/gpu: 8}}",
    ]
    assert file.rewritten == ()
    assert read(file.after).documents[0].data == file.objects[0].result.data
    assert "-    - name: NCCL_IB_DISABLE   # over there\n" in file.diff()
    [again] = inject_files([("a.yaml", file.after.encode())], injection(fix_env=True))
    assert again.diff() == ""


def test_the_text_of_a_list_that_would_be_empty_loses_its_key():
    source = TEXT.replace("    - {name: FOO, value: bar}   # of ours\n", "")

    [file] = inject_files([("a.yaml", source.encode())], injection(fix_env=True, presets=["none"]))

    assert "env" not in read(file.after).documents[0].data["spec"]["containers"][0]
    assert "  - name: main   # mine\n    image: b\n" in file.after
    assert file.rewritten == ()


def test_variables_of_an_anchor_that_others_share_are_written_anew_and_said():
    source = TEXT.replace("env:", "env: &env") + "  - name: second\n    image: b\n    env: *env\n"

    [file] = inject_files([("a.yaml", source.encode())], injection(fix_env=True))

    data = read(file.after).documents[0].data
    assert data == file.objects[0].result.data
    assert {"name": "NCCL_IB_DISABLE", "value": "1"} in data["spec"]["containers"][1]["env"]


def test_thousands_of_variables_are_taken_out_in_one_pass():
    variables = "".join(
        f'    - {{name: "V{number}", value: "1"}}\n    - {{name: NCCL_NET, value: Socket}}\n' for number in range(2000)
    )
    source = TEXT.replace("    # of another cluster\n", variables)

    [file] = inject_files([("a.yaml", source.encode())], injection(fix_env=True))

    assert "NCCL_NET," not in file.after
    assert file.rewritten == ()


def test_what_is_left_to_mend_is_told_by_its_place_in_the_file_and_not_in_what_is_left():
    given = pod(container(**env(A="b", NCCL_NET="Socket", CUDA_DEVICE_ORDER="FASTEST_FIRST")))
    [conflict] = injected(given, injection(fix_env=True)).conflicts

    assert format_path(conflict.path) == "spec.containers[0].env[2].value"
    assert conflict.message.startswith("CUDA_DEVICE_ORDER is 'FASTEST_FIRST'")


def test_a_value_that_does_the_same_as_that_of_the_preset_stays():
    done = injected(pod(container(**env(NCCL_SOCKET_IFNAME="^lo,docker"))), injection())

    assert done.conflicts == ()
    assert {"name": "NCCL_SOCKET_IFNAME", "value": "^lo,docker"} in done.data["spec"]["containers"][0]["env"]
    assert any("yours stays, as it does the same" in one.text for one in done.notes)


def test_what_turns_rdma_off_is_taken_out_also_where_other_values_are_kept():
    given = pod(container(**env(NCCL_NET="Socket", NCCL_SOCKET_IFNAME="eth0,eth1")))
    done = injected(given, injection(fix_env=True, keep_env=True))

    assert done.conflicts == ()
    assert "NCCL_NET" not in names(done.data)
    assert {"name": "NCCL_SOCKET_IFNAME", "value": "eth0,eth1"} in done.data["spec"]["containers"][0]["env"]
