"""`recovery screen`, `screens` and `view`: which screen is meant, and the message if there is none."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from fuguemux.commands import recovery
from fuguemux.model.decision import Refused
from fuguemux.model.effects import Choose, ViewLastScreen
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.live import ClientFacts
from fuguemux.model.state import ServerState
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive
from tests.support.folding import Outcome, run

FOUND: dict[str, Any] = {
    "pane": 1,
    "recovery_ms": 1_700_000_000_000,
    "program": "vim notes.md",
    "place": "work:0",
    "columns": 80,
    "rows": 24,
    "screen": ["one", "", "two"],
    "above": [],
}
REPORTS = [
    {
        "started_ms": 1_700_000_000_000,
        "panes": [
            {"pane": 0, "session": "work", "window": 0, "what": "new shell"},
            {
                "pane": 1,
                "session": "work",
                "window": 0,
                "what": "new shell",
                "ended_program": "vim",
                "last_screen": True,
            },
            {
                "pane": 2,
                "session": "work",
                "window": 0,
                "what": "new shell",
                "ended_program": "top",
            },
        ],
    },
    {"started_ms": 1_600_000_000_000, "panes": []},
]
STATE = state(session("work", window(panes=3)))


class Live(FakeLive):
    """Remembers which screen was asked for."""

    def __init__(self, found: dict[str, Any] | None = FOUND, kept: Any = None) -> None:
        super().__init__()
        self.asked: list[tuple[int, int | None, bool]] = []
        self.found = found
        self.documents = {
            "recovery": REPORTS,
            "last-screens": kept,
            "panes-with-last-screens": [0],
        }

    def last_screen(
        self, pane: PaneId, recovery_ms: int | None, *, styled: bool
    ) -> Mapping[str, Any] | None:
        self.asked.append((pane, recovery_ms, styled))
        return self.found


def asked(live: FakeLive, *words: str, on: ServerState = STATE, **requester: Any) -> Outcome:
    return run(recovery.COMMAND, on, *words, live=live, **requester)


def test_its_rows_are_printed_as_they_were() -> None:
    live = Live()
    assert asked(live, "screen", "%1").decision.reply.raw == b"one\n\ntwo\n"
    assert asked(live, "screen", "-e", "work:0.1", "show", "2").decision.reply.raw
    assert asked(live, "screen", pane=1).decision.reply.raw
    assert asked(live, "screen", "%77").decision.reply.raw  # a pane that is gone
    assert live.asked == [
        (1, None, False),
        (1, 1_600_000_000_000, True),
        (1, None, False),
        (77, None, False),
    ]


def test_as_json() -> None:
    (line,) = asked(Live(), "screen", "--json", "%1").decision.reply.lines
    assert json.loads(str(line)) == {"v": 1, "screen": FOUND}


def test_the_list() -> None:
    broken = {"pane": 2, "recovery_ms": 1_700_000_000_000, "error": "the last screen is damaged"}
    live = Live(kept={"screens": [FOUND, broken], "why_not": ""})
    assert asked(live, "screens").decision.reply.lines == (
        "PANE  RECOVERED            IN      SIZE   PROGRAM",
        "%1    2023-11-14 22:13:20  work:0  80x24  vim notes.md",
        "%2    2023-11-14 22:13:20                 the last screen is damaged",
    )
    (line,) = asked(live, "screens", "--json").decision.reply.lines
    assert json.loads(str(line))["screens"] == [FOUND, broken]
    (line,) = asked(Live(kept={"screens": [], "why_not": ""}), "screens").decision.reply.lines
    assert line == "no last screen is kept: no program has ended with the machine"
    live = Live(kept={"screens": [], "why_not": "safe mode: none"})
    assert asked(live, "screens").decision.reply.lines == ("safe mode: none",)


def test_the_view_is_in_the_pane_that_is_meant() -> None:
    assert asked(Live(), "view", pane=1).effects == (ViewLastScreen(PaneId(1)),)
    outcome = asked(Live(), "view", "%0", "show", "2")
    assert outcome.effects == (ViewLastScreen(PaneId(0), 1_600_000_000_000),)


def test_the_list_of_panes_has_a_row_for_it() -> None:
    live = Live()
    live.attached = (
        ClientFacts(
            ClientId(1), "/dev/pts/9", 1, "/dev/pts/9", 80, 24, next(iter(STATE.sessions)), 0, 0
        ),
    )
    (effect,) = asked(live, "choose").effects
    assert isinstance(effect, Choose)
    # That of the first is of an earlier recovery, of the last one none is kept.
    assert effect.previews == (PaneId(0), PaneId(0), PaneId(1), PaneId(1), PaneId(2))
    assert effect.rows[1] == (
        "    an earlier last screen",
        "switch-client -Zt '%0' ; recovery view '%0'",
    )
    label, command = effect.rows[3]
    assert label == "    its last screen: vim"
    assert command == "switch-client -Zt '%1' ; recovery view '%1'"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("screen", "%1", "show", "3"), "no recovery 3: 2 are kept"),
        (("screen", "%1", "show", "x"), "recovery number invalid: x"),
        (("screen", "%1", "show"), "usage: recovery screen"),
        (("screen", "%1", "%2"), "usage: recovery screen"),
        (("screen", "-x"), "usage: recovery screen"),
        (("view", "-e", "%1"), "usage: recovery screen"),
        (("view", "%9"), "can't find pane: %9"),
        (
            ("screens", "%1"),
            "recovery screens takes no '%1': fugue recovery screen PANE prints one",
        ),
    ],
)
def test_what_is_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused) as refused:
        asked(Live(), *words)
    assert str(refused.value).startswith(message)


def test_where_there_is_none_that_is_said() -> None:
    with pytest.raises(Refused, match=r"^it is damaged$"):
        asked(Live({"error": "it is damaged"}), "screen", "%1")
    with pytest.raises(Refused, match=r"^it is damaged$"):
        asked(Live({"error": "it is damaged"}), "view", "%1")
    with pytest.raises(Refused, match=r"^no last screen: this server keeps none$"):
        asked(Live(None), "screen", "%1")
