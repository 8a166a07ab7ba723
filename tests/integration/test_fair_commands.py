"""The most expensive commands, while other clients send commands: no turn of the loop may take long.

As in test_fairness, a turn is measured in processor time of the loop's thread.
"""

import os

import pytest

from fuguemux.model.limits import BUFFER_BYTES_MAX
from tests.support.running import Running
from tests.support.timed_turns import Timed

pytestmark = [pytest.mark.real, pytest.mark.slow]

TURN_MAX_MS = 1_000.0
"""As long as the longest turn may take on the slowest machine; the limits allow some 40 ms on a quick one. Beside the whole
suite, on two cores, up to 541 ms were measured."""
WORDS = 60_000
STOPPED = "format stopped: "


def at_work(timed: Timed) -> Running:
    """The server with a session."""
    timed.fugue("new-session", "-d", "-s", "work", "-x", "100", "-y", "30", "cat")
    return timed.fugue


def test_no_format_holds_the_loop(timed: Timed) -> None:
    fugue = at_work(timed)
    fugue("set-option", "-g", "@again", "#{E:@twice}#{E:@twice}")
    fugue("set-option", "-g", "@twice", "#{E:@again}#{E:@again}")
    fugue("set-option", "-g", "@wide", "é" * 30_000)
    for text in (
        "#{=10000:#{p10000:x}}" * 3_000,
        "#{E:@twice}",
        "#{=-1:@wide}" * 3_000,
        "#{s/é/xx/:@wide}" * 3_000,
        "#{C:x}" * 10_000,
    ):
        assert timed.longest_ms("display-message", "-p", text, error=STOPPED) < TURN_MAX_MS
    log = (fugue.state / "server.log").read_text()
    assert 'format_stopped holder="command display-message"' in log
    assert "@twice" not in log


def test_a_list_with_expensive_lines_is_made_in_pieces(timed: Timed) -> None:
    fugue = at_work(timed)
    fugue("set-option", "-g", "@line", "#{W:#{window_layout}}" * 80)
    commands = fugue.directory / "windows.conf"
    commands.write_text("new-window -d cat\n" * 19)
    fugue("source-file", os.fspath(commands))
    template = "#I#{?#{E:@line},x,}"
    assert timed.longest_ms("list-windows", "-F", template) < TURN_MAX_MS
    assert fugue("list-windows", "-F", template).splitlines() == [f"{n}x" for n in range(20)]


def test_no_buffer_and_no_repetition_holds_the_loop(timed: Timed) -> None:
    fugue = at_work(timed)
    text = fugue.directory / "text"
    text.write_bytes(b"\n" * BUFFER_BYTES_MAX)
    path = os.fspath(text)
    commands: tuple[tuple[str, ...], ...] = (
        ("load-buffer", "-b", "big", path),
        ("set-buffer", "-b", "big", "-n", "other"),
        ("list-buffers",),
        ("paste-buffer", "-b", "other"),
    )
    for argv in commands:
        assert timed.longest_ms(*argv) < TURN_MAX_MS
    refused: tuple[tuple[tuple[str, ...], str], ...] = (
        (
            ("set-buffer", "-a", "-b", "other", "x"),
            "16777217 bytes are too many for a paste buffer",
        ),
        (("paste-buffer", "-b", "other", "-s", "x" * 100_000), "1677721600000 bytes are too many"),
        (
            ("send-keys", "-N", "100000", *["Enter"] * 1_000),
            "the program in the pane does not read",
        ),
    )
    for argv, error in refused:
        assert timed.longest_ms(*argv, error=error) < TURN_MAX_MS
    text.write_bytes(b"\n" * (BUFFER_BYTES_MAX + 1))
    assert timed.longest_ms("load-buffer", path, error=path) < TURN_MAX_MS


def test_no_text_of_commands_holds_the_loop(timed: Timed) -> None:
    fugue = at_work(timed)
    commands = "display-message -p 'x y'\n" * 2_400
    nested = "if-shell -F 1 { " * 30 + commands[:4_000] + " }" * 30
    assert timed.longest_ms("if-shell", "-F", "1", commands) < TURN_MAX_MS
    assert timed.longest_ms("bind-key", "-T", "a", "F5", commands) < TURN_MAX_MS
    assert timed.longest_ms(*["display-message", "-p", "x;"] * 6_000) < TURN_MAX_MS
    assert timed.longest_ms("send-keys", *["Enter"] * 20_000) < TURN_MAX_MS
    for word in ("word", "a: b c"):
        assert timed.longest_ms("new-window", "-d", "true", *[word] * WORDS) < TURN_MAX_MS
    for argv, error in (
        (("bind-key", "F6", nested), "too much text in nested blocks"),
        (
            ("bind-key", "F6", commands * 2),
            "value is too long: a key takes 65536 bytes of commands",
        ),
    ):
        assert timed.longest_ms(*argv, error=error) < TURN_MAX_MS
    for table in "bcdef":
        fugue("bind-key", "-T", table, "F5", commands)
    assert timed.longest_ms("list-keys") < TURN_MAX_MS
    assert fugue("list-keys", "-T", "f").count("display-message") == 2_400
