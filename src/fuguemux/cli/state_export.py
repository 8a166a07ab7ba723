"""`fugue state export`: a pane's screen and history as text, styled text or HTML, or a recording of what the log still
has.

Only reads, whether a server runs or not.
"""

import argparse
import re
import sys
from collections.abc import Iterator

from fuguemux.cli import ansi_html, asciicast
from fuguemux.cli.verbs import VerbParser
from fuguemux.keeper.lock_file import LOG_DIRECTORY
from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState, link_of
from fuguemux.model.window_panes import panes_in
from fuguemux.observe.clock import SystemClock
from fuguemux.persistence.recovery.pane_replay import Output, Resize
from fuguemux.persistence.recovery.point_in_time import NotReachable, TargetMoment, parse_moment
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.reader import scan
from fuguemux.server.panes.capture import history_lines
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.recovery.history_reader import points, rebuilt_panes, recovered_at
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from fuguemux.terminal.ghostty.rewrap import plain
from fuguemux.terminal.style import RESET

FORMATS = ("text", "ansi", "html", "asciicast")
_TARGET = re.compile(r"(?P<session>[^:]+):(?:(?P<window>[^.]+)(?:\.(?P<pane>\d+))?)?\Z")


def add_verb(parser: VerbParser) -> None:
    """Declare the verb `export`."""
    export = parser.add("export", "a pane's text, or a recording of it, on stdout")
    export.add_argument("-t", dest="target", metavar="PANE", required=True, help="%%3, or work:1.0")
    export.add_argument("--format", choices=FORMATS, default="text")
    export.add_argument("--v2", action="store_true", help="asciicast version 2 instead of 3")
    export.add_argument("--at", metavar="TIME|LSN|NAME", help="as it was then")
    export.add_argument(
        "--directory", help="default: the state directory of the server that -L or -S name"
    )


def run(arguments: argparse.Namespace, directory: str) -> int:
    """Print the pane and return the exit code. Raises NotReachable, OSError, and the errors for data of another version."""
    storage, clock = RealStorage(), SystemClock()
    moment = None
    if arguments.at:
        names = [save.name for save in points(storage, directory).saves]
        moment = parse_moment(arguments.at, clock.wall_ms(), names)
    recovered = recovered_at(storage, directory, clock, moment)
    pane = find_pane(recovered.state, arguments.target)
    if arguments.format == "asciicast":
        if moment is not None:
            raise NotReachable("a recording contains everything in the log: omit --at")
        for line in _recording(directory, pane, version=2 if arguments.v2 else 3):
            print(line)
        return 0
    terminal = rebuilt_panes(recovered, GhosttyEmulator, [pane])[pane]
    try:
        _print(_lines(terminal), arguments.format, f"%{pane}")
    finally:
        terminal.close()
    return 0


def find_pane(state: ServerState, target: str) -> PaneId:
    """The pane that `%3`, `session:`, `session:window` or `session:window.pane` names. Raises NotReachable."""
    if target.startswith("%") and target[1:].isdigit():
        if PaneId(int(target[1:])) in state.panes:
            return PaneId(int(target[1:]))
        raise NotReachable(f"no pane {target}")
    match = _TARGET.match(target if ":" in target else target + ":")
    assert match is not None or not target
    session = next(
        (s for s in state.sessions.values() if match is not None and s.name == match["session"]),
        None,
    )
    if session is None or match is None:
        raise NotReachable(f"can't find session: {target.partition(':')[0]}")
    wanted = match["window"]
    if wanted is None:
        link = link_of(session, session.active)
    else:
        link = link_of(session, int(wanted)) if wanted.isdigit() else None
        named = (each for each in session.links if state.windows[each.window].name == wanted)
        link = link or next(named, None)
    if link is None:
        raise NotReachable(f"can't find window: {wanted}")
    window = state.windows[link.window]
    if match["pane"] is None:
        return window.active
    panes = panes_in(window)
    if int(match["pane"]) >= len(panes):
        raise NotReachable(f"can't find pane: {match['pane']}")
    return panes[int(match["pane"])]


def _lines(terminal: PaneTerminal) -> Iterator[bytes]:
    """All logical lines, the history before the screen, without blank rows at the end."""
    terminal.take_archive(everything=True)
    emulator, scrollback = terminal.emulator, terminal.scrollback
    screen = emulator.screen_ansi(join=True)
    while screen and not screen[-1]:
        screen.pop()
    joined = emulator.continues_history
    end, at = scrollback.next_line, scrollback.base
    last: bytes | None = None
    while at < end:
        stop = min(at + 4096, end)
        for line in history_lines(terminal, at, stop):
            if last is not None:
                yield last
            last = line
        at = stop
    if last is not None:
        yield last + screen.pop(0) if joined and screen else last
    yield from screen


def _print(lines: Iterator[bytes], form: str, title: str) -> None:
    out = sys.stdout.buffer
    if form == "html":
        out.write(
            ansi_html.page([line.decode("utf-8", "replace") for line in lines], title).encode()
        )
    else:
        for line in lines:
            out.write((plain(line) if form == "text" else line + RESET.encode()) + b"\n")
    out.flush()


# -- the recording ----------------------------------------------------------------------------


def _recording(directory: str, pane: PaneId, *, version: int) -> Iterator[str]:
    """The recording, from the oldest state of the pane behind which the log is whole, up to now."""
    log = scan(RealStorage(), f"{directory}/{LOG_DIRECTORY}", 1)
    times = {record.lsn: record.time_ms for record in log.records()}
    everything = TargetMoment(lsn=max(times, default=0), log_from_lsn=min(times, default=1))
    recovered = recovered_at(RealStorage(), directory, SystemClock(), everything)
    found = recovered.panes[pane]
    started = min(times.values(), default=0) if found.screen is None else times.get(found.lsn, 0)
    started = started or recovered.report.checkpoint_ms
    events = [asciicast.CastEvent(started, found.screen.fallback)] if found.screen else []
    for operation in found.replay():
        at = times[operation.lsn]
        if isinstance(operation, Output):
            events.append(asciicast.CastEvent(at, operation.data))
        elif isinstance(operation, Resize):
            events.append(asciicast.CastEvent(at, size=(operation.columns, operation.rows)))
    if found.screen is None and events:
        started = events[0].time_ms
    title = recovered.state.panes[pane].title
    size = found.columns, found.rows
    return asciicast.lines(events, *size, started, version=version, title=title)
