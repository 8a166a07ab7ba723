"""Facts about panes and clients: titles, directories, foreground programs, names and sizes."""

import pytest
from msgspec.structs import replace

from fuguemux.model.decision import Decision
from fuguemux.model.events import (
    ForegroundChanged,
    OptionSet,
    PaneDirectoryChanged,
    PaneTitled,
    WindowRenamed,
)
from fuguemux.model.ids import PaneId, WindowId
from fuguemux.model.live import ClientFacts, ForegroundFacts, PaneFacts
from fuguemux.model.state import Life, Ran, ServerState
from fuguemux.reactions import (
    automatic_rename,
    client_resized,
    directory_changed,
    foreground_changed,
    title_changed,
    window_named,
)
from fuguemux.reactions.foreground_changed import Programs
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import folded
from tests.support.viewers import viewer

STATE = state(session("a", window("sh"), window("kept", options={"automatic-rename": "off"})))
LIVE = FakeLive()
PANE = PaneId(0)


def test_a_title_loses_control_characters_and_is_bounded() -> None:
    assert title_changed.decide(STATE, LIVE, PANE, "a\x1b]b\n").events == (PaneTitled(PANE, "a]b"),)
    (event,) = title_changed.decide(STATE, LIVE, PANE, "é" * 2000).events
    assert isinstance(event, PaneTitled)
    assert len(event.title.encode()) == 1024
    assert title_changed.decide(STATE, LIVE, PANE, "host").events == ()
    assert title_changed.decide(STATE, LIVE, PaneId(9), "x").events == ()


def test_a_program_names_its_window_if_that_is_allowed() -> None:
    """As tmux's input_exit_rename: a name ends automatic-rename, an empty name resumes it."""
    assert window_named.decide(STATE, LIVE, PANE, "new").events == ()
    allowed = state(session("a", window("sh", options={"allow-rename": "on"})))
    manual = OptionSet("window", 0, "automatic-rename", "off")
    decision = window_named.decide(allowed, LIVE, PANE, "new")
    assert decision.events == (manual, WindowRenamed(WindowId(0), "new"))
    after = folded(allowed, decision).state
    assert window_named.decide(after, LIVE, PANE, "new").events == ()
    (event,) = window_named.decide(after, LIVE, PANE, "").events
    assert event == OptionSet("window", 0, "automatic-rename", None)
    assert window_named.decide(allowed, LIVE, PANE, "").events == ()
    assert window_named.decide(allowed, LIVE, PaneId(9), "x").events == ()


@pytest.mark.parametrize(
    "directory", [b"/home/user", b"relative", b"", b"/a\0b", b"/" + b"x" * 5000]
)
def test_no_directory_or_the_same(directory: bytes) -> None:
    assert directory_changed.decide(STATE, LIVE, PANE, directory).events == ()


def test_another_directory() -> None:
    assert directory_changed.decide(STATE, LIVE, PANE, b"/srv").events == (
        PaneDirectoryChanged(PANE, b"/srv"),
    )
    gone = b"/srv (deleted)"
    missing = FakeLive(missing_directories={gone})
    assert directory_changed.decide(STATE, missing, PANE, gone).events == ()
    assert len(directory_changed.decide(STATE, LIVE, PANE, gone).events) == 1


def test_another_program_in_the_foreground() -> None:
    programs = Programs((b"make",), ((b"tee", b"log"),), jobs=((b"vim", b"notes.md"),))
    (event,) = foreground_changed.decide(STATE, LIVE, PANE, programs).events
    assert event == ForegroundChanged(PANE, *programs)
    after = folded(STATE, Decision((event,))).state
    assert foreground_changed.decide(after, LIVE, PANE, programs).events == ()
    assert foreground_changed.decide(after, LIVE, PANE, programs._replace(jobs=())).events
    assert foreground_changed.decide(STATE, LIVE, PANE, Programs()).events == ()


def test_of_a_long_command_line_the_beginning_is_kept_and_said_to_be_one() -> None:
    long = (b"rm", b"-r", *(b"file-%d" % n for n in range(4000)))
    (event,) = foreground_changed.decide(STATE, LIVE, PANE, Programs(long, ((b"tee",),))).events
    assert isinstance(event, ForegroundChanged)
    assert (event.ran, event.pipeline) == (Ran.BEGINNING, ())
    assert event.argv == long[: len(event.argv)]
    assert 900 < len(b" ".join(event.argv)) < 1024
    one = Programs((b"x" * (17 << 10),))
    (event,) = foreground_changed.decide(STATE, LIVE, PANE, one).events
    assert isinstance(event, ForegroundChanged)
    assert event.argv == (b"x" * 1024,)


@pytest.mark.parametrize(
    ("command", "expected"),
    [("vim", "vim"), ("/usr/bin/top", "top"), ("-bash", "bash"), ("", "sh"), ("sh", "sh")],
)
def test_a_window_is_called_after_its_program(command: str, expected: str) -> None:
    facts = PaneFacts(foreground=lambda: ForegroundFacts(command))
    live = FakeLive(panes={PANE: facts, PaneId(1): facts})
    after = folded(STATE, automatic_rename.decide(STATE, live)).state
    assert after.windows[WindowId(0)].name == expected
    assert after.windows[WindowId(1)].name == "kept"


def test_the_window_of_a_dead_pane_says_so_once() -> None:
    pane = replace(STATE.panes[PANE], life=Life.DEAD)
    on = replace(STATE, panes={**STATE.panes, PANE: pane})
    after = folded(on, automatic_rename.decide(on, LIVE)).state
    assert after.windows[WindowId(0)].name == "sh[dead]"
    assert automatic_rename.decide(after, LIVE).events == ()


def sizes(on: ServerState, *clients: ClientFacts) -> list[tuple[int, int]]:
    after = folded(on, client_resized.decide(on, FakeLive(attached=clients))).state
    layouts = [window.layout for _, window in sorted(after.windows.items())]
    return [(layout.columns, layout.rows) for layout in layouts]


WIDE = viewer(1, columns=120, rows=30, used=1)
TALL = viewer(2, columns=70, rows=50, used=2)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("latest", (70, 49)), ("largest", (120, 49)), ("smallest", (70, 29)), ("manual", (80, 24))],
)
def test_whose_terminal_counts(policy: str, expected: tuple[int, int]) -> None:
    on = state(session("a", window(options={"window-size": policy})))
    assert sizes(on, WIDE, TALL) == [expected]


def test_the_status_line_takes_its_rows() -> None:
    for value, rows in (("off", 30), ("on", 29), ("3", 27)):
        assert sizes(state(session("a", options={"status": value})), WIDE) == [(120, rows)]


def test_only_windows_that_are_seen_change() -> None:
    on = state(session("a"), session("b"))
    assert sizes(on, WIDE) == [(120, 29), (80, 24)]
    assert sizes(on) == [(80, 24), (80, 24)]
    elsewhere = viewer(3, session=77, columns=10, rows=10)
    assert sizes(on, elsewhere) == [(80, 24), (80, 24)]


def test_aggressive_resize_leaves_windows_that_are_not_current() -> None:
    options = {"aggressive-resize": "on"}
    on = state(session("a", window(options=options), window(options=options)))
    assert sizes(on, WIDE) == [(120, 29), (80, 24)]


def test_a_window_never_gets_smaller_than_its_panes_need() -> None:
    on = state(session("a", window(panes=4)))
    assert sizes(on, viewer(columns=3, rows=2)) == [(7, 1)]
    small = folded(
        on, client_resized.decide(on, FakeLive(attached=(viewer(columns=3, rows=2),)))
    ).state
    again = client_resized.decide(small, FakeLive(attached=(viewer(columns=3, rows=2),)))
    assert again.events == ()


def test_the_latest_client_is_the_one_used_last_whatever_the_clock_says() -> None:
    on = state(session("a", window(options={"window-size": "latest"})))
    before, after = viewer(1, columns=120, rows=30, used=1), viewer(2, columns=70, rows=50, used=2)
    back = replace(after, activity_s=before.activity_s - 3_600)
    assert sizes(on, before, back) == [(70, 49)]
