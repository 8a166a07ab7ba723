"""`recovery screen`, `recovery screens` and `recovery view`: the last screens of programs that ended with the machine.

`LiveView.last_screen` and `last_screens` give plain data; see server/panes/last_screen_data.py.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from fuguemux.commands.parts.reports import json_line, local_date, table
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import number
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.effects import ViewLastScreen
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.targets import pane_target

USAGE: Final = "screen [-e] [PANE] [show N] | screens | view [PANE] [show N]"


class _Asked(NamedTuple):
    """The parsed arguments of one of the verbs."""

    target: str
    styled: bool
    recovery: int | None
    """The number of a recovery in `recovery list`; None: the newest one that has a screen of the pane."""


def screen(
    state: ServerState,
    live: LiveView,
    invocation: Invocation,
    words: Sequence[str],
    reports: Sequence[Mapping[str, Any]],
    *,
    as_json: bool,
) -> Decision:
    """Print the last screen of the program that ended in a pane, as capture-pane prints a screen."""
    asked = _asked(words, styles=True)
    pane = _pane(state, live, invocation, asked.target)
    found = _found(live, pane, _recovery_ms(asked.recovery, reports), styled=asked.styled)
    if as_json:
        return _lines(json_line("screen", found))
    return Decision(reply=Reply(raw="".join(f"{row}\n" for row in found["screen"]).encode()))


def screens(live: LiveView, words: Sequence[str], *, as_json: bool) -> Decision:
    """List every last screen that is stored, the newest first."""
    if words:
        raise Refused(
            f"recovery screens takes no {words[0]!r}: fugue recovery screen PANE prints one"
        )
    found = live.last_screens()
    kept: list[dict[str, Any]] = found["screens"] if found else []
    if as_json:
        return _lines(json_line("screens", kept))
    if not kept:
        return _lines(
            (found or {}).get("why_not")
            or "no last screen is kept: no program has ended with the machine"
        )
    rows = [
        (
            f"%{each['pane']}",
            local_date(live, each["recovery_ms"]),
            each.get("place", ""),
            _size(each),
            each.get("error") or each["program"],
        )
        for each in kept
    ]
    return _lines(*table(("PANE", "RECOVERED", "IN", "SIZE", "PROGRAM"), rows))


def view(
    state: ServerState,
    live: LiveView,
    invocation: Invocation,
    words: Sequence[str],
    reports: Sequence[Mapping[str, Any]],
) -> Decision:
    """Show the last screen in its pane, where it can be read and copied from."""
    asked = _asked(words, styles=False)
    # A direct call: the pane is an argument of these forms of the command and has no flag.
    pane = pane_target(state, live, invocation.request, asked.target or None).pane.id
    recovery_ms = _recovery_ms(asked.recovery, reports)
    _found(live, pane, recovery_ms)
    return Decision(effects=(ViewLastScreen(pane, recovery_ms),))


def _asked(words: Sequence[str], *, styles: bool) -> _Asked:
    rest, styled, recovery = list(words), False, None
    if styles and "-e" in rest:
        rest.remove("-e")
        styled = True
    if "show" in rest:
        at = rest.index("show")
        which = rest[at + 1] if at + 2 == len(rest) else ""
        if not which.isdecimal():
            raise Refused(
                f"recovery number invalid: {which}" if which else f"usage: recovery {USAGE}"
            )
        recovery = number("recovery number", which, 1, 2**31 - 1)
        rest = rest[:at]
    if len(rest) > 1 or (rest and rest[0].startswith("-")):
        raise Refused(f"usage: recovery {USAGE}")
    return _Asked(rest[0] if rest else "", styled, recovery)


def _pane(state: ServerState, live: LiveView, invocation: Invocation, target: str) -> PaneId:
    """The pane that is meant. A pane that is gone can be named by its number, as its screen may still be stored."""
    digits = target.removeprefix("%")
    if target.startswith("%") and digits.isascii() and digits.isdecimal() and len(digits) < 10:
        return PaneId(int(digits))
    # A direct call, as in `view`.
    return pane_target(state, live, invocation.request, target or None).pane.id


def _recovery_ms(place: int | None, reports: Sequence[Mapping[str, Any]]) -> int | None:
    if place is None:
        return None
    if place > len(reports):
        raise Refused(f"no recovery {place}: {len(reports)} are kept")
    started: int = reports[place - 1]["started_ms"]
    return started


def _found(
    live: LiveView, pane: PaneId, recovery_ms: int | None, *, styled: bool = False
) -> Mapping[str, Any]:
    found = live.last_screen(pane, recovery_ms, styled=styled)
    if found is None:
        raise Refused("no last screen: this server keeps none")
    if "error" in found:
        raise Refused(found["error"])
    return found


def _size(screen: Mapping[str, Any]) -> str:
    return f"{screen['columns']}x{screen['rows']}" if "columns" in screen else ""


def _lines(*lines: str) -> Decision:
    return Decision(reply=Reply(lines))
