"""choose-tree: show a list of sessions and windows, from which the user of a client chooses one."""

from collections.abc import Iterator
from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts.choosing import filled
from fuguemux.formats.formats import FormatContext, Work, expand
from fuguemux.formats.work import UNITS_MAX
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision
from fuguemux.model.effects import Choose
from fuguemux.model.ids import SessionId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Link, ServerState, Session, current_link
from fuguemux.targets.declaration import TargetFlag, TargetKind

WORK_UNITS_MAX: Final = 2 * UNITS_MAX
"""The limit for all rows together. With the formats below it allows about 2,000 rows."""
_TEMPLATE: Final = "switch-client -Zt '%%'"
_SESSION: Final = "#{session_name}: #{session_windows} windows#{?session_attached, (attached),}"
_WINDOW: Final = (
    "    #{window_index}: #{window_name}#{window_flags}"
    '#{?#{!=:#{window_panes},1}, (#{window_panes} panes),} "#{pane_title}"'
)


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    client = invocation.client
    template = invocation.arguments[0] if invocation.arguments else _TEMPLATE
    wanted = invocation.flags.value("f")
    here = _here(state, client.session)
    selected = 0
    rows: list[tuple[str, str]] = []
    work = Work(WORK_UNITS_MAX)
    for target, line, context in _rows(state, live, invocation):
        if wanted is not None and expand(wanted, context, work=work) in ("", "0"):
            continue
        if target in here:
            selected, here = len(rows), ()
        rows.append((expand(line, context, work=work), filled(template, target)))
    choose = Choose(client.id, "sessions and windows", tuple(rows), selected=selected)
    return Decision(effects=(choose,))


def _here(state: ServerState, session: SessionId) -> tuple[str, ...]:
    """The targets of the rows that show where the client is: its session and its window."""
    found = state.sessions.get(session)
    if found is None:
        return ()
    return f"${session}:", f"${session}:@{current_link(found).window}"


def _rows(
    state: ServerState, live: LiveView, invocation: Invocation
) -> Iterator[tuple[str, str, FormatContext]]:
    """Target, format and context of every row. Sessions are in the order of their names, each followed by its
    windows."""
    flags = invocation.flags
    line = flags.value("F")
    for session in sorted(state.sessions.values(), key=lambda session: session.name):
        if not flags.has("w"):
            context = FormatContext(state, live, session=session.id)
            yield f"${session.id}:", line or _SESSION, context
        if flags.has("s"):
            continue
        for link in session.links:
            context = _context(state, live, session, link)
            yield f"${session.id}:@{link.window}", line or _WINDOW, context


def _context(state: ServerState, live: LiveView, session: Session, link: Link) -> FormatContext:
    return FormatContext(
        state,
        live,
        session=session.id,
        window=link.window,
        index=link.index,
        pane=state.windows[link.window].active,
    )


COMMAND: Final = Command(
    name="choose-tree",
    alias="",
    flags="F:f:GK:NO:rst:wZ",
    usage="[-GNrswZ] [-F format] [-f filter] [-K key-format] [-O sort-order] [-t target-pane] [template]",
    arguments=(0, 1),
    client=TargetFlag("", TargetKind.CLIENT),
    target=TargetFlag("t", TargetKind.NONE),
    decide=decide,
    help="Choose a session or window from a list.",
)
