"""Which sessions are told of an alert, and how."""

from fuguemux.model.ids import SessionId, WindowId
from fuguemux.model.live import ACTIVITY, BELL, SILENCE
from fuguemux.model.state import ServerState
from fuguemux.options.options import NO_DEFAULTS
from fuguemux.reactions.window_alerted import Alert, decide, silence_s
from tests.support.builders import session, state, window

ONE = SessionId(0)


def two_windows(**session_options: str) -> ServerState:
    options = {name.replace("_", "-"): value for name, value in session_options.items()}
    watched = {"monitor-activity": "on", "monitor-silence": "5"}
    return state(
        session("one", window("a"), window("b", options=watched), active=0, options=options)
    )


def alerts(
    where: ServerState, of: int, kind: str, marks: str = "", *, attached: bool = True
) -> list[Alert]:
    seen = where.windows[WindowId(of)]
    return decide(where, NO_DEFAULTS, seen, kind, lambda _: marks, lambda _: attached)


def test_another_window_is_marked_and_the_current_one_only_without_clients() -> None:
    assert alerts(two_windows(), 1, BELL) == [Alert(ONE, True, "alert-bell", True)]
    assert alerts(two_windows(), 0, BELL) == [Alert(ONE, False, "alert-bell", True)]
    assert alerts(two_windows(), 0, BELL, attached=False) == [Alert(ONE, True, "alert-bell", True)]


def test_a_window_that_is_not_monitored_gives_nothing() -> None:
    assert alerts(two_windows(), 0, ACTIVITY) == []
    assert alerts(two_windows(), 0, SILENCE) == []
    assert silence_s(two_windows(), NO_DEFAULTS, two_windows().windows[WindowId(1)]) == 5


def test_activity_counts_once_until_it_is_seen_and_each_bell_counts() -> None:
    assert alerts(two_windows(), 1, ACTIVITY, "#") == []
    assert alerts(two_windows(), 1, SILENCE, "#~") == []
    assert len(alerts(two_windows(), 1, BELL, "!")) == 1


def test_actions_say_which_windows_run_the_hook() -> None:
    for action, current, other in (
        ("none", "", ""),
        ("current", "alert-bell", ""),
        ("other", "", "alert-bell"),
        ("any", "alert-bell", "alert-bell"),
    ):
        where = two_windows(bell_action=action)
        assert [alert.hook for alert in alerts(where, 0, BELL)] == [current]
        assert [alert.hook for alert in alerts(where, 1, BELL)] == [other]


def test_visual_options_say_whether_the_terminal_rings_and_what_is_shown() -> None:
    for visual, rings, text in (
        ("off", True, ""),
        ("on", False, "Bell in window 1"),
        ("both", True, "Bell in window 1"),
    ):
        [alert] = alerts(two_windows(visual_bell=visual), 1, BELL)
        assert (alert.rings, alert.text) == (rings, text)
    [alert] = alerts(two_windows(visual_bell="on"), 0, BELL)
    assert alert.text == "Bell in current window"
