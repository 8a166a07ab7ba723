"""Clients that leave at every point of a conversation: other clients are not affected, and no diagnostics contain a
traceback."""

import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress

import pytest

from fuguemux.protocol import framing, messages
from tests.integration.test_hostile_clients import FLOOD, begin, connect, ends
from tests.support.running import Running, kill, until

pytestmark = pytest.mark.real

HELLO = messages.Hello(1, 1, "test").encode()
ANSWER_BYTES = 2 << 20
"""More than the kernel and the transport take at once."""
SHOW = messages.CommandMessage((b"show-buffer", b"-b", b"long")).encode()
ATTACH = messages.CommandMessage(
    (b"attach-session", b"-t", b"work"),
    flags=messages.STDIN_TTY,
    tty=b"/dev/pts/7000",
    columns=80,
    rows=24,
).encode()
RESET = struct.pack("ii", 1, 0)
INPUT = framing.message_bytes(messages.INPUT, b"x" * 100)
Conversation = Callable[[socket.socket], object]


def says(*said: bytes) -> Conversation:
    """Somebody who says so much and reads nothing: what is unread resets the connection."""
    return lambda client: client.sendall(b"".join(said))


def reads(bytes_min: int, *said: bytes) -> Conversation:
    """Somebody who reads so much of the answer first."""

    def talk(client: socket.socket) -> None:
        client.sendall(b"".join(said))
        found = 0
        while found < bytes_min and (data := client.recv(1 << 16)):
            found += len(data)

    return talk


def ends_its_side(client: socket.socket) -> None:
    """Somebody who closes one direction while the answer is on its way, and reads on."""
    client.sendall(HELLO + SHOW)
    client.shutdown(socket.SHUT_WR)
    ends(client)


CONVERSATIONS: dict[str, Conversation] = {
    "right after connect": says(),
    "in the greeting": says(HELLO[: len(HELLO) // 2]),
    "with the greeting unread": says(HELLO),
    "in the command": says(HELLO, SHOW[:-3]),
    "with the answer unread": says(HELLO, SHOW),
    "in the answer": reads(300 << 10, HELLO, SHOW),
    "behind the answer": reads(ANSWER_BYTES * 2, HELLO, SHOW),
    "with its own side ended": ends_its_side,
    "while it attaches": says(HELLO, ATTACH),
    "attached": reads(200, HELLO, ATTACH),
    "in what is typed": reads(200, HELLO, ATTACH, INPUT[:-3]),
    "with nonsense behind the command": says(HELLO, SHOW, b"\xff" * 100),
}


def tracebacks(fugue: Running) -> list[str]:
    """Lines of the logs of server and keeper that no ordinary run writes."""
    return [
        f"{log.name}: {line}"
        for log in (fugue.state / "server.log", fugue.state / "keeper.log")
        if log.exists()
        for line in log.read_text(errors="replace").splitlines()
        if re.search(r"Traceback|Exception|Error\b", line)
    ]


def test_clients_that_leave_at_any_point_leave_no_tracebacks(fugue: Running) -> None:
    pid = begin(fugue)
    text = fugue.directory / "text"
    text.write_bytes(b"0123456789abcde\n" * (ANSWER_BYTES // 16))
    fugue("load-buffer", "-b", "long", str(text))
    for point, talk in CONVERSATIONS.items():
        for reset in (False, True):
            with connect(fugue) as client, suppress(BrokenPipeError, ConnectionResetError):
                if reset:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                talk(client)
        until(f"end of those who left {point}", lambda: fugue("list-clients") == "")
        assert tracebacks(fugue) == [], point
    assert fugue.server_pid() == pid


def test_a_viewer_killed_in_a_flood_leaves_no_traceback(fugue: Running) -> None:
    pid = begin(fugue)
    script = fugue.directory / "flood.py"
    script.write_text(FLOOD)
    fugue("send-keys", "-t", "work", f"python3 {script}", "Enter")
    for _ in range(3):
        with fugue.attached() as viewer:
            until("flood", lambda seen=viewer: re.match(r"\d{2,} ", seen.text()))  # type: ignore[misc]  # a default holds the loop's variable
            kill(viewer.process.pid)
    until("no client", lambda: fugue("list-clients") == "")
    assert tracebacks(fugue) == []
    assert fugue.server_pid() == pid


def test_callers_of_the_keeper_that_leave_at_any_point_leave_no_tracebacks(fugue: Running) -> None:
    pid = begin(fugue)
    path = next((fugue.runtime / "fugue").glob("*.keeper"))
    for said in (b"", b"\0", b"\0\0\0\x08{", b"\0\0\0\x02{}", b"\xff" * 100):
        for reset in (False, True):
            with socket.socket(socket.AF_UNIX) as caller:
                caller.connect(str(path))
                if reset:
                    caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                caller.sendall(said)
    fugue("new-window", "-d", "-t", "work:", "cat")  # the keeper has heard all before
    assert tracebacks(fugue) == []
    assert fugue.server_pid() == pid
