"""Names, schedules and addresses, by Kubernetes' own grammars."""

import pytest

from aksrdma.kube import names
from aksrdma.kube.addresses import cidr_problem, ip_problem, reserved_problem
from aksrdma.kube.cron import schedule_problem, time_zone_problem

GRAMMARS = [
    (names.dns_label, ["a", "1", "a-b", "a" * 63], ["", "A", "a-", "-a", "a.b", "a_b", "a" * 64, "a\n"]),
    (names.dns_subdomain, ["a", "1.a", "a-b.c", "a" * 253], ["", "A", "a..b", ".a", "a.", "a.-b", "a_b", "a" * 254]),
    (names.service_label, ["a", "a1"], ["", "1a", "a.b", "a" * 64]),
    (names.search_domain, ["a.b", "_tcp.a_b"], ["", "a..b", "A"]),
    (names.qualified_name, ["a", "A_b.c-D", "a.b/C", "a" * 63], ["", "/a", "a/", "a/b/c", "A/b", "a b", "a" * 64, "-a"]),
    (names.label_value, ["", "a", "A_b.c-D", "a" * 63], ["a/b", "a-", " ", "é", "a" * 64]),
    (names.annotation_key, ["A.B/c"], ["a b", "a/b/c"]),
    (names.config_key, ["a", ".a", "A_b-c", "a..b"], ["", ".", "..", "..a", "a/b", "a b", "a" * 254]),
    (names.env_name, ["A", "1a", "a-b.c d", "~"], ["", "a=b", "é", "a\t"]),
    (names.port_name, ["a", "1a", "a-1", "a" * 15], ["", "1", "1-2", "-a", "a-", "a--b", "A", "a" * 16, "a.b"]),
    (names.http_header, ["X-A", "-"], ["", "a b", "a_b"]),
    (names.sysctl_name, ["a.b", "net/ipv4.a_b"], ["", "a.", "A", "a..b", "_a"]),
    (names.domain_path, ["a.b/c", "a/b/c:d"], ["", "a", "a/", "/a", "A/b", "a/b c"]),
    (ip_problem, ["10.0.0.1", "010.000.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"], ["", "10.0.0", "256.0.0.1", "fe80::1%eth0", ":", "a"]),
    (cidr_problem, ["10.0.0.0/8", "fd00::/64", "10.0.0.1/32", "::ffff:10.0.0.1/8"], ["", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "a/8", "fd00::/129"]),
    (reserved_problem, ["10.0.0.1", "224.0.1.1", "fd00::1", "ff05::1", "::ffff:010.0.0.1"], ["127.0.0.1", "0.0.0.0", "169.254.1.1", "224.0.0.9", "::1", "ff02::1", "::ffff:127.0.0.1"]),
    (
        schedule_problem,
        ["* * * * *", "*/5 0-3 1,15 jan-mar mon", "? ? ? ? ?", "@daily", "@every 1h30m", " 0 0 * * * ", "59/1 23 31 12 6", "5/15 * * * *"],
        ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 7", "*/0 * * * *", "3-1 * * * *", "a * * * *", "1-2-3 * * * *", "*/5/5 * * * *", "@never", "@every", "TZ=UTC * * * * *", "-1 * * * *"],
    ),
    (time_zone_problem, ["Europe/Berlin", "Etc/GMT+1", "UTC"], ["", "local", "a/../b", "a//b", "-a", "a b", "a" * 15]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        pytest.param(rule, value, id=f"{rule.__name__} {value[:20]!r} {len(value)}")
        for rule, taken, _ in GRAMMARS
        for value in taken
    ],
)
def test_taken(rule, value):
    assert rule(value) is None


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        pytest.param(rule, value, id=f"{rule.__name__} {value[:20]!r} {len(value)}")
        for rule, _, refused in GRAMMARS
        for value in refused
    ],
)
def test_refused(rule, value):
    assert rule(value)


@pytest.mark.parametrize(
    ("value", "grammar", "fix"),
    [
        ("My_Pod", names.dns_label, "write 'my-pod'"),
        ("My.Pod", names.dns_subdomain, "write 'my.pod'"),
        ("My.Pod", names.dns_label, "write 'my-pod'"),
        ("NAMESPACE", names.dns_label, "write the one that is meant, in lower case"),
        ("HPC", names.dns_label, "write 'hpc'"),
        ("Team A", names.label_value, "write 'Team-A'"),
        ("", names.dns_label, "give it a value, or leave it out"),
        (None, names.dns_label, "give it a value, or leave it out"),
        ("a" * 64, names.dns_label, "shorten it"),
        ("A" * 64, names.dns_label, "shorten it"),
        ("..", names.search_domain, "write one of that form"),
    ],
)
def test_a_wrong_name_is_answered_with_the_nearest_right_one(value, grammar, fix):
    assert names.fix(value, grammar) == fix
