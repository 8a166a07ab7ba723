"""Which commands start a server, and the message if none runs, as tmux 3.3a does."""

import errno
import os
import sys
from pathlib import Path

import pytest

from fuguemux.client import arguments, seek, start
from fuguemux.client.conversation import CommandRequest
from fuguemux.client.failure import Failure, ServerLost
from fuguemux.commands import table
from fuguemux.commands.table import COMMANDS
from fuguemux.keeper.helper_record import STOPPED_FILE, encode


@pytest.mark.parametrize(
    "words",
    [
        "",
        "new",
        "new-session -d",
        "new-s",
        "a",
        "at",
        "attach",
        "attach-session -t x",
        "start",
        "start-server",
        "star",
        "recovery",
        "lsk",
        "list-co",
    ],
)
def test_these_start_a_server(words: str) -> None:
    assert start.starts_server(words.split())


@pytest.mark.parametrize(
    "words",
    [
        "ls",
        "list-sessions",
        "new-window",
        "n",
        "new-",
        "s",
        "kill-server",
        "has -t x",
        "attachx",
        "st",
        "stat",
        "status",
        "list-",
    ],
)
def test_these_do_not(words: str) -> None:
    assert not start.starts_server(words.split())


@pytest.mark.parametrize(
    ("words", "starts"),
    [
        (["ls", ";", "new", "-d"], True),
        (["set", "-g", "x", "y;", "start-server"], True),
        (["display", "a\\;", "new"], False),
        (["ls", "new"], False),
        (["new;"], True),
    ],
)
def test_any_command_of_a_sequence_counts(words: list[str], starts: bool) -> None:
    assert start.starts_server(words) is starts


def test_the_table_of_commands_agrees() -> None:
    known = {name: (alias, shortest) for name, alias, shortest in start.STARTING}
    names = [command.name for command in COMMANDS]
    for command in COMMANDS:
        assert not command.starts_server or command.name in known
        if command.name in known:
            alias, shortest = known[command.name]
            assert command.alias == alias
            assert table.find(command.name[:shortest]) is command
            if shortest > 1:
                shorter = command.name[: shortest - 1]
                assert shorter == alias or sum(name.startswith(shorter) for name in names) > 1


def test_only_commands_that_change_nothing_may_be_asked_twice() -> None:
    for word in start.REPEATABLE:
        assert table.find(word).read_only
        assert word in (table.find(word).name, table.find(word).alias)


def never_attached(*_: object) -> int:
    raise AssertionError("no server said that the client is attached")


@pytest.mark.parametrize(
    "words", ["", "new -d", "kill-session -t x", "ls ; new -d", "lss", "capture-pane -b x"]
)
def test_any_other_is_not_asked_again(tmp_path: Path, words: str) -> None:
    given = options(tmp_path, *words.split())
    lost = ServerLost("server exited unexpectedly")
    with pytest.raises(ServerLost) as raised:
        start.converse_again(given, CommandRequest(given), b"", lost, never_attached)
    assert raised.value is lost


def test_the_error_names_the_log_that_may_say_why(tmp_path: Path) -> None:
    given = options(tmp_path, "kill-session")
    log = Path(seek.kept_in(given)) / "keeper.log"
    assert log.parent == tmp_path / "fugue" / "x"
    assert log.parent.stat().st_mode & 0o777 == 0o700
    log.touch()
    with pytest.raises(ServerLost, match=f"^gone: {log} may say why$"):
        start.converse_again(given, CommandRequest(given), b"", ServerLost("gone"), never_attached)


def test_a_server_that_keeps_nothing_has_no_log_either(tmp_path: Path) -> None:
    given = options(tmp_path, "kill-session")
    given.environment[b"FUGUE_PERSISTENCE_ENABLED"] = b"false"
    assert seek.kept_in(given) == ""
    assert list(tmp_path.iterdir()) == []


def options(tmp_path: Path, *words: str) -> arguments.ClientOptions:
    environment = {b"XDG_STATE_HOME": str(tmp_path).encode(), b"HOME": b"/nonexistent"}
    return arguments.parse(["fugue", "-L", "x", *words], environment)


def test_sessions_of_a_crash_wait_for_any_command_and_those_of_a_deliberate_stop_do_not(
    tmp_path: Path,
) -> None:
    found = options(tmp_path, "ls")
    assert not start.sessions_wait(found)
    (tmp_path / "fugue" / "x" / "wal").mkdir(parents=True)
    assert start.sessions_wait(found)
    (tmp_path / "fugue" / "x" / STOPPED_FILE).touch()
    assert not start.sessions_wait(found)


@pytest.mark.parametrize("how", ["garbage", "swapped", "directory", "fifo", "link"])
def test_what_is_no_mark_of_a_deliberate_stop_hides_no_sessions(tmp_path: Path, how: str) -> None:
    found = options(tmp_path, "ls")
    mark = tmp_path / "fugue" / "x" / STOPPED_FILE
    (tmp_path / "fugue" / "x" / "wal").mkdir(parents=True)
    mark.write_bytes(encode(mark.name, b""))
    assert not start.sessions_wait(found)
    mark.unlink()
    match how:
        case "garbage":
            mark.write_bytes(b"garbage")
        case "swapped":
            mark.write_bytes(encode("made-anew", b""))
        case "directory":
            mark.mkdir()
        case "fifo":
            os.mkfifo(mark)
        case _:
            mark.symlink_to("/dev/null")
    assert start.sessions_wait(found)


def test_the_state_directory_of_the_configuration_counts(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(f'[persistence]\nstate_dir = "{tmp_path}/elsewhere"\n')
    found = options(tmp_path, "--config", str(tmp_path / "config.toml"), "ls")
    assert start.state_directory(found) == f"{tmp_path}/elsewhere/x"
    (tmp_path / "config.toml").write_text("nonsense")
    assert start.state_directory(found) == f"{tmp_path}/fugue/x"
    found.environment[b"FUGUE_PERSISTENCE_STATE_DIR"] = b"/var/fugue"
    assert start.state_directory(found) == "/var/fugue/x"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (errno.ENOENT, "error connecting to {} (No such file or directory)"),
        (errno.ECONNREFUSED, "no server running on {}"),
        (errno.EACCES, "error connecting to {} (Permission denied)"),
    ],
)
def test_without_a_server_the_words_are_tmuxs(tmp_path: Path, number: int, text: str) -> None:
    found = options(tmp_path, "ls")
    with pytest.raises(Failure) as failed:
        start.connect_starting(found, OSError(number, os.strerror(number)))
    assert str(failed.value) == text.format(found.places.socket)


def test_a_server_is_not_started_against_the_flag(tmp_path: Path) -> None:
    found = options(tmp_path, "-N", "new")
    found = arguments.parse(["fugue", "-N", "-S", str(tmp_path / "s"), "new"], {b"HOME": b"/x"})
    with pytest.raises(Failure, match="error connecting to"):
        start.connect_starting(found, FileNotFoundError(errno.ENOENT, "No such file or directory"))


def test_the_server_is_told_what_the_client_was_told(tmp_path: Path) -> None:
    found = arguments.parse(
        ["fugue", "-f", "/a", "-f/b", "--config", "/c", "-L", "x"], {b"HOME": b"/x"}
    )
    assert start.server_arguments(found) == [
        *("-L", "x", "--config", "/c", "-f", "/a", "-f", "/b", "--program", "fugue")
    ]
    found = arguments.parse(["/bin/tmux", "-S", "/x/y"], {b"HOME": b"/x"})
    assert start.server_arguments(found) == ["-S", "/x/y", "--program", "tmux"]


def test_a_starter_that_fails_gives_its_own_reason() -> None:
    starter = start.Starter(("/bin/sh", "-c", "echo 'state is locked by server 42' >&2; exit 1"))
    assert starter.wait() == "state is locked by server 42"
    assert start.Starter(("/bin/sh", "-c", "exit 0")).wait() is None
    assert (
        start.Starter(("/bin/sh", "-c", "exit 3")).wait()
        == "the server did not start (exit code 3)"
    )


def test_a_starter_may_be_polled() -> None:
    gate, open_gate = os.pipe()
    os.set_inheritable(gate, True)
    waits = f"import os; os.read({gate}, 1); os.write(2, b'why'); os._exit(1)"
    starter = start.Starter((sys.executable, "-I", "-S", "-c", waits))
    assert starter.poll() == (False, None)
    os.close(gate)
    os.write(open_gate, b"\n")
    os.close(open_gate)
    ended: tuple[bool, str | None] = (False, None)
    while not ended[0]:
        ended = starter.poll()
    assert ended == (True, "why")


def test_a_program_that_cannot_be_run_is_named() -> None:
    with pytest.raises(Failure, match="cannot start the server: /nonexistent/python: No such file"):
        start.Starter(("/nonexistent/python",))
