"""The limit of open files: it is raised once, passed on to later processes, and restored for programs."""

import os
import resource
import subprocess
import sys

import pytest

from fuguemux.keeper import limits

SCRIPT = """
import os, resource, sys
from fuguemux.keeper import limits
callers = limits.widen(os.environ)
print(callers, *resource.getrlimit(resource.RLIMIT_NOFILE), os.environ.get(limits.VARIABLE))
if len(sys.argv) > 1:  # the next of us, with the wide limit that this one has
    os.execv(sys.executable, [sys.executable, "-c", sys.argv[1], *sys.argv[2:]])
"""


GIVE_BACK = """
import resource
from fuguemux.keeper.limits import give_back
give_back(4000)
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


def lines_of(soft: int, hard: int, *next_ones: str) -> list[list[str]]:
    """What SCRIPT says, and those that follow it, begun with these limits."""
    environment = {k: v for k, v in os.environ.items() if k != limits.VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *next_ones],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)),
    )
    return [line.split() for line in done.stdout.splitlines()]


def test_the_soft_limit_is_raised_to_the_hard_one_and_noted() -> None:
    assert lines_of(64, 2000) == [["64", "2000", "2000", "64"]]


def test_one_that_follows_knows_what_the_first_was_given() -> None:
    (first, second) = lines_of(64, 2000, SCRIPT)
    assert second == first, "and not the wide limit that it inherits"


def test_nothing_is_given_back_where_there_was_nothing_to_raise() -> None:
    assert lines_of(512, 512) == [["None", "512", "512", "None"]]


@pytest.mark.parametrize("noted", ["", "many", "-5", "²"])
def test_a_note_that_is_no_number_is_none(noted: str) -> None:
    assert limits.callers_limit({limits.VARIABLE: noted}) is None


def test_what_is_given_back_never_exceeds_a_hard_limit_that_was_lowered_meanwhile() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GIVE_BACK],
        check=True,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 2000)),
    )
    assert done.stdout.split() == ["2000", "2000"]
