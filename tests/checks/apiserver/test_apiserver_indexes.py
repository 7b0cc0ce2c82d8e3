"""Which indexes of a Job a text lists."""

import pytest

from aksrdma.checks.apiserver.jobs import count_indexes


@pytest.mark.parametrize(
    ("indexes", "count"),
    [
        ("", 0),
        ("0", 1),
        ("0-2,4", 4),
        ("0,1,2", 3),
        ("1,0", None),
        ("0-9", None),
        ("2-2", None),
        ("a", None),
        ("0-", None),
    ],
)
def test_indexes_of_a_job_with_five_completions(indexes, count):
    assert count_indexes(indexes, 5) == count
