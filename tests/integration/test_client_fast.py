"""The thin client as a process, with a server that the test controls: what it sends, prints and answers, and how
little it imports."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fuguemux import __version__
from fuguemux.client import conversation, fast
from fuguemux.model.limits import ARGUMENT_BYTES_MAX
from fuguemux.protocol import messages
from fuguemux.protocol.framing import message_bytes
from fuguemux.protocol.messages import Detached, Hello
from tests.support.fake_server import Peer, serving
from tests.support.running import until
from tests.support.terminal_client import CLIENT, client_environment

MODULES_MAX = 13
"""Modules a command may load beyond what the interpreter loads by itself."""


def run(
    *words: str,
    stdin: bytes = b"",
    environment: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*CLIENT, *words],
        input=stdin,
        capture_output=True,
        env=client_environment(**(environment or {})),
        cwd=cwd,
        timeout=30,
        check=False,
    )


def test_a_command_goes_as_it_was_typed_and_its_answer_is_printed(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.tell(messages.STDOUT, b"0: 1 windows\n")
        peer.tell(messages.STDERR, b"a warning\n")
        peer.tell(0xF0, b"a message from the future that may be skipped")
        peer.exit(3)

    name = os.fsdecode(b"caf\xe9 \xe2\x82\xac")
    with serving(tmp_path / "s", script) as server:
        done = run(
            "-2u",
            "-S",
            str(tmp_path / "s"),
            "new",
            "-s",
            name,
            environment={"STRANGE": name},
            cwd=tmp_path,
        )
        command = server.peers[0].command
        hello = server.peers[0].hello
    assert (done.stdout, done.stderr, done.returncode) == (b"0: 1 windows\n", b"a warning\n", 3)
    assert hello == Hello(messages.VERSION_MIN, messages.VERSION_MAX, __version__)
    assert command.argv == (b"new", b"-s", b"caf\xe9 \xe2\x82\xac")
    assert command.cwd == os.fsencode(tmp_path)
    assert command.environment[b"STRANGE"] == b"caf\xe9 \xe2\x82\xac"
    assert command.flags == messages.UTF8 | messages.COLORS_256
    assert not command.interactive
    assert command.pid > 0


def test_the_thin_client_imports_next_to_nothing(tmp_path: Path) -> None:
    probe = (
        "import sys; before = set(sys.modules); from fuguemux.__main__ import main; code = main();"
        "sys.stderr.write('\\n'.join(sorted(set(sys.modules) - before))); sys.exit(code)"
    )
    with serving(tmp_path / "s", lambda peer: peer.exit()):
        done = subprocess.run(
            [sys.executable, "-I", "-c", probe, "-S", str(tmp_path / "s"), "ls"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    loaded = done.stderr.split()
    assert done.returncode == 0
    foreign = [name for name in loaded if not name.startswith("fuguemux")]
    assert set(foreign) <= {"_socket", "__future__"}
    assert len(loaded) <= MODULES_MAX


def test_standard_input_is_sent_when_it_is_asked_for(tmp_path: Path) -> None:
    data = bytes(range(256)) * 2_000

    def script(peer: Peer) -> None:
        peer.tell(messages.STDIN_WANTED)
        received = b""
        while part := peer.until(messages.STDIN):
            received += part
        assert received == data
        peer.exit()

    with serving(tmp_path / "s", script):
        assert run("-S", str(tmp_path / "s"), "load-buffer", "-", stdin=data).returncode == 0


def test_a_server_that_wants_no_more_input_has_the_last_word(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.tell(messages.STDIN_WANTED)
        peer.until(messages.STDIN)
        peer.tell(messages.STDERR, b"buffer too large\n")
        peer.exit(1)

    with serving(tmp_path / "s", script):
        done = run("-S", str(tmp_path / "s"), "load-buffer", "-", stdin=b"x" * 5_000_000)
    assert (done.stderr, done.returncode) == (b"buffer too large\n", 1)


@pytest.mark.parametrize(
    ("sent", "text", "code"),
    [
        (b"", b"server exited unexpectedly\n", 1),
        (
            message_bytes(messages.STDOUT, b"half an answer")[:-4],
            b"server exited unexpectedly\n",
            1,
        ),
        (Detached("[server exited]", 2).encode(), b"[server exited]\n", 2),
        (message_bytes(0x3F), b"unexpected message kind 63", 1),
        (bytes(5), b"a message of kind 0", 1),
    ],
)
def test_a_server_that_goes_wrong_is_told_in_one_line(
    tmp_path: Path, sent: bytes, text: bytes, code: int
) -> None:
    with serving(tmp_path / "s", lambda peer: peer.send(sent)):
        done = run("-S", str(tmp_path / "s"), "kill-session")
    assert text in done.stderr
    assert done.stderr.count(b"\n") == 1
    assert done.returncode == code


@pytest.mark.parametrize(
    ("words", "times"), [(["ls"], 2), (["kill-session"], 1), (["ls", ";", "kill-session"], 1)]
)
def test_a_question_is_asked_again_when_the_server_is_lost(
    tmp_path: Path, words: list[str], times: int
) -> None:
    asked: list[tuple[bytes, ...]] = []

    def script(peer: Peer) -> None:
        asked.append(peer.command.argv)
        if len(asked) > 1:
            peer.exit()

    with serving(tmp_path / "s", script):
        done = run("-S", str(tmp_path / "s"), *words)
    assert asked == [tuple(map(str.encode, words))] * times
    assert done.returncode == (0 if times == 2 else 1)
    assert done.stderr == (b"" if times == 2 else b"server exited unexpectedly\n")


def test_a_server_that_never_greets_took_no_command_so_the_next_one_is_asked(
    tmp_path: Path,
) -> None:
    """A killed server keeps its socket while a thread of it waits for the disk: whoever connects then hears nothing."""
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as dying:
        dying.bind(path)
        dying.listen()
        client = subprocess.Popen(
            [*CLIENT, "-S", path, "kill-session"],
            env=client_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        connection, _ = dying.accept()
        assert connection.recv(1), "it has said what it wants"
        os.unlink(path)
        with serving(tmp_path / "s", lambda peer: peer.exit()) as server:
            connection.close()
            assert client.communicate(timeout=60) == (b"", b"")
    assert client.returncode == 0
    assert len(server.peers) == 1


def test_a_command_that_an_ending_server_has_not_begun_is_for_the_next_one(tmp_path: Path) -> None:
    asked: list[tuple[bytes, ...]] = []

    def script(peer: Peer) -> None:
        asked.append(peer.command.argv)
        if len(asked) == 1:
            peer.tell(messages.NOT_BEGUN)
        else:
            peer.exit()

    with serving(tmp_path / "s", script):
        done = run("-S", str(tmp_path / "s"), "kill-session")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert asked == [(b"kill-session",)] * 2


def test_an_answer_that_was_begun_is_not_printed_twice(tmp_path: Path) -> None:
    with serving(tmp_path / "s", lambda peer: peer.tell(messages.STDOUT, b"half\n")) as server:
        done = run("-S", str(tmp_path / "s"), "ls")
    assert (done.stdout, done.stderr) == (b"half\n", b"server exited unexpectedly\n")
    assert len(server.peers) == 1


def test_something_else_that_listens_there_is_recognised(tmp_path: Path) -> None:
    with serving(
        tmp_path / "s", lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"), greet=False
    ):
        done = run("-S", str(tmp_path / "s"), "ls")
    assert done.stderr.startswith(
        b"fugue: the process that listens there is not a working fugue server"
    )
    assert done.returncode == 1


def test_a_server_that_refuses_the_client_says_why(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        peer.send(Hello(0, 0, "upgrade the client").encode())
        peer.until_end()

    with serving(tmp_path / "s", script, greet=False):
        done = run("-S", str(tmp_path / "s"), "ls")
    assert (done.stderr, done.returncode) == (b"upgrade the client\n", 1)


def test_a_command_that_is_too_long_is_not_sent(tmp_path: Path) -> None:
    assert conversation.COMMAND_BYTES_MAX == ARGUMENT_BYTES_MAX
    done = run("-S", str(tmp_path / "s"), "send-keys", *["x" * 100_000] * 11)
    assert done.stderr == b"command too long: 1100009 bytes, at most 1048576\n"
    assert done.returncode == 1


def test_a_megabyte_of_command_arrives(tmp_path: Path) -> None:
    words = ["x" * 100_000] * 10
    with serving(tmp_path / "s", lambda peer: peer.exit()) as server:
        assert run("-S", str(tmp_path / "s"), *words).returncode == 0
        assert server.peers[0].command.argv == tuple(word.encode() for word in words)


def test_without_a_server_the_words_are_tmuxs(tmp_path: Path) -> None:
    path = tmp_path / "s"
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    done = run("-S", str(path), "ls", environment=environment)
    assert (done.stderr, done.returncode) == (
        f"error connecting to {path} (No such file or directory)\n".encode(),
        1,
    )
    with serving(path, lambda peer: None):
        pass
    done = run("-S", str(path), "has-session", "-t", "x", environment=environment)
    assert (done.stderr, done.returncode) == (f"no server running on {path}\n".encode(), 1)


def state(pid: int) -> str:
    """R, S, D …: proc_pid_stat(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_interrupted_it_ends_quietly(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        pid = peer.command.pid
        # A signal between the interpreter's last look and recv(2) would wait for the answer: until it sleeps in there.
        until("wait for the answer", lambda: state(pid) == "S")
        os.kill(pid, signal.SIGINT)
        peer.until_end()

    with serving(tmp_path / "s", script):
        done = run("-S", str(tmp_path / "s"), "wait-for", "x")
    assert (done.stderr, done.returncode) == (b"", 130)


def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path) -> None:
    def script(peer: Peer) -> None:
        for _ in range(100):
            peer.tell(messages.STDOUT, b"x" * 100_000)
        peer.exit()

    def tolerant(peer: Peer) -> None:
        try:
            script(peer)
        except (BrokenPipeError, ConnectionResetError):
            return

    with serving(tmp_path / "s", tolerant):
        process = subprocess.Popen(
            [*CLIENT, "-S", str(tmp_path / "s"), "capture-pane", "-p"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=client_environment(),
        )
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.wait(20) == 1
        assert process.stderr.read() == b""
        process.stderr.close()


@pytest.mark.parametrize(
    ("program", "text"), [("fugue", f"fugue {__version__}\n"), ("tmux", "tmux 3.3a\n")]
)
def test_the_version_is_that_of_the_name_it_is_called_by(
    capfd: pytest.CaptureFixture[str], program: str, text: str
) -> None:
    assert fast.main(argv=[f"/usr/bin/{program}", "-V"]) == 0
    assert capfd.readouterr().out == text


def test_a_bad_flag_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert fast.main(argv=["fugue", "-Z"]) == 1
    assert capfd.readouterr().err.startswith("fugue: unknown option -- Z\nusage: fugue [")


def test_a_shell_command_is_run_by_the_users_shell() -> None:
    done = run("-c", "echo $0 $((6*7)); exit 5", environment={"SHELL": "/bin/sh"})
    assert (done.stdout, done.returncode) == (b"sh 42\n", 5)
    done = run("-c", "true", environment={"SHELL": "/nonexistent"})
    assert done.stderr == b"cannot run /nonexistent: No such file or directory\n"


def test_a_deleted_directory_is_named_as_it_was(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    with serving(tmp_path / "s", lambda peer: peer.exit()) as server:
        subprocess.run(
            [
                "sh",
                "-c",
                'cd "$1"; rmdir "$1"; shift; exec "$@"',
                "sh",
                str(gone),
                *CLIENT,
                "-S",
                str(tmp_path / "s"),
                "ls",
            ],
            env=client_environment(),
            timeout=30,
            check=True,
        )
        assert server.peers[0].command.cwd == os.fsencode(gone)
