"""The attached client as a process on a pseudo-terminal, with a server that the test controls."""

import os
import signal
import threading
from pathlib import Path

import pytest

from fuguemux.protocol import messages
from fuguemux.protocol.framing import message_bytes
from fuguemux.protocol.messages import Detached
from tests.support.fake_server import DEADLINE_SECONDS, FakeServer, Peer, serving
from tests.support.terminal_client import TerminalClient, terminal_client

pytestmark = pytest.mark.real

ENTERED = b"\x1b[?1049h"
LEFT = b"\x1b[?1049l"
CLEAN = [
    b"\x1b[?25h",
    b"\x1b[?1000l",
    b"\x1b[?1006l",
    b"\x1b[?2004l",
    b"\x1b[?1004l",
    b"\x1b[=0;1u",
    LEFT,
]


def attach(peer: Peer, token: bytes = b"$1") -> None:
    peer.send(messages.attached(token))


def check_clean(client: TerminalClient) -> None:
    """The terminal is as before: line settings, and every mode switched off after the last thing drawn."""
    assert client.restored()
    end = client.screen[client.screen.rindex(b"\x1b\\\x1b[?2026l") :]
    for sequence in CLEAN:
        assert sequence in end


def test_keys_go_raw_to_the_server_and_its_bytes_to_the_terminal(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        attach(peer)
        assert messages.decode_size(peer.until(messages.RESIZE)) == (100, 30)
        peer.tell(messages.OUTPUT, b"hello \xe2\x94\x82 there")
        assert peer.keys(8) == b"ls\r\x03\x1a\x02d\x00"
        peer.send(Detached("[detached (from session work)]").encode())

    with serving(tmp_path / "s", script) as server:
        with terminal_client("-S", str(tmp_path / "s"), "attach", columns=100, rows=30) as client:
            client.until(b"hello \xe2\x94\x82 there")
            assert client.raw()
            client.type(b"ls\r\x03\x1a\x02d\x00")
            assert client.wait() == 0
            assert client.screen.endswith(b"[detached (from session work)]\r\n")
            check_clean(client)
        command = server.peers[0].command
        assert command.argv == (b"attach",)
        assert (command.columns, command.rows) == (100, 30)
        assert command.interactive
        assert command.term == "xterm-256color"
        assert command.tty.startswith(b"/dev/")


def test_a_new_size_is_told(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        attach(peer)
        peer.until(messages.RESIZE)
        peer.tell(messages.OUTPUT, b"ready")
        assert messages.decode_size(peer.until(messages.RESIZE)) == (132, 43)
        peer.send(Detached("[exited]").encode())

    with serving(tmp_path / "s", script), terminal_client("-S", str(tmp_path / "s")) as client:
        client.until(b"ready")
        client.resize(132, 43)
        assert client.wait() == 0


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (signal.SIGTERM, b"[terminated]"),
        (signal.SIGINT, b"[terminated]"),
        (signal.SIGHUP, b"[lost tty]"),
    ],
)
def test_a_signal_ends_the_client_and_leaves_the_terminal_clean(
    tmp_path: Path, number: signal.Signals, text: bytes
) -> None:
    why: list[bytes] = []

    def script(peer: Peer) -> None:
        attach(peer)
        peer.tell(messages.OUTPUT, b"\x1b[?1003h\x1b[?1006h\x1b[?25l\x1b[>1uready")
        why.append(peer.until(messages.DETACH))

    with serving(tmp_path / "s", script), terminal_client("-S", str(tmp_path / "s")) as client:
        client.until(b"ready")
        client.process.send_signal(number)
        assert client.wait() == 1
        assert client.screen.endswith(text + b"\r\n")
        check_clean(client)
    assert why == [text.strip(b"[]")]


@pytest.mark.parametrize(
    ("sent", "code", "text"),
    [
        (Detached("[exited]", 0).encode(), 0, b"[exited]"),
        (Detached("[server exited]", 3).encode(), 3, b"[server exited]"),
        (messages.exit_with(4), 4, b""),
        (message_bytes(messages.STDERR, b"can't find session: x\n"), 1, b"can't find session: x"),
        (message_bytes(0x3F, b"unknown"), 1, b"unexpected message kind 63"),
        (bytes(5), 1, b"a message of kind 0"),
        (message_bytes(messages.DETACHED, b"\1\xff"), 1, b"a field that ends after its message"),
    ],
)
def test_the_terminal_is_clean_whatever_ends_the_session(
    tmp_path: Path, sent: bytes, code: int, text: bytes
) -> None:
    def script(peer: Peer) -> None:
        attach(peer)
        peer.tell(messages.OUTPUT, b"\x1b]2;a title that is cut in its mid")
        peer.until(messages.INPUT)
        peer.send(sent)
        peer.until_end()

    with serving(tmp_path / "s", script), terminal_client("-S", str(tmp_path / "s")) as client:
        client.until(b"in its mid")
        client.type(b"x")
        assert client.wait() == code
        check_clean(client)
        assert text in client.screen[client.screen.rindex(LEFT) :]


def test_messages_in_the_same_piece_as_the_attach_are_not_lost(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.send(
            messages.attached(b"$1")
            + message_bytes(messages.OUTPUT, b"first")
            + Detached("[exited]").encode()
        )

    with serving(tmp_path / "s", script), terminal_client("-S", str(tmp_path / "s")) as client:
        assert client.wait() == 0
        assert b"first" in client.screen


def test_a_terminal_that_takes_nothing_stops_the_reading_of_the_socket(tmp_path: Path) -> None:
    length = 8 << 20
    blocked = threading.Event()

    def script(peer: Peer) -> None:
        attach(peer)
        peer.socket.settimeout(1)
        sent = 0
        try:
            while sent < length:
                sent += peer.socket.send(message_bytes(messages.OUTPUT, b"x" * 65_531))
        except TimeoutError:
            blocked.set()
            peer.socket.settimeout(DEADLINE_SECONDS)
            peer.until_end()  # the end of this side would be a reason to come back
            return
        raise AssertionError("the client took everything and kept it")

    with serving(tmp_path / "s", script), terminal_client("-S", str(tmp_path / "s")) as client:
        client.until(b"x")
        assert blocked.wait(20)
        client.process.terminate()
        assert client.process.wait(20) == 1  # although its terminal still takes nothing
        assert client.restored()


JOB_CONTROL = ("sh", "-c", 'set -m; "$@"; echo "[stopped: $?]"; read line; fg >/dev/null', "sh")
"""A shell between the terminal and the client: a session's first process cannot be stopped."""


def test_a_stopped_client_gives_the_terminal_back_and_takes_it_again(tmp_path: Path) -> None:
    pids: list[int] = []

    def script(peer: Peer) -> None:
        pids.append(peer.command.pid)
        attach(peer)
        peer.tell(messages.OUTPUT, b"ready")
        peer.until(messages.SUSPENDED)
        assert messages.decode_size(peer.until(messages.WOKEN)) == (90, 20)
        peer.tell(messages.OUTPUT, b"drawn again")
        peer.until(messages.INPUT)
        peer.send(Detached("[exited]").encode())

    with (
        serving(tmp_path / "s", script),
        terminal_client("-S", str(tmp_path / "s"), wrapper=JOB_CONTROL) as client,
    ):
        client.until(b"ready")
        os.kill(pids[0], signal.SIGTSTP)
        client.until(b"[stopped: ")
        assert LEFT in client.screen
        assert client.restored()
        client.resize(90, 20)
        client.type(b"\r")
        client.until(b"drawn again")
        assert client.raw()
        client.type(b"x")
        assert client.wait() == 0
        check_clean(client)


def test_the_server_may_stop_the_client(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        attach(peer)
        peer.tell(messages.SUSPEND)
        peer.until(messages.SUSPENDED)
        peer.until(messages.WOKEN)
        peer.send(Detached("[exited]").encode())

    with (
        serving(tmp_path / "s", script),
        terminal_client("-S", str(tmp_path / "s"), wrapper=JOB_CONTROL) as client,
    ):
        client.until(b"[stopped: ")
        client.type(b"\r")
        assert client.wait() == 0
        check_clean(client)


def test_a_client_that_was_stopped_without_warning_draws_again(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        attach(peer)
        peer.until(messages.RESIZE)
        os.kill(peer.command.pid, signal.SIGSTOP)
        os.kill(peer.command.pid, signal.SIGCONT)
        peer.until(messages.WOKEN)
        peer.send(Detached("[exited]").encode())

    with serving(tmp_path / "s", script), terminal_client("-S", str(tmp_path / "s")) as client:
        assert client.wait() == 0
        check_clean(client)


def test_the_client_comes_back_by_itself_with_its_session_and_the_keys_typed_meanwhile(
    tmp_path: Path,
) -> None:
    path = tmp_path / "s"

    def dies(peer: Peer) -> None:
        attach(peer, b"first token")
        peer.tell(messages.RESUME, b"second token")
        peer.tell(messages.OUTPUT, b"\x1b[?2026hready")
        peer.keys(1)

    def returns(peer: Peer) -> None:
        assert peer.command.resume == b"second token"
        assert (peer.command.columns, peer.command.rows) == (120, 40)
        peer.tell(messages.PROGRESS, b"recovering: 3 of 8 panes")
        attach(peer, b"third token")
        peer.tell(messages.OUTPUT, b"back again")
        assert messages.decode_size(peer.until(messages.RESIZE)) == (120, 40)
        assert peer.keys(5) == b"typed"
        peer.send(Detached("[detached (from session work)]").encode())

    first = FakeServer(path, dies)
    with terminal_client("-S", str(path), "attach", "-t", "work") as client:
        client.until(b"ready")
        first.stop_listening()
        client.type(b"x")
        first.close()
        client.resize(120, 40)
        client.type(b"typed")
        assert client.raw()
        with serving(path, returns) as second:
            client.until(b"back again")
            assert client.wait() == 0
            assert b"recovering: 3 of 8 panes" in client.screen
            assert client.screen.count(ENTERED) == 1, "the screen was kept"
            check_clean(client)
            assert second.peers[0].command.argv == (b"attach", b"-t", b"work")


def test_waiting_is_announced_and_can_be_given_up(tmp_path: Path) -> None:
    path = tmp_path / "s"

    def dies(peer: Peer) -> None:
        attach(peer)
        peer.tell(messages.OUTPUT, b"ready")
        peer.keys(1)

    server = FakeServer(path, dies)
    with terminal_client("-S", str(path), "attach") as client:
        client.until(b"ready")
        server.stop_listening()
        client.type(b"x")
        server.close()
        client.until(b"waiting for it to come back (C-c gives up)")
        client.type(b"\x03")
        assert client.wait() == 1
        assert client.screen.endswith(b"[server exited unexpectedly]\r\n")
        check_clean(client)


def test_a_session_that_did_not_come_back_ends_the_client_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "s"

    def script(peer: Peer) -> None:
        if peer.command.resume:
            said = message_bytes(messages.STDERR, b"can't find session: work\n")
            peer.send(said + messages.exit_with(1))  # at once: the client may go after the first
            return
        attach(peer)
        peer.tell(messages.OUTPUT, b"ready")
        peer.keys(1)

    with serving(path, script), terminal_client("-S", str(path), "attach") as client:
        client.until(b"ready")
        client.type(b"x")
        assert client.wait() == 1
        assert client.screen.endswith(b"can't find session: work\r\n")
        check_clean(client)


def test_the_loss_of_the_terminal_ends_the_client(tmp_path: Path) -> None:
    why: list[bytes] = []

    def script(peer: Peer) -> None:
        attach(peer)
        peer.tell(messages.OUTPUT, b"ready")
        why.append(peer.until(messages.DETACH))

    with serving(tmp_path / "s", script), terminal_client("-S", str(tmp_path / "s")) as client:
        client.until(b"ready")
        os.close(client.slave)
        os.close(client.master)
        assert client.process.wait(20) == 1
    assert why == [b"lost tty"]


def test_the_parent_is_hung_up_if_asked(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        attach(peer)
        peer.send(Detached("[detached]", hang_up_parent=True).encode())

    parent = ("sh", "-c", 'trap "echo hung up" HUP; "$@"; true', "sh")
    with (
        serving(tmp_path / "s", script),
        terminal_client("-S", str(tmp_path / "s"), wrapper=parent) as client,
    ):
        client.until(b"hung up")
