"""Compares alerts with tmux: the marks of windows, messages, hooks, and what clears them."""

import shutil
from collections.abc import Iterator

import pytest

from tests.support.running import until
from tests.support.side_by_side import SideBySide, Words, side_by_side

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]
RINGS = "while read word; do printf '\\a'; done"
"""The program of a pane that rings when a line is typed."""
MARKS: Words = (
    "list-windows",
    "-F",
    "#I #{window_flags} #{window_raw_flags} #{window_activity_flag}#{window_bell_flag}"
    "#{window_silence_flag} #{session_alerts}",
)


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SideBySide]:
    with side_by_side(tmp_path_factory.mktemp("alerts"), columns=60, rows=8) as made:
        yield made


def alike(clients: SideBySide, shows: str, *words: str) -> None:
    """Wait until both answer the same, and `shows` among it."""

    def same() -> bool:
        theirs, ours = clients.both(*words)
        return theirs == ours and shows in theirs[1] + theirs[2]

    try:
        until("equal answers", same)
    except AssertionError:
        theirs, ours = clients.both(*words)
        raise AssertionError(f"wanted {shows!r}\ntmux:  {theirs}\nfugue: {ours}") from None


def test_marks_of_windows_and_what_clears_them(clients: SideBySide) -> None:
    clients.reset()
    clients.run(("new-window", "-d", "-n", "a", RINGS), ("new-window", "-d", "-n", "b", RINGS))
    clients.run(("send-keys", "-t", ":a", "x", "Enter"))
    alike(clients, "1 ! ! 010 1!", *MARKS)
    clients.run(("set-option", "-gw", "monitor-activity", "on"))
    clients.run(("send-keys", "-t", ":b", "x", "Enter"))
    alike(clients, "2 ##! #! 110 1!,2#!", *MARKS)
    alike(clients, "", "next-window", "-a")
    alike(clients, "1 * * 000 2#!", *MARKS)
    clients.run(("kill-session", "-C"))
    alike(clients, "2   000", *MARKS)
    alike(clients, "no next window", "next-window", "-a")
    alike(clients, "no previous window", "previous-window", "-a")
    clients.run(("set-option", "-gw", "monitor-bell", "off"))
    clients.run(("send-keys", "-t", ":b", "x", "Enter"))
    alike(clients, "2 ## # 100 2#", *MARKS)
    clients.run(("set-option", "-gw", "monitor-silence", "1"))
    alike(clients, "0 ~- ~- 001 0~,2#~", *MARKS)
    alike(clients, "", "previous-window", "-a")
    alike(clients, "0 * *", *MARKS)


@pytest.mark.parametrize(
    ("options", "shows"),
    [
        ([("visual-bell", "on")], "Bell in window 1"),
        ([("visual-bell", "both"), ("bell-action", "other")], "Bell in window 1"),
        ([("visual-bell", "on"), ("bell-action", "current")], "0:zero"),
        ([("visual-bell", "on"), ("bell-action", "none")], "0:zero"),
    ],
)
def test_messages(clients: SideBySide, options: list[Words], shows: str) -> None:
    clients.reset()
    clients.run(*(("set-option", "-g", *option) for option in options))
    clients.run(("set-option", "-g", "display-time", "0"), ("new-window", "-d", "-n", "a", RINGS))
    clients.run(("send-keys", "-t", ":a", "x", "Enter"))
    alike(clients, "!", *MARKS)
    clients.same(shows=shows, rows=[-1], styles=False)
    clients.type(b"x")  # a key removes the message


def test_a_bell_in_the_current_window(clients: SideBySide) -> None:
    clients.reset(RINGS)
    clients.run(
        ("set-option", "-g", "visual-bell", "on"), ("set-option", "-g", "display-time", "0")
    )
    clients.run(("send-keys", "x", "Enter"))
    clients.same(shows="Bell in current window", rows=[-1])
    alike(clients, "0 * * 000", *MARKS)
    clients.type(b"x")


def test_hooks_of_alerts(clients: SideBySide) -> None:
    clients.reset()
    note = "set-option -gaF @log '|#{hook}:#{hook_session_name}:#{hook_window_name}:#{hook_pane}'"
    clients.run(*(("set-hook", "-g", f"alert-{kind}", note) for kind in ("bell", "activity")))
    clients.run(("set-option", "-gw", "monitor-activity", "on"))
    clients.run(("new-window", "-d", "-n", "a", RINGS))
    alike(clients, f"|alert-activity:{clients.session}:a:", "show-options", "-gv", "@log")
    clients.run(("send-keys", "-t", ":a", "x", "Enter"))
    alike(clients, f"|alert-bell:{clients.session}:a:", "show-options", "-gv", "@log")
