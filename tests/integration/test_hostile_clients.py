"""Clients that send anything, or do not read: the server and all other clients continue."""

import os
import random
import re
import signal
import socket
from contextlib import suppress
from pathlib import Path

import pytest

from fuguemux.model import limits
from fuguemux.protocol import framing, messages
from tests.support.running import Attached, Running, alive, until

pytestmark = pytest.mark.real

FLOOD = "import sys\nn = 0\nwhile True:\n    n += 1\n    sys.stdout.write('\\033[H' + ('%d ' % n) * 2000)\n"


def memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def connect(fugue: Running) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(fugue.runtime / "fugue" / "default"))  # blocks while the backlog is full
    client.settimeout(30)
    return client


def ends(client: socket.socket) -> bytes:
    """What the server says until it closes the connection."""
    data = b""
    try:
        while part := client.recv(1 << 16):
            data += part
    except (BrokenPipeError, ConnectionResetError):
        pass
    return data


def begin(fugue: Running) -> int:
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
    return fugue.server_pid()


def test_bad_frames_cost_their_own_connection_only(fugue: Running) -> None:
    pid = begin(fugue)
    over = (framing.PAYLOAD_BYTES_MAX + 1).to_bytes(4, "little")
    hello = messages.Hello(1, 1, "test").encode()
    unknown = messages.Hello(250, 255, "a version that nobody knows").encode()
    for data in (
        over + b"\x02",
        b"\x02" + over,
        hello[: len(hello) // 2],
        hello + hello,
        hello + b"\xff\xff\xff\xff\x02",
        unknown,
        bytes(1000),
        b"GET / HTTP/1.1\r\n\r\n",
    ):
        with connect(fugue) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            ends(client)
    rng = random.Random(6)
    for _ in range(200):
        with connect(fugue) as client:
            prefix = hello if rng.random() < 0.5 else b""
            try:
                client.sendall(prefix + rng.randbytes(rng.randrange(1, 3000)))
                client.shutdown(socket.SHUT_WR)
            except OSError:
                continue  # it was closed already
            ends(client)
    assert fugue.server_pid() == pid
    assert fugue("list-sessions", "-F", "#{session_name}") == "work"


def test_clients_that_leave_while_they_attach_leave_nothing_behind(fugue: Running) -> None:
    """A connection that ends between its command and what that does has no other end for a viewer to wait for."""
    pid = begin(fugue)
    hello = messages.Hello(1, 1, "test").encode()

    def attach(resume: bytes) -> bytes:
        argv, tty = (b"attach-session", b"-t", b"work"), b"/dev/pts/7000"
        return messages.CommandMessage(
            argv, flags=messages.STDIN_TTY, tty=tty, columns=7, rows=5, resume=resume
        ).encode()

    for number in range(100):
        with connect(fugue) as client:
            client.sendall(hello + attach(b"" if number % 4 else b"$0"))
    until("all gone", lambda: not fugue("list-clients"))
    fugue("set-option", "-g", "window-size", "smallest")
    with fugue.attached() as viewer:
        viewer.wait_for("[work]")
        assert fugue.format("#{window_width}x#{window_height}", "work") == "80x23"
    assert fugue.server_pid() == pid


def test_a_client_with_an_enormous_terminal_keeps_nobody_waiting(fugue: Running) -> None:
    """Its frames have as many rows as its terminal, and the server draws them between all else it does."""
    begin(fugue)
    hello = messages.Hello(1, 1, "test").encode()
    attach = messages.CommandMessage(
        (b"attach-session", b"-t", b"work"),
        flags=messages.STDIN_TTY,
        tty=b"/dev/pts/7001",
        columns=65_535,
        rows=65_535,
    ).encode()
    with connect(fugue) as client:
        client.sendall(hello + attach)
        until("it there", lambda: "/dev/pts/7001" in fugue("list-clients"))
        largest = f"{limits.CLIENT_COLUMNS_MAX}x{limits.CLIENT_ROWS_MAX}"
        size = "#{client_width}x#{client_height}"
        assert fugue("list-clients", "-F", size) == largest
        client.sendall(messages.resize(65_535, 65_535, messages.RESIZE))
        assert fugue("list-clients", "-F", size) == largest


def test_two_hundred_idle_connections_and_one_byte_at_a_time(fugue: Running) -> None:
    pid = begin(fugue)
    idle = [connect(fugue) for _ in range(200)]
    slow = connect(fugue)
    hello = messages.Hello(1, 1, "test").encode()
    try:
        for byte in hello[:-1]:
            with suppress(BrokenPipeError, ConnectionResetError):  # on a slow machine it is late
                slow.sendall(bytes((byte,)))
            assert fugue("list-sessions", "-F", "#{session_name}") == "work"
        for client in [*idle, slow]:
            ends(client)  # within HELLO_SECONDS_MAX, or the socket's own time limit ends the test
    finally:
        for client in [*idle, slow]:
            client.close()
    assert fugue.server_pid() == pid


def test_a_slow_viewer_is_dropped_with_a_message_and_may_come_back(fugue: Running) -> None:
    """A stopped client reads nothing. Frames are left out for it, but what is put on the clipboard is not.

    If it wakes while its connection is still held, it is told and ends; if later, it connects again by itself.
    """
    pid = begin(fugue)
    script = fugue.directory / "clipboard.py"
    script.write_text(
        "import sys\nfor line in sys.stdin:\n"
        "    sys.stdout.write('\\033]52;c;' + 'QUJD' * 340000 + '\\007' + line)\n    sys.stdout.flush()\n"
    )
    fugue("new-window", "-t", "work:5", "python3", str(script))

    def came_back(client: Attached) -> bool:
        client.read()
        return client.tty in fugue("list-clients")

    with fugue.attached() as slow, fugue.attached() as other:
        slow.wait_for("5:python3*")
        other.wait_for("5:python3*")
        slow.process.send_signal(signal.SIGSTOP)
        before = memory_bytes(pid)
        for number in range(12):  # more than the 8 MiB that may wait for a viewer
            fugue("send-keys", "-t", "work:5", f"copied-{number}", "Enter")
            other.wait_for(f"copied-{number}\ncopied-{number}")
        # Its connection is held a few seconds longer, so that it can be told if it reads again.
        until("end of the slow one", lambda: len(fugue("list-clients").splitlines()) == 1)
        assert memory_bytes(pid) - before < 200 << 20
        slow.process.send_signal(signal.SIGCONT)
        until("word of the slow one", lambda: came_back(slow) or slow.process.poll() is not None)
        if slow.process.poll() is not None:
            assert slow.wait_exit() == 1
            assert b"did not keep up; attach again" in slow.raw
        other.type(b"\x02c")
        other.wait_for("1:bash*")
    with fugue.attached() as again:
        again.wait_for("1:bash*")
    assert fugue.server_pid() == pid


def test_a_client_that_never_reads_a_flood_costs_nothing(fugue: Running) -> None:
    """Frames are dropped, not queued: the newest one is drawn when it reads again."""
    pid = begin(fugue)
    script = fugue.directory / "flood.py"
    script.write_text(FLOOD)
    with fugue.attached() as slow, fugue.attached() as other:
        slow.wait_for("[work]")
        other.wait_for("[work]")
        slow.process.send_signal(signal.SIGSTOP)
        fugue("send-keys", "-t", "work", f"python3 {script}", "Enter")
        until("flood", lambda: re.match(r"\d{3,} ", other.text()))
        before = memory_bytes(pid)
        seen = len(other.raw)
        until("more of it", lambda: other.text() and len(other.raw) > seen + (100 << 10))
        assert memory_bytes(pid) - before < 64 << 20
        fugue("send-keys", "-t", "work", "C-c")
        fugue("send-keys", "-t", "work", "clear; echo now''here", "Enter")
        other.wait_for("nowhere")
        slow.process.send_signal(signal.SIGCONT)
        slow.wait_for("nowhere")
    assert alive(pid)
