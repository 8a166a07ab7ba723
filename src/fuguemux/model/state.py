"""The durable state of a server: sessions have links to windows, windows have a layout of panes.

Everything here is an immutable, pure value. A change is a new value, made only by `model.apply`. Structs are encoded as
arrays, so fields are append-only: never reordered, retyped or removed, and a new one has a default. What processes and
file systems treat as bytes (arguments, paths, environment) is bytes here too.
"""

from enum import IntEnum

import msgspec

from fuguemux.model.floating import Floating, Place
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import Layout

Environment = dict[bytes, bytes | None]
"""Variable to value. None marks a variable that is removed from the inherited environment (tmux's `-r`)."""
Options = dict[str, str]
"""Option name to value in its canonical text form. Only options that were set; defaults are in options/table.py."""


class Value(msgspec.Struct, frozen=True, array_like=True):
    """Base class of all stored values."""


class Life(IntEnum):
    """What is known of a pane's process. Numbers are stored: never reuse one."""

    STARTING = 1
    RUNNING = 2
    DEAD = 3
    """Ended, and its status is shown (remain-on-exit)."""
    SUSPENDED = 4
    """Ended by a shutdown, not by the user: it is started again at the next start."""


class ExitCause(IntEnum):
    """Why a process ended, as far as is known. Numbers are stored: never reuse one."""

    UNKNOWN = 0
    EXITED = 1
    SIGNALLED = 2
    KILLED_BY_USER = 3
    """A kill command of fugue."""
    SHUTDOWN_SUSPECT = 4
    """Ended by a signal, or as if by one, close to the end of the session or machine."""


class Ran(IntEnum):
    """What the stored words of a foreground program are. Numbers are stored: never reuse one."""

    COMMAND = 1
    """All of its arguments."""
    LOOP = 2
    """The arguments of a shell that starts one program after the other, as in a loop that was typed into it."""
    BEGINNING = 3
    """The first of arguments that are too long to store. Never run, since part of a command is another command."""


class ProcessExit(Value, frozen=True):
    """How a process exited. If both numbers are None, it is not known, and never shown as 0."""

    code: int | None
    signal: int | None
    cause: ExitCause
    at_ms: int


class Pipe(Value, frozen=True):
    """A command that gets the output of a pane's program (pipe-pane), or whose own output is given to the program."""

    command: str
    """For the shell; formats in it are expanded."""
    begun_ms: int
    """With the pane it identifies this pipe."""
    out: bool = True
    """Whether the command gets the pane's output."""
    into: bool = False
    """Whether the pane's program gets the command's output, as if it were typed."""


class Pane(Value, frozen=True):
    """One pane: what to run in it, where and with what, and what happened to it."""

    id: PaneId
    window: WindowId
    argv: tuple[bytes, ...]
    """Empty: the default command. One element: a shell command line. More: run directly, as tmux does."""
    cwd: bytes
    environment: Environment
    """Only what `-e` gave. The session's and the global environment are added below it."""
    created_ms: int
    title: str = ""
    options: Options = {}
    life: Life = Life.STARTING
    generation: int = 0
    """How often a process was started in this pane. Together with the pane id it names the process to the keeper."""
    pid: int = 0
    process_start: int = 0
    """The kernel's start time of the process, which distinguishes it from a later one with the same pid. 0 if not known."""
    tty: str = ""
    exit: ProcessExit | None = None
    foreground: tuple[bytes, ...] = ()
    """The arguments of the program last seen in the foreground, if it was not the pane's own process."""
    pipe: Pipe | None = None
    """Kept until the command ends by itself; a new server starts it again."""
    pipeline: tuple[tuple[bytes, ...], ...] = ()
    """The arguments of the programs after `foreground` in a pipeline."""
    ran: Ran = Ran.COMMAND
    """What the words of `foreground` are."""
    jobs: tuple[tuple[bytes, ...], ...] = ()
    """The arguments of the shell's other unfinished jobs: in the background, or stopped."""
    instead: tuple[bytes, ...] | None = None
    """What was started in place of `argv` when the previous process was gone; empty: a shell. None: `argv` was started."""
    floated: Place | None = None
    """Where the pane was when it last floated, for when it floats again."""


class Window(Value, frozen=True):
    """One window. Its panes are the leaves of its layout, in layout order, and those that float above it."""

    id: WindowId
    name: str
    layout: Layout
    active: PaneId
    created_ms: int
    last: tuple[PaneId, ...] = ()
    """Panes that were active before, most recent first."""
    zoomed: bool = False
    options: Options = {}
    floating: tuple[Floating, ...] = ()
    """The panes that are not part of the layout, from the front to the back."""


class Link(Value, frozen=True):
    """A window at an index of a session. A window may be linked into several sessions."""

    index: int
    window: WindowId


class Session(Value, frozen=True):
    """One session: links to windows in index order, and what its panes inherit."""

    id: SessionId
    name: str
    cwd: bytes
    created_ms: int
    links: tuple[Link, ...] = ()
    active: int = 0
    """Index of the current window. It has no meaning while there are no links, which is so only inside a transaction."""
    last: tuple[int, ...] = ()
    """Indices that were current before, most recent first."""
    environment: Environment = {}
    options: Options = {}
    hidden: Environment = {}
    """Variables only for formats (`set-environment -h`). No process gets them, and they are not stored: the stored value
    is empty.
    """
    group: str = ""
    """The name of its group: all sessions of a group have the same links. Empty: it is in none."""


class Buffer(Value, frozen=True):
    """A paste buffer."""

    name: str
    data: bytes
    created_ms: int
    automatic: bool = True


class Channel(Value, frozen=True):
    """What is remembered of a wait-for channel."""

    woken: bool = False
    """Whether it was signalled while no client waited, so that the next client need not wait."""
    locked: bool = False


class ServerState(Value, frozen=True):
    """The whole state. `sessions`, `windows` and `panes` are never mutated in place."""

    sessions: dict[SessionId, Session] = {}
    windows: dict[WindowId, Window] = {}
    panes: dict[PaneId, Pane] = {}
    next_session: int = 0
    next_window: int = 0
    next_pane: int = 0
    environment: Environment = {}
    server_options: Options = {}
    session_options: Options = {}
    window_options: Options = {}
    buffers: tuple[Buffer, ...] = ()
    """Most recent first."""
    next_buffer: int = 0
    hidden: Environment = {}
    """As in a session."""
    channels: dict[str, Channel] = {}
    """The channels that are woken or locked."""


def link_of(session: Session, index: int) -> Link | None:
    """The link at `index`, or None."""
    for link in session.links:
        if link.index == index:
            return link
    return None


def current_link(session: Session) -> Link:
    """The link to the session's current window. Raises ValueError if the session has no such window."""
    link = link_of(session, session.active)
    if link is None:
        raise ValueError(f"session ${session.id} has no window at index {session.active}")
    return link


def sessions_with(state: ServerState, window: WindowId) -> tuple[Session, ...]:
    """Every session that links `window`, in order of session id."""
    return tuple(
        session
        for _, session in sorted(state.sessions.items())
        if any(link.window == window for link in session.links)
    )


def group_of(state: ServerState, session: Session) -> tuple[Session, ...]:
    """The sessions of its group in order of session id; itself alone if it is in none."""
    if not session.group:
        return (session,)
    return tuple(each for _, each in sorted(state.sessions.items()) if each.group == session.group)


def is_linked_elsewhere(state: ServerState, session: Session, window: Window) -> bool:
    """Whether the window has more links than one in each session of the group of `session`."""
    links = sum(link.window == window.id for each in state.sessions.values() for link in each.links)
    return links != len(group_of(state, session))
