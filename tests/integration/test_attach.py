"""Attached clients on terminals: what they show, what keys do, and what survives kills."""

import os
import signal
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.running import Attached, Running, kill, until

pytestmark = pytest.mark.real
PREFIX = b"\x02"


def start(fugue: Running, *, size: tuple[str, str] = ("80", "24")) -> None:
    fugue("new-session", "-d", "-s", "work", "-n", "one", "-x", size[0], "-y", size[1])
    fugue.wait_for("$", "work")


@contextmanager
def attached(fugue: Running, *, columns: int = 80, rows: int = 24) -> Iterator[Attached]:
    words = ("attach-session", "-t", "work")
    with fugue.attached(*words, columns=columns, rows=rows) as client:
        client.wait_for("[work]")
        yield client


def press(client: Attached, key: bytes) -> None:
    client.type(PREFIX + key)


def test_what_is_typed_reaches_the_shell_and_what_it_prints_is_shown(fugue: Running) -> None:
    start(fugue)
    with attached(fugue) as client:
        client.type(b"echo typed-$((40+2))\r")
        client.wait_for("typed-42")
        rows = client.text().split("\n")
        assert rows[23].startswith("[work] 0:one*")


def test_a_message_that_was_shown_can_be_read_again(fugue: Running) -> None:
    start(fugue)
    with attached(fugue) as client:
        fugue("display-message", "-t", "work", "the kettle boils")
        client.wait_for("the kettle boils")
        press(client, b"~")
        client.wait_for("message: the kettle boils")


def test_keys_typed_at_a_list_do_not_reach_the_program_beneath(fugue: Running) -> None:
    start(fugue)
    with attached(fugue) as client:
        press(client, b"?")
        client.wait_for("Send the prefix key")
        client.type(b"/echo fallen-$((40+2)) ")
        until("the next page", lambda: "Send the prefix key" not in client.text())  # by Space
        client.type(b"q")
        client.wait_for("[work]")
        client.type(b"echo typed-$((40+3))\r")
        client.wait_for("typed-43")
        assert "fallen" not in client.text()


def test_keys_of_the_prefix_make_and_choose_windows(fugue: Running) -> None:
    start(fugue)
    with attached(fugue) as client:
        press(client, b"c")
        client.wait_for("1:bash*")
        press(client, b"c")
        client.wait_for("2:bash*")
        press(client, b"0")
        client.wait_for("0:one*")
        press(client, b"n")
        client.wait_for("1:bash*")
        press(client, b"p")
        client.wait_for("0:one*")
        press(client, b"l")
        client.wait_for("1:bash*")
        press(client, b"&")
        client.wait_for("kill-window bash? (y/n)")
        client.type(b"n")
        client.wait_for("1:bash*")
        press(client, b"&")
        client.wait_for("(y/n)")
        client.type(b"y")
        until("two", lambda: fugue("list-windows", "-t", "work", "-F", "#I").split() == ["0", "2"])
        client.wait_for("[work]")


def test_keys_of_the_prefix_split_zoom_and_close_panes(fugue: Running) -> None:
    start(fugue)

    def active() -> str:
        return fugue.format("#{pane_index} #{window_panes} #{window_zoomed_flag}", "work")

    def waits_for(wanted: str) -> None:
        until(f"{wanted} (it is {active()})", lambda: active() == wanted)

    with attached(fugue) as client:
        press(client, b"%")
        waits_for("1 2 0")
        client.wait_for("│")
        press(client, b'"')
        waits_for("2 3 0")
        client.wait_for("├")
        press(client, b"\x1b[A")
        waits_for("1 3 0")
        press(client, b"\x1b[D")
        waits_for("0 3 0")
        press(client, b"o")
        waits_for("1 3 0")
        press(client, b";")
        waits_for("0 3 0")
        press(client, b"z")
        waits_for("0 3 1")
        until("the whole window", lambda: "│" not in client.text())
        client.wait_for("0:one*Z")
        press(client, b"z")
        client.wait_for("├")
        press(client, b"x")
        client.wait_for("kill-pane 0? (y/n)")
        client.type(b"y")
        until("two panes", lambda: active().split()[1] == "2")


def test_prompts_rename_and_run_commands(fugue: Running) -> None:
    start(fugue)
    with attached(fugue) as client:
        press(client, b",")
        client.wait_for("(rename-window) one")
        client.type(b"\x15new name\r")
        client.wait_for("0:new name*")
        press(client, b"$")
        client.wait_for("(rename-session) work")
        client.type(b"\x15other\r")
        client.wait_for("[other]")
        press(client, b":")
        client.wait_for(":")
        client.type(b"set -g status-left 'LEFT '\r")
        client.wait_for("LEFT 0:new name*")
        press(client, b":")
        client.type(b"nonsense\r")
        client.wait_for("unknown command: nonsense")
        fugue("bind-key", "K", "command-prompt", "-1", "-p", "key", "rename-window 'k-%%'")
        press(client, b"K")
        client.wait_for("\nkey")
        client.type(b"q")
        client.wait_for("0:k-q*")
        fugue("rename-window", "-t", "other", "new name")
        press(client, b"?")
        client.wait_for("Send the prefix key")
        client.type(b"q")
        client.wait_for("LEFT 0:new name*")


def test_a_deliberate_end_leaves_nothing_to_the_next_server(fugue: Running) -> None:
    start(fugue)
    fugue("set-option", "-g", "status-left", "mine")
    fugue("bind-key", "K", "kill-server")
    fugue("set-environment", "-g", "MINE", "1")
    fugue("set-buffer", "kept")
    fugue("kill-server")
    start(fugue)
    assert fugue("show-options", "-gv", "status-left") == "[#{session_name}] "
    assert "MINE" in fugue.refused("show-environment", "-g", "MINE")
    assert fugue("list-buffers") == ""
    assert not [row for row in fugue("list-keys", "-T", "prefix").split("\n") if " K " in row]


def test_keys_typed_behind_a_command_belong_to_what_it_made(fugue: Running) -> None:
    start(fugue)
    with attached(fugue) as client:
        client.type(
            PREFIX + b"cecho in-$FUGUE_PANE-new\r" + PREFIX + b"%echo at-$FUGUE_PANE-last\r"
        )
        client.wait_for("at-%2-last")
    fugue.wait_for("in-%1-new", "%1")
    assert "new" not in fugue.history("%0")


def test_the_scroll_view_shows_what_scrolled_off(fugue: Running) -> None:
    start(fugue)
    with attached(fugue) as client:
        client.type(b"clear; seq 100 199\r")
        client.wait_for("\n199\n$")
        assert "150" not in client.text()
        press(client, b"\x1b[5~")
        client.wait_for("\n160")
        client.type(b"\x1b[5~")
        client.wait_for("\n140")
        client.type(b"q")
        client.wait_for("\n199")
        client.type(b"echo back-$((1+1))\r")
        client.wait_for("back-2")


def test_the_mouse_chooses_panes_and_scrolls(fugue: Running) -> None:
    start(fugue)
    fugue("set-option", "-g", "mouse", "on")
    fugue("split-window", "-h", "-t", "work", "-d")
    with attached(fugue) as client:
        client.wait_for("│")
        client.type(b"clear; seq 100 199\r")
        client.wait_for("\n199 ")
        client.type(b"\x1b[<64;10;10M\x1b[<64;10;10M")  # the first one enters copy mode
        client.wait_for("173 ")
        client.type(b"q")
        client.wait_for("199")
        client.type(b"\x1b[<0;60;5M\x1b[<0;60;5m")
        until("the right pane", lambda: fugue.format("#{pane_index}", "work") == "1")


def test_the_window_follows_the_client_that_was_used_last(fugue: Running) -> None:
    start(fugue)

    def size() -> str:
        return fugue.format("#{window_width}x#{window_height}", "work")

    with attached(fugue) as large, attached(fugue, columns=60, rows=15) as small:
        until("the small one's size", lambda: size() == "60x14")
        large.type(b"x")
        until("the large one's size", lambda: size() == "80x23")
        small.type(b"y")
        until("the small one's size", lambda: size() == "60x14")
        small.resize(50, 12)
        until("its new size", lambda: size() == "50x11")
        small.wait_for("[work]")
        small.type(b"\x15tput cols; stty size\r")
        small.wait_for("11 50")
        large.wait_for("11 50")
        assert fugue("list-clients", "-F", "#{client_width}x#{client_height}").splitlines() == [
            "80x24",
            "50x12",
        ]


def test_hooks_run_when_clients_and_panes_come_and_go(fugue: Running) -> None:
    start(fugue)
    for hook in (
        "client-attached",
        "client-detached",
        "client-resized",
        "pane-died",
        "window-renamed",
    ):
        fugue("set-hook", "-g", hook, f"run-shell 'echo {hook} >>hooks'")
    fugue("set-option", "-g", "remain-on-exit", "on")
    fugue("set-hook", "-g", "after-rename-window", "display-message -p '#{hook} #{window_name}'")
    assert fugue("rename-window", "-t", "work", "other") == "after-rename-window other"
    fugue("set-hook", "-g", "session-renamed", "rename-session -t a b ; set-option -ga @count x")
    fugue("rename-session", "-t", "work", "a")
    until("the other name", lambda: fugue("list-sessions", "-F", "#S") == "b")
    until("the count", lambda: fugue("show-options", "-gqv", "@count") != "")
    assert fugue("show-options", "-gqv", "@count") == "x"
    fugue("rename-session", "-t", "b", "work")
    fugue("set-hook", "-gu", "session-renamed")
    log = fugue.directory / "hooks"

    def said(*words: str) -> bool:
        return log.exists() and set(words) <= set(log.read_text().split())

    with attached(fugue) as client:
        client.resize(70, 20)
        until("hooks", lambda: said("client-attached", "client-resized", "window-renamed"))
        client.type(b"exit\r")
        until("the pane's end", lambda: said("pane-died"))
        press(client, b"d")
        client.wait_exit()
    until("the client's end", lambda: said("client-detached"))


def test_detaching_leaves_the_terminal_as_it_was(fugue: Running) -> None:
    start(fugue)
    with fugue.attached("attach-session", "-t", "work") as client:
        client.wait_for("[work]")
        raw = termios.tcgetattr(client._slave)
        press(client, b"d")
        assert client.wait_exit() == 0
        assert "[detached (from session work)]" in client.text()
        assert not raw[3] & termios.ECHO
        assert termios.tcgetattr(client._slave)[3] & termios.ECHO
        modes = client.terminal.modes
        assert not modes.alternate_screen
        assert modes.mouse == "off"
        assert not modes.bracketed_paste
        assert client.terminal.cursor.visible


def test_a_killed_client_takes_nothing_with_it(fugue: Running) -> None:
    start(fugue)
    with attached(fugue) as client:
        client.type(b"echo one-$((1+1))\r")
        client.wait_for("one-2")
        kill(client.process.pid)
        client.process.wait()
        until("no clients", lambda: fugue("list-clients") == "")
    with attached(fugue) as client:
        client.wait_for("one-2")


@pytest.mark.parametrize("program", ["vi", "less"])
def test_a_killed_server_is_not_noticed_for_long(fugue: Running, program: str) -> None:
    (fugue.directory / "text").write_text("".join(f"line {n}\n" for n in range(1, 500)))
    start(fugue)
    with attached(fugue) as client:
        client.type(f"{program} text\r".encode())
        client.wait_for("line 20")
        server = fugue.server_pid()
        pane = fugue.pane_pids()
        os.kill(server, signal.SIGKILL)
        fugue.wait_for_server(other_than=server)
        client.wait_for("nothing lost")
        client.type(b"/line 40\r")
        client.wait_for("line 40")
        assert fugue.pane_pids() == pane
        client.type(b"\x1b:q\r" if program == "vi" else b"q")
        until("shell", lambda: fugue.format("#{pane_current_command}") == "bash")
        client.type(b"echo done-$((1+1))\r")
        client.wait_for("done-2")


def test_a_client_is_locked_suspended_and_becomes_another_command(fugue: Running) -> None:
    start(fugue)
    fugue("set-option", "-g", "lock-command", "echo locked-$((40+2)); read line; echo open:$line")
    with attached(fugue) as client:
        fugue("lock-session", "-t", "work")
        client.wait_for("locked-42")
        client.type(b"sesame\r")
        client.wait_for("[work]")
        fugue("set-option", "-g", "lock-after-time", "1")
        client.wait_for("locked-42")
        fugue("set-option", "-g", "lock-after-time", "0")
        client.type(b"again\r")
        client.wait_for("[work]")
        fugue("detach-client", "-E", "echo became-$((40+2))")
        client.wait_for("became-42")
        until("the end of the client", lambda: fugue("list-clients") == "")
