"""pipe-pane: a command gets all output from the first byte, once and in order, even if the server is killed or
restarted."""

import os
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.running import Running, until, wait_dead

COUNTS = 'while read line; do echo "<$line>"; done'
"""A program that prints one line for each that it is given, and nothing by itself but their echo."""


@pytest.fixture
def fugue(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path)
    running("new-session", "-d", "-s", "keep", "sleep 1000")
    yield running
    running.end()


def text(path: Path) -> str:
    return path.read_bytes().decode() if path.exists() else ""


def holds(path: Path, wanted: str) -> bool:
    return text(path) == wanted


def say(fugue: Running, pane: str, word: str, piped: Path) -> None:
    """Give the program a line, and wait until the pipe's command has its answer."""
    fugue("send-keys", "-t", pane, word, "Enter")
    until(f"<{word}> in {piped.name}", lambda: f"<{word}>" in text(piped))


def begun(fugue: Running, piped: Path, *options: str) -> str:
    """A pane with a program that answers, piped into a file."""
    pane = fugue("new-session", "-d", "-P", "-F", "#{pane_id}", *options, "-x", "40", COUNTS)
    fugue("pipe-pane", "-t", pane, f"cat >>{piped}")
    return pane


@pytest.mark.parametrize("program", ["echo early; exec sleep 1000", "echo early"])
def test_a_pipe_of_the_same_sequence_has_the_first_byte(
    fugue: Running, tmp_path: Path, program: str
) -> None:
    for number in range(5):
        piped = tmp_path / f"piped{number}"
        made = ("new-session", "-d", "-s", f"s{number}", program)
        fugue(*made, ";", "pipe-pane", "-o", "-t", f"s{number}", f"cat >>{piped}")
        until("first line", partial(holds, piped, "early\r\n"))


def test_a_command_that_waits_does_not_keep_new_panes_from_being_read(
    fugue: Running, tmp_path: Path
) -> None:
    fugue(
        *("new-session", "-d", "-s", "s", "cat >/dev/null", ";"),
        *("split-window", "-d", "-t", "s", f"echo shown; touch {tmp_path}/ran; exec sleep 1000", ";"),
        *("run-shell", f"until [ -e {tmp_path}/ran ]; do sleep 0.01; done", ";"),
        *("wait-for", "-S", "done"),
    )  # fmt: skip
    fugue.wait_for("shown", "s:.1")


@pytest.mark.parametrize("how", ["killed", "restarted", "both killed"])
def test_it_goes_on_at_the_next_server(fugue: Running, tmp_path: Path, how: str) -> None:
    piped = tmp_path / "piped"
    pane = begun(fugue, piped)
    say(fugue, pane, "one", piped)
    for word in ("two", "three"):
        if how == "killed":
            fugue.kill_server()
        elif how == "restarted":
            fugue("restart-server")
        else:
            fugue.kill_everything()
            fugue("send-keys", "-t", pane, COUNTS, "Enter")
        assert fugue.format("#{pane_pipe}", pane) == "1"
        say(fugue, pane, word, piped)
    found = text(piped)
    assert [found.count(f"\n<{word}>") for word in ("one", "two", "three")] == [1, 1, 1]
    if how != "both killed":
        assert found == "one\r\n<one>\r\ntwo\r\n<two>\r\nthree\r\n<three>\r\n"


def test_of_a_pane_that_is_not_kept_it_goes_on_too(fugue: Running, tmp_path: Path) -> None:
    piped = tmp_path / "piped"
    pane = begun(fugue, piped)
    fugue("set-option", "-p", "-t", pane, "persist", "off")
    say(fugue, pane, "one", piped)
    fugue.kill_server()
    say(fugue, pane, "two", piped)
    assert text(piped) == "one\r\n<one>\r\ntwo\r\n<two>\r\n"


def unread(fugue: Running, tmp_path: Path) -> tuple[Path, Path]:
    """A pipe into the first of these files, whose command reads when the second one is written to."""
    piped, gate, go = tmp_path / "piped", tmp_path / "gate", tmp_path / "go"
    os.mkfifo(gate)
    fugue(
        *("new-session", "-d", "-s", "s", f"until [ -e {go} ]; do sleep 0.01; done; seq 40000; cat", ";"),
        *("pipe-pane", "-t", "s", f"read x <{gate}; cat >>{piped}"),
    )  # fmt: skip
    go.touch()
    fugue.wait_for("40000", "s")
    return piped, gate


def test_a_state_that_is_made_anew_knows_of_pipes_and_of_copy_mode(
    fugue: Running, tmp_path: Path
) -> None:
    """What only the log of the former state has is left out, and said: without the pipe's place nobody would know."""
    piped, gate = unread(fugue, tmp_path)
    fugue("copy-mode", "-t", "s")
    fugue.state.rename(fugue.state.with_name("away"))
    fugue("state", "here")
    fugue.kill_server()
    assert fugue.format("#{pane_in_mode}", "s") == "1"
    gate.write_text("\n")
    until("end of the old one's input", lambda: piped.exists() and piped.stat().st_size >= 4096)
    gate.write_text("\n")
    until("word of it", lambda: "left out of pipe-pane" in fugue("show-messages"))


def test_what_a_dead_servers_command_had_not_got_is_given_to_the_next(
    fugue: Running, tmp_path: Path
) -> None:
    """The command does not read at first: a part waits in its pipe, the rest in the server, which is killed."""
    piped, gate = unread(fugue, tmp_path)
    fugue.kill_server()
    gate.write_text("\n")  # now the old command reads what is in its pipe, and ends
    until("end of the old one's input", lambda: piped.exists() and piped.stat().st_size >= 4096)
    gate.write_text("\n")
    wanted = "".join(f"{number}\r\n" for number in range(1, 40_001))
    until("all of it", lambda: len(text(piped)) >= len(wanted))
    assert text(piped) == wanted


def test_a_command_that_ends_by_itself_ends_the_pipe(fugue: Running, tmp_path: Path) -> None:
    piped = tmp_path / "piped"
    pane = fugue("new-session", "-d", "-P", "-F", "#{pane_id}", COUNTS)
    fugue("pipe-pane", "-t", pane, f"head -n 1 >{piped}")
    assert fugue.format("#{pane_pipe}", pane) == "1"
    fugue("send-keys", "-t", pane, "one", "Enter")
    until("end of the pipe", lambda: fugue.format("#{pane_pipe}", pane) == "0")
    assert text(piped) == "one\r\n"
    fugue.kill_server()
    assert fugue.format("#{pane_pipe}", pane) == "0"
    assert list((fugue.state / "pipes").iterdir()) == []


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("cat >{}", "its command would overwrite its file"),
        ("API_KEY=hush cat >>{}", "a secret in its command is not stored"),
    ],
)
def test_where_it_cannot_go_on_it_says_so(
    fugue: Running, tmp_path: Path, command: str, says: str
) -> None:
    piped = tmp_path / "piped"
    pane = fugue("new-session", "-d", "-P", "-F", "#{pane_id}", COUNTS)
    fugue("pipe-pane", "-t", pane, command.format(piped))
    say(fugue, pane, "one", piped)
    fugue.kill_server()
    assert fugue.format("#{pane_pipe}", pane) == "0"
    said = f"{pane}: pipe-pane has ended with the last server: {says}"
    assert said in fugue("show-messages")
    assert said in fugue("recovery")
    assert text(piped) == "one\r\n<one>\r\n"


def test_toggled_off_it_stays_off(fugue: Running, tmp_path: Path) -> None:
    piped = tmp_path / "piped"
    pane = begun(fugue, piped)
    say(fugue, pane, "one", piped)
    fugue("pipe-pane", "-o", "-t", pane, f"cat >>{piped}")
    assert fugue.format("#{pane_pipe}", pane) == "0"
    fugue.kill_server()
    fugue("send-keys", "-t", pane, "two", "Enter")
    fugue.wait_for("<two>", pane)
    assert text(piped) == "one\r\n<one>\r\n"


def test_what_a_command_prints_is_typed(fugue: Running, tmp_path: Path) -> None:
    piped = tmp_path / "piped"
    pane = fugue("new-session", "-d", "-P", "-F", "#{pane_id}", COUNTS)
    fugue("pipe-pane", "-I", "-t", pane, "echo typed")
    fugue.wait_for("<typed>", pane)
    until("end of the pipe", lambda: fugue.format("#{pane_pipe}", pane) == "0")
    fugue("pipe-pane", "-IO", "-t", pane, f"echo again; cat >>{piped}")
    until("what it led to", lambda: "<again>" in text(piped))


def test_the_command_ends_with_its_pane_and_with_the_server(fugue: Running, tmp_path: Path) -> None:
    pids = []
    for name in ("a", "b"):
        fugue("new-session", "-d", "-s", name, "exec sleep 1000")
        fugue(
            "pipe-pane",
            "-t",
            name,
            f"echo $$ >{tmp_path}/new; mv {tmp_path}/new {tmp_path}/{name}; exec cat",
        )
        until("its number", partial(text, tmp_path / name))
        pids.append(int(text(tmp_path / name)))
    fugue("kill-session", "-t", "a")
    wait_dead(pids[0])
    fugue("kill-server")
    wait_dead(pids[1])


def test_a_disk_that_does_not_keep_where_a_pipe_is_does_not_end_it(fugue: Running) -> None:
    shutil.rmtree(fugue.state / "pipes", ignore_errors=True)
    (fugue.state / "pipes").write_text("no directory")
    pane = fugue("new-session", "-d", "-P", "-F", "#{pane_id}", COUNTS)
    fugue("pipe-pane", "-t", pane, f"cat >>{fugue.directory}/piped")
    say(fugue, pane, "one", fugue.directory / "piped")
