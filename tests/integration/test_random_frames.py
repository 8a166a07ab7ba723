"""Random messages to a real server: it must handle all of them, and no other client may be affected.

`FUGUE_FUZZ_FRAMES` sets how many, `FUGUE_FUZZ_SEED` which ones.
"""

import contextlib
import os
import random
import select
import socket
import threading
from pathlib import Path

import pytest

from fuguemux.protocol import framing, messages
from tests.support.running import Running, alive, until

pytestmark = pytest.mark.real

FRAMES = int(os.environ.get("FUGUE_FUZZ_FRAMES", "40000"))
SEED = int(os.environ.get("FUGUE_FUZZ_SEED", "1"))
CONNECTIONS = 8
FRAMES_PER_CONNECTION_MAX = 400
GROWTH_BYTES_MAX = 64 << 20

HELLO = messages.Hello(1, 1, "fuzz").encode()
SAFE = (b"list-sessions", b"list-panes", b"has-session", b"show-options", b"display-message")
"""Commands whose random arguments neither end nor change what the other client works with."""
FLAGS = (
    b"-t",
    b"-F",
    b"-p",
    b"-a",
    b"-s",
    b"fuzz",
    b"=work:",
    b"%1",
    b"#{pane_id}",
    b"--",
    b"-",
    b"",
)
KINDS_AFTER = (messages.INPUT, messages.RESIZE, messages.SUSPENDED, messages.WOKEN)


def noise(draw: random.Random, longest: int = 60) -> bytes:
    return draw.randbytes(draw.randrange(longest))


def command(draw: random.Random, *argv: bytes, tty: bool = False) -> bytes:
    """A valid COMMAND."""
    terminal = b"/dev/pts/%d" % draw.randrange(9999) if tty else b""
    return messages.CommandMessage(
        argv,
        b"/tmp",
        {b"TERM": b"xterm-256color", b"LANG": b"C.UTF-8"},
        pid=draw.randrange(1 << 32),
        flags=messages.STDIN_TTY | messages.STDOUT_TTY if tty else 0,
        tty=terminal,
        columns=draw.choice((80, 80, 0, 1, 65_535)),
        rows=draw.choice((24, 24, 0, 1, 65_535)),
    ).encode()


def mutated(draw: random.Random, data: bytes) -> bytes:
    """A frame with a few bytes changed, left out, doubled or put in, and mostly a length that is right again."""
    body = bytearray(data[framing.HEADER_BYTES :])
    for _ in range(draw.randrange(1, 5)):
        at = draw.randrange(len(body) + 1)
        match draw.randrange(4):
            case 0:
                body[at : at + 1] = bytes((draw.randrange(256),))
            case 1:
                del body[at : at + draw.randrange(1, 9)]
            case 2:
                body[at:at] = body[at : at + draw.randrange(1, 30)]
            case _:
                body[at:at] = noise(draw, 8)
    length = len(body) if draw.random() < 0.9 else draw.randrange(1 << 32)
    return length.to_bytes(4, "big") + data[4:5] + bytes(body)


def harmless(draw: random.Random) -> bytes:
    """What an attached client may say at any time."""
    kind = draw.choice((*KINDS_AFTER, messages.INPUT, 0x80 | draw.randrange(128)))
    if kind == messages.INPUT:
        return framing.message_bytes(
            kind, noise(draw).replace(b"\x02", b"")
        )  # C-b: it would find `work`
    if kind in (messages.RESIZE, messages.WOKEN):
        largest = 65_535 if draw.random() < 0.02 else 100
        return messages.resize(
            draw.choice((0, 1, 2, 80, largest)), draw.choice((0, 1, 24, largest)), kind
        )
    return framing.message_bytes(kind, noise(draw) if kind >= 0x80 else b"")


def broken(draw: random.Random) -> bytes:
    """What no client says."""
    match draw.randrange(7):
        case 0:
            return draw.randbytes(draw.randrange(1, 400))
        case 1:
            return draw.randrange(1 << 20, 1 << 32).to_bytes(4, "big") + bytes(
                (draw.randrange(256),)
            )
        case 2:
            return framing.message_bytes(draw.randrange(0x80), noise(draw))
        case 3:
            return framing.message_bytes(messages.RESIZE, noise(draw))
        case 4:
            return mutated(draw, messages.resize(80, 24, draw.choice(KINDS_AFTER)))
        case 5:
            return framing.message_bytes(messages.STDIN, noise(draw))
        case _:
            return framing.message_bytes(draw.choice(messages.SERVER_KINDS), noise(draw))


def conversation(draw: random.Random) -> list[bytes]:
    """The frames of one connection. Most reach far into the server; the last one is often cut."""
    match draw.randrange(12):
        case 0:
            frames = [broken(draw)]
        case 1:
            frames = [mutated(draw, HELLO), command(draw, b"list-sessions")]
        case 2:
            low, high = draw.randrange(1 << 16), draw.randrange(1 << 16)
            frames = [messages.Hello(low, high, "x" * draw.randrange(300)).encode(), HELLO]
        case 3 | 4:
            words = (draw.choice(SAFE), *(draw.choice((*FLAGS, noise(draw))) for _ in range(3)))
            frames = [HELLO, command(draw, *(word.replace(b"\0", b"") for word in words))]
        case 5 | 6:
            frames = [HELLO, mutated(draw, command(draw, draw.choice(SAFE), b"-F", b"#{pane_id}"))]
        case _:
            attach = command(draw, b"attach-session", b"-t", b"fuzz", tty=True)
            said = draw.randrange(1, FRAMES_PER_CONNECTION_MAX)
            frames = [HELLO, attach, *(harmless(draw) for _ in range(said)), broken(draw)]
    if draw.random() < 0.2:
        frames[-1] = frames[-1][: draw.randrange(len(frames[-1]) + 1)]
    return frames


class Fuzzer:
    """A few connections at a time, each with a conversation of its own, their frames interleaved."""

    def __init__(self, path: Path, seed: int) -> None:
        self._path = str(path)
        self._draw = random.Random(seed)
        self.sent = 0

    def run(self, frames: int) -> None:
        talks: list[tuple[socket.socket, list[bytes]]] = []
        while self.sent < frames:
            while len(talks) < CONNECTIONS:
                talks.append((self._connect(), conversation(self._draw)[::-1]))
            at = self._draw.randrange(len(talks))
            client, left = talks[at]
            count = self._draw.randrange(1, 120)
            batch = [left.pop() for _ in range(min(count, len(left)))]
            self.sent += len(batch)
            if not self._say(client, b"".join(batch)) or not left:
                self._end(client)
                del talks[at]
        for client, _ in talks:
            self._end(client)

    def _connect(self) -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.connect(self._path)  # waits while the backlog is full
        client.settimeout(30)
        return client

    def _say(self, client: socket.socket, data: bytes) -> bool:
        """Send, and take what was answered so far. False: the server has closed."""
        try:
            client.sendall(data)
            while select.select([client], [], [], 0)[0]:
                if not client.recv(1 << 18):
                    return False
        except OSError:
            return False
        return True

    def _end(self, client: socket.socket) -> None:
        """Nothing more comes; most see the server close, some are gone before."""
        with client, contextlib.suppress(BrokenPipeError, ConnectionResetError):
            if self._draw.random() < 0.8:
                client.shutdown(socket.SHUT_WR)
                while client.recv(1 << 18):
                    pass


def memory_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.timeout(300 + FRAMES // 100)
def test_random_frames(fugue: Running) -> None:
    """The same server afterwards, with what it had; a client that works meanwhile sees nothing of it."""
    fugue.config.write_text("[server]\nframe_rate_hz = 5\n")  # frames from clients, not to them
    quiet = "stty raw -echo; exec cat >/dev/null"
    fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24", "cat")
    fugue("new-session", "-d", "-s", "fuzz", "-x", "80", "-y", "24", quiet)
    pid = fugue.server_pid()
    fuzzer = Fuzzer(fugue.runtime / "fugue" / "default", SEED)
    fuzzer.run(min(FRAMES, 1_000))  # what is built once, tables and buffers, is built now
    before = memory_bytes(pid)
    failures: list[BaseException] = []

    def attack() -> None:
        try:
            fuzzer.run(FRAMES)
        except BaseException as error:  # noqa: BLE001  # reported below, by the test's own thread
            failures.append(error)

    attacker = threading.Thread(target=attack)
    attacker.start()
    rounds = 0
    while attacker.is_alive():
        rounds += 1
        fugue("set-option", "-g", "@round", str(rounds))
        assert fugue("show-options", "-gv", "@round") == str(rounds)
        fugue("send-keys", "-t", "work", f"round-{rounds}", "Enter")
    attacker.join()
    assert not failures, failures
    assert fuzzer.sent >= FRAMES
    assert rounds > 0
    # The echo of one round may come before what cat makes of the one before it.
    until("the last round", lambda: fugue.history("work").count(f"round-{rounds}\n") == 2)
    until("the fuzzer's clients gone", lambda: not fugue("list-clients"))
    assert alive(pid)
    assert fugue.server_pid() == pid
    assert fugue("list-sessions", "-F", "#{session_name}") == "fuzz\nwork"
    assert memory_bytes(pid) - before < GROWTH_BYTES_MAX
    said = (fugue.state / "server.log").read_text()
    assert "Traceback" not in said
    assert "defect" not in said, said
