"""recovery: show what the server found when it started, what it brought back, and what was lost.

The server's document `recovery` is a list of reports as plain data, the newest first. Each contains its text for
people as `lines`, and in `lines_verbose` also what was read. `show N` counts from 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import recovery_screens
from fuguemux.commands.parts.reports import json_line, local_date, required, table
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import number
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.effects import Choose
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Life, ServerState
from fuguemux.targets.targets import client_target

Report = Mapping[str, Any]
_WORDS: Final = f"[-v] [--json] [choose | list | show N | {recovery_screens.USAGE}]"
_USAGE: Final = f"usage: recovery {_WORDS}"
_VERBOSE: Final = ("-v", "--verbose")
_FOR_PEOPLE: Final = ("lines", "lines_verbose")
_TITLE: Final = "panes of the last recovery"


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    given = invocation.arguments
    words = [word for word in given if word != "--json" and word not in _VERBOSE]
    as_json = "--json" in given
    verbose = any(word in _VERBOSE for word in given)
    reports = _reports(live)
    if verbose and (as_json or words[:1] not in ([], ["show"])):
        raise Refused("recovery: -v is for a report as text: recovery -v [show N]")
    if words == ["choose"]:
        # A direct call: only this form of the command needs a client.
        client = client_target(live, invocation.request, None)
        screens = live.panes_with_last_screens()
        return Decision(effects=(_choice(client.id, state, reports, frozenset(screens)),))
    match words[:1]:
        case ["screen"]:
            return recovery_screens.screen(
                state, live, invocation, words[1:], reports, as_json=as_json
            )
        case ["screens"]:
            return recovery_screens.screens(live, words[1:], as_json=as_json)
        case ["view"]:
            return recovery_screens.view(state, live, invocation, words[1:], reports)
    if words == ["list"]:
        if as_json:
            return _lines(json_line("recoveries", list(map(_as_data, reports))))
        return _lines(*_history(live, reports))
    place = 1
    if words:
        if words[0] != "show" or len(words) != 2:
            raise Refused(_USAGE)
        if not words[1].isdecimal():
            raise Refused(f"recovery number invalid: {words[1]}")
        place = number("recovery number", words[1], 1, 2**31 - 1)
    if place > len(reports):
        raise Refused(f"no recovery {place}: {len(reports)} are kept")
    report = reports[place - 1]
    if as_json:
        return _lines(json_line("recovery", _as_data(report)))
    return _lines(*report["lines_verbose" if verbose else "lines"])


def _reports(live: LiveView) -> Sequence[Report]:
    return required(live.recoveries(), "recovery")


def _lines(*lines: str) -> Decision:
    return Decision(reply=Reply(lines))


def _history(live: LiveView, reports: Sequence[Report]) -> tuple[str, ...]:
    rows = [
        (
            str(place),
            local_date(live, report["started_ms"]),
            "clean" if report["clean"] else "not clean",
            str(report["summary"]),
        )
        for place, report in enumerate(reports, 1)
    ]
    return table(("N", "STARTED", "STOP BEFORE", "WHAT CAME BACK"), rows)


def _choice(
    client: ClientId, state: ServerState, reports: Sequence[Report], screens: frozenset[PaneId]
) -> Choose:
    rows = list(_rows(state, reports, screens))
    return Choose(
        client,
        _TITLE,
        tuple((label, command) for label, command, _ in rows),
        tuple(pane for _, _, pane in rows),
    )


def _rows(
    state: ServerState, reports: Sequence[Report], screens: frozenset[PaneId]
) -> Iterator[tuple[str, str, PaneId | None]]:
    """A row for every pane of the last recovery that still exists. Its commands show the pane, show its last screen,
    start the program again, or close the pane.

    Each row has a label, a command, and the pane whose last screen is shown beside the list. `screens`: panes with a
    last screen from any recovery.
    """
    for pane in reports[0]["panes"] if reports else ():
        number = PaneId(pane["pane"])
        known = state.panes.get(number)
        if known is None:
            continue
        where = f"{pane['session']}:{pane['window']}" if pane["session"] else ""
        label = f"%{number} {where} {pane['what']}"
        go, ended = f"switch-client -Zt '%{number}'", pane.get("ended_program")
        kept = pane.get("last_screen") or number in screens
        preview = number if ended or kept else None
        yield label, go, preview
        if kept:
            what = f"its last screen: {ended}" if ended else "an earlier last screen"
            yield f"    {what}", f"{go} ; recovery view '%{number}'", preview
        if known.life in (Life.DEAD, Life.SUSPENDED):
            yield f"    start %{number} again", f"respawn-pane -t %{number}", preview
            yield f"    drop %{number}", f"kill-pane -t %{number}", preview


def _as_data(report: Report) -> Report:
    """The report without its text for people."""
    return {name: value for name, value in report.items() if name not in _FOR_PEOPLE}


COMMAND: Final = Command(
    name="recovery",
    alias="",
    flags="",
    usage=_WORDS,
    arguments=(0, 7),
    decide=decide,
    help="Show what was brought back when the server started, and what was lost.",
    starts_server=True,
    read_only=True,
    plain_words=True,
)
