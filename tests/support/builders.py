"""Builds states for tests in few words: `state(session("work", window("editor", panes=2)))`."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import msgspec

from fuguemux.model.decision import Request
from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.layout import Direction, Layout, leaf, split
from fuguemux.model.state import Life, Link, Options, Pane, ServerState, Session, Window

CREATED_MS = 1_700_000_000_000


class WindowPlan(NamedTuple):
    """A window that `state` is to build."""

    name: str
    panes: int
    columns: int
    rows: int
    direction: Direction
    at: int | None
    active: int
    zoomed: bool
    options: Options
    last: tuple[int, ...]


class SessionPlan(NamedTuple):
    """A session that `state` is to build."""

    name: str
    windows: tuple[WindowPlan, ...]
    active: int | None
    last: tuple[int, ...]
    options: Options
    cwd: bytes


def window(
    name: str = "sh",
    *,
    panes: int = 1,
    columns: int = 80,
    rows: int = 24,
    direction: Direction = "row",
    at: int | None = None,
    active: int = 0,
    zoomed: bool = False,
    options: Options | None = None,
    last: tuple[int, ...] = (),
) -> WindowPlan:
    """A window with `panes` panes, each made by splitting the one before. `active` and `last` count from 0 in layout
    order."""
    return WindowPlan(
        name, panes, columns, rows, direction, at, active, zoomed, options or {}, last
    )


def session(
    name: str,
    *windows: WindowPlan,
    active: int | None = None,
    last: tuple[int, ...] = (),
    options: Options | None = None,
    cwd: bytes = b"/home/user",
) -> SessionPlan:
    """A session with these windows, or with one window if none is given. `active` is an index. None: that of the
    first window."""
    return SessionPlan(name, windows or (window(),), active, last, options or {}, cwd)


def state(*sessions: SessionPlan) -> ServerState:
    """A state with these sessions. Ids count up from 0 in the given order. Every pane runs as pid 1000 + its id."""
    built = ServerState()
    for plan in sessions:
        built = _with_session(built, plan)
    return built


def _with_session(built: ServerState, plan: SessionPlan) -> ServerState:
    links: list[Link] = []
    for place, window_plan in enumerate(plan.windows):
        index = place if window_plan.at is None else window_plan.at
        links.append(Link(index, WindowId(built.next_window)))
        built = _with_window(built, window_plan, plan.cwd)
    made = Session(
        SessionId(built.next_session),
        plan.name,
        plan.cwd,
        CREATED_MS + built.next_session * 1000,
        tuple(sorted(links, key=lambda link: link.index)),
        links[0].index if plan.active is None else plan.active,
        plan.last,
        options=plan.options,
    )
    return msgspec.structs.replace(
        built, sessions={**built.sessions, made.id: made}, next_session=built.next_session + 1
    )


def _with_window(built: ServerState, plan: WindowPlan, cwd: bytes) -> ServerState:
    first = built.next_pane
    ids = [PaneId(first + number) for number in range(plan.panes)]
    layout: Layout = leaf(ids[0], plan.columns, plan.rows)
    for before, new in pairwise(ids):
        layout = split(layout, before, plan.direction, new)
    name = WindowId(built.next_window)
    made = Window(
        name,
        plan.name,
        layout,
        ids[plan.active],
        CREATED_MS,
        tuple(ids[number] for number in plan.last),
        plan.zoomed,
        plan.options,
    )
    panes = {pane: running_pane(pane, name, cwd) for pane in ids}
    return msgspec.structs.replace(
        built,
        windows={**built.windows, name: made},
        panes={**built.panes, **panes},
        next_window=built.next_window + 1,
        next_pane=first + plan.panes,
    )


def running_pane(pane: PaneId, of: WindowId, cwd: bytes = b"/home/user") -> Pane:
    """A pane whose process runs."""
    return Pane(
        pane,
        of,
        (),
        cwd,
        {},
        CREATED_MS,
        title="host",
        life=Life.RUNNING,
        generation=1,
        pid=1000 + pane,
        process_start=1,
        tty=f"/dev/pts/{pane}",
    )


def request(
    *argv: str,
    pane: int | None = None,
    session: int | None = None,
    client: int = 1,
    cwd: bytes = b"/tmp",
    environment: dict[bytes, bytes] | None = None,
    interactive: bool = False,
    columns: int = 0,
    rows: int = 0,
) -> Request:
    """A request as a client without a terminal would send it."""
    return Request(
        argv,
        cwd,
        environment or {},
        ClientId(client),
        interactive,
        columns,
        rows,
        None if pane is None else PaneId(pane),
        None if session is None else SessionId(session),
    )


def words(line: str | Sequence[str]) -> tuple[str, ...]:
    """`line` split at blanks, for requests in whose words there are no blanks."""
    return tuple(line.split()) if isinstance(line, str) else tuple(line)
