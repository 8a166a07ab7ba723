"""What a new window or pane starts with: command, directory, environment, name and size. After spawn.c of tmux."""

import posixpath
from collections.abc import Iterable

from fuguemux.commands.parts import settings
from fuguemux.config.secrets import named
from fuguemux.language.invocation import Invocation
from fuguemux.language.target import Target
from fuguemux.model.client_sizes import counting, room_for
from fuguemux.model.closing import renumbered
from fuguemux.model.decision import Expand as ExpandLine
from fuguemux.model.decision import Refused, Reply
from fuguemux.model.events import AnyEvent, WindowMoved, WindowSelected, WindowUnlinked
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import Direction, size_of
from fuguemux.model.limits import (
    NAME_BYTES_MAX,
    PANES_MAX,
    PATH_BYTES_MAX,
    WINDOW_INDEX_MAX,
    WINDOWS_MAX,
)
from fuguemux.model.live import LiveView
from fuguemux.model.pane_places import border_edge, rectangles_within
from fuguemux.model.state import Environment, Link, Options, ServerState, Session, link_of
from fuguemux.model.window_names import bounded_title, name_of_argv
from fuguemux.model.window_size import SizedViewer, WindowSize, bounded, parsed_size, window_size
from fuguemux.options.derived import base_index, status_rows

NAMED_BY_HAND: Options = {"automatic-rename": "off"}
"""The options of a window that was given a name, so that the name stays."""
PRINTED_BY_DEFAULT = "#{session_name}:#{window_index}.#{pane_index}"


def encoded(text: str) -> bytes:
    """`text` as the bytes that the client sent."""
    return text.encode("utf-8", "surrogateescape")


def argv_of(arguments: Iterable[str]) -> tuple[bytes, ...]:
    """The arguments of a command as a program and its arguments; empty for the default command."""
    return tuple(encoded(word) for word in arguments)


def environment_given(invocation: Invocation) -> Environment:
    """The variables of `-e NAME=value`. Words without `=` are ignored, as in tmux."""
    environment: Environment = {}
    for word in invocation.flags.values("e"):
        name, separator, value = word.partition("=")
        if separator and name:
            environment[encoded(name)] = encoded(value)
    return environment


def client_directory(invocation: Invocation, session: Session | None) -> bytes:
    """The start directory without `-c`: that of the requester, or for a key that of the session."""
    request = invocation.request
    if request.session is None and request.cwd:
        return request.cwd
    if session is not None and session.cwd:
        return session.cwd
    return request.cwd or b"/"


def start_directory(
    state: ServerState, live: LiveView, invocation: Invocation, target: Target | None
) -> bytes:
    """The start directory: `-c`, expanded as a format and joined to the directory that holds without it."""
    base = client_directory(invocation, target.session if target else None)
    given = invocation.flags.value("c")
    if not given:
        return base
    text = encoded(settings.expanded(state, live, invocation, given, target))
    directory = posixpath.normpath(posixpath.join(base, text)) if text else base
    if len(directory) > PATH_BYTES_MAX:
        raise Refused(f"start directory too long: at most {PATH_BYTES_MAX} bytes")
    return directory


def default_window_name(
    state: ServerState, live: LiveView, session: Session | None, argv: tuple[bytes, ...]
) -> str:
    """The automatic name of a window that runs `argv`."""
    if not argv:
        command = settings.text(state, live, "default-command", session=session)
        argv = (encoded(command),) if command else ()
    return name_of_argv(named(argv), settings.text(state, live, "default-shell", session=session))


def window_name(
    state: ServerState,
    live: LiveView,
    invocation: Invocation,
    target: Target | None,
    argv: tuple[bytes, ...],
    session: Session | None = None,
) -> tuple[str, Options]:
    """The name of a new window (`-n` or else the name of the program) and its options."""
    given = invocation.flags.value("n")
    if given is None:
        return default_window_name(
            state, live, session or (target.session if target else None), argv
        ), {}
    name = settings.expanded(state, live, invocation, given, target)
    return bounded_title(name, NAME_BYTES_MAX), NAMED_BY_HAND


def viewers_of(state: ServerState, live: LiveView, session: Session) -> list[SizedViewer]:
    """The clients that show `session`, with the size of their terminals without the status line."""
    rows_taken = status_rows(state, live.option_defaults(), session)
    return [
        SizedViewer(room_for(client, None, rows_taken), client.used)
        for client in counting(live.clients())
        if client.session == session.id
    ]


def new_window_size(state: ServerState, live: LiveView, session: Session) -> WindowSize:
    """The size of a new window of `session`, by its viewers, or else by its `default-size`."""
    policy = settings.text(state, live, "window-size")
    size = window_size(policy, viewers_of(state, live, session))
    if size is None:
        size = parsed_size(settings.text(state, live, "default-size", session=session))
    return size or bounded(80, 24)


def next_ids(state: ServerState) -> tuple[WindowId, PaneId]:
    """The ids of the next window and pane. Raises Refused if there are too many."""
    if len(state.windows) >= WINDOWS_MAX:
        raise Refused(f"create window failed: there are {WINDOWS_MAX} windows already; close some")
    return WindowId(state.next_window), next_pane_id(state)


def next_pane_id(state: ServerState) -> PaneId:
    """The id of the next pane. Raises Refused if there are too many."""
    if len(state.panes) >= PANES_MAX:
        raise Refused(f"create pane failed: there are {PANES_MAX} panes already; close some")
    return PaneId(state.next_pane)


def free_index(
    state: ServerState, live: LiveView, session: Session, links: Iterable[Link] | None = None
) -> int:
    """The first free index, from `base-index` on."""
    taken = {link.index for link in (session.links if links is None else links)}
    index = base_index(state, live.option_defaults(), session)
    while index in taken:
        index += 1
    if index > WINDOW_INDEX_MAX:
        raise Refused("no free window indexes")
    return index


def spare_index(links: Iterable[Link]) -> int:
    """A free index for a window that is moved again in the same transaction."""
    return max((link.index for link in links), default=0) + 1


def in_place_of_current(
    session: SessionId, index: int, spare: int, arrival: AnyEvent
) -> tuple[AnyEvent, ...]:
    """The events by which a window replaces the current one at `index`: `arrival` puts it at `spare`, and then it moves.

    This order keeps the list of windows that were current before.
    """
    return (
        arrival,
        WindowSelected(session, spare),
        WindowUnlinked(session, index),
        WindowMoved(session, spare, index),
    )


def room_made(session: Session, index: int, *, before: bool) -> tuple[int, tuple[WindowMoved, ...]]:
    """The index behind the window at `index`, or `before` it, and the moves that make that index free."""
    at = index if before else index + 1
    run = at
    while link_of(session, run) is not None:
        run += 1
    if run > WINDOW_INDEX_MAX:
        raise Refused("no free window indexes")
    shifted = [link for link in session.links if at <= link.index < run]
    return at, tuple(renumbered(session, shifted, at + 1))


def printed(
    invocation: Invocation,
    session: SessionId,
    window: WindowId,
    pane: PaneId,
    template: str = PRINTED_BY_DEFAULT,
) -> Reply:
    """The line that `-P` prints, by the format `-F`. It is expanded when the new pane exists."""
    if not invocation.flags.has("P"):
        return Reply()
    line = invocation.flags.value("F")
    return Reply((ExpandLine(template if line is None else line, session, window, pane),))


def moved_index(index: int, moves: Iterable[AnyEvent]) -> int:
    """The index after `moves` of the window that was at `index`."""
    for move in moves:
        if isinstance(move, WindowMoved) and move.index == index:
            return move.to
    return index


def direction(invocation: Invocation) -> Direction:
    """The direction of a split: with `-h` side by side, else one above the other."""
    return "row" if invocation.flags.has("h") else "column"


def space(state: ServerState, target: Target, along: Direction, *, full: bool) -> int:
    """The size of what is split, by which a percentage counts: the pane, or the whole window."""
    if full:
        return size_of(target.window.layout, along)
    edge = border_edge(state, target.window)
    cell = dict(rectangles_within(target.window.layout, edge))[target.pane.id]
    return cell.columns if along == "row" else cell.rows
