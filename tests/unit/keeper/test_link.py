"""The link between keeper and server: only the process for which it was left uses it."""

import os
import socket
import subprocess
import sys

import pytest

from fuguemux.keeper.link import VARIABLE, named, taken

CHILD = """
import os
from fuguemux.keeper.link import taken
link = taken(os.environ)
if link is None:
    print("none")
else:
    print(link.getblocking(), os.get_inheritable(link.fileno()), os.environ.get("FUGUE_KEEPER_LINK"))
    link.sendall(b"hello")
"""


def child(end: socket.socket, value: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", CHILD],
        env={**os.environ, VARIABLE: value},
        pass_fds=[end.fileno()],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    ).stdout.strip()


def test_a_child_takes_the_end_that_was_left_to_it_and_leaves_it_to_nobody() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert child(theirs, named(theirs, os.getpid())) == "True False None"
        assert ours.recv(16) == b"hello"


@pytest.mark.parametrize(
    "value", ["", "x", "3", "{fd}:1", "99999999999999999999:{pid}", "-1:{pid}"]
)
def test_what_was_left_to_somebody_else_is_not_taken(value: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert child(theirs, value.format(fd=theirs.fileno(), pid=os.getpid())) == "none"


def test_what_is_no_socket_is_not_taken() -> None:
    reading, writing = os.pipe()
    value = f"{reading}:{os.getppid()}"
    assert taken({VARIABLE: value}) is None
    os.fstat(reading)  # still open
    os.close(reading)
    os.close(writing)
