"""What happened, in the past tense: the only things that change the state, and what the log's STRUCTURE records hold.

One record holds the list of events of one decision, so they happen together or not at all. Tags are numbers that are
never reused; fields are append-only and new ones have defaults, so that today's code reads yesterday's log. Events
carry results (a whole layout, not "split in half"), so that replay never depends on how a result was computed.
"""

from typing import Literal

import msgspec

from fuguemux.model.floating import Floating
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import Layout
from fuguemux.model.state import Buffer, Environment, ExitCause, Link, Options, Pipe, Ran


class Event(msgspec.Struct, frozen=True, array_like=True):
    """Base of all events."""


class SessionCreated(Event, frozen=True, tag=1):
    """A session came to be, still without windows. The state's counter moves past `session`."""

    session: SessionId
    name: str
    cwd: bytes
    created_ms: int
    environment: Environment = {}
    options: Options = {}
    group: str = ""
    """As in Session."""


class SessionRenamed(Event, frozen=True, tag=2):
    session: SessionId
    name: str


class SessionDestroyed(Event, frozen=True, tag=3):
    """The session and its links are gone. Windows that no other session links are gone with their panes."""

    session: SessionId


class WindowCreated(Event, frozen=True, tag=4):
    """A window was created with its first pane, and is linked into `session` at `index`, which was free.

    The layout contains only that pane. The window does not become current.
    """

    window: WindowId
    name: str
    session: SessionId
    index: int
    pane: PaneId
    layout: Layout
    created_ms: int
    argv: tuple[bytes, ...] = ()
    cwd: bytes = b""
    environment: Environment = {}
    options: Options = {}


class WindowLinked(Event, frozen=True, tag=5):
    """An existing window is linked into `session` at `index`, which was free."""

    session: SessionId
    index: int
    window: WindowId


class WindowUnlinked(Event, frozen=True, tag=6):
    """The link at `index` is gone, and the window too if it was the last link. If it was the session's current window,
    the most recent of the earlier ones becomes current, else the nearest index. A session left without windows must be
    destroyed by a later event of the same decision.
    """

    session: SessionId
    index: int


class WindowMoved(Event, frozen=True, tag=7):
    """The link at `index` is now at `to`, which was free."""

    session: SessionId
    index: int
    to: int


class WindowSelected(Event, frozen=True, tag=8):
    """The window at `index` is the session's current one."""

    session: SessionId
    index: int


class WindowRenamed(Event, frozen=True, tag=9):
    window: WindowId
    name: str


class PaneAdded(Event, frozen=True, tag=10):
    """A pane was created in a window. `layout` is the whole layout afterwards; a zoomed window is unzoomed."""

    window: WindowId
    pane: PaneId
    layout: Layout
    created_ms: int
    argv: tuple[bytes, ...] = ()
    cwd: bytes = b""
    environment: Environment = {}
    options: Options = {}


class PaneRemoved(Event, frozen=True, tag=11):
    """A pane that was not the window's only one is gone. `layout` is the whole layout afterwards.

    If it was active, the most recent of the earlier active panes becomes active, else the first of the layout. A pane
    of `layout` that floated before is tiled from now on.
    """

    window: WindowId
    pane: PaneId
    layout: Layout


class PaneMoved(Event, frozen=True, tag=12):
    """A pane moved from `source` to `target` (join-pane). `source_layout` None: it was the only pane, and `source` is
    gone with its links. Sessions left empty must be destroyed by a later event of the same decision.
    """

    pane: PaneId
    source: WindowId
    target: WindowId
    source_layout: Layout | None
    target_layout: Layout


class PaneBroken(Event, frozen=True, tag=13):
    """A pane left its window, which has other panes, for a new window of its own (break-pane)."""

    pane: PaneId
    source: WindowId
    source_layout: Layout
    window: WindowId
    name: str
    session: SessionId
    index: int
    layout: Layout
    created_ms: int


class LayoutChanged(Event, frozen=True, tag=14):
    """The same panes with other rectangles or in another order (resize, select-layout, swap-pane, a client's new size)."""

    window: WindowId
    layout: Layout


class PaneActivated(Event, frozen=True, tag=15):
    """The pane is the active one of its window. If it floats, it is in front of the other floating panes."""

    window: WindowId
    pane: PaneId


class ZoomChanged(Event, frozen=True, tag=16):
    window: WindowId
    zoomed: bool


class PaneTitled(Event, frozen=True, tag=17):
    pane: PaneId
    title: str


class PaneDirectoryChanged(Event, frozen=True, tag=18):
    """The present working directory of the pane's program."""

    pane: PaneId
    cwd: bytes


class ForegroundChanged(Event, frozen=True, tag=19):
    """Another program is in the foreground (empty: the pane's own process), or the shell has other jobs beside it.

    The fields are as in Pane: what follows the program in a pipeline, what its words are, and the jobs.
    """

    pane: PaneId
    argv: tuple[bytes, ...]
    pipeline: tuple[tuple[bytes, ...], ...] = ()
    ran: Ran = Ran.COMMAND
    jobs: tuple[tuple[bytes, ...], ...] = ()


class ProcessStarted(Event, frozen=True, tag=20):
    """A process of the pane runs. `instead`: what was started in place of its own command (empty: a shell). None: its own
    command.
    """

    pane: PaneId
    generation: int
    pid: int
    process_start: int
    tty: str
    at_ms: int
    instead: tuple[bytes, ...] | None = None


class ProcessExited(Event, frozen=True, tag=21):
    """The pane's process exited and the pane stays, dead or suspended. For a pane that closes there is PaneRemoved
    instead.
    """

    pane: PaneId
    code: int | None
    signal: int | None
    cause: ExitCause
    at_ms: int
    suspended: bool = False


class PaneRespawned(Event, frozen=True, tag=22):
    """A process is about to be started in an existing pane. Empty `argv`: the same command as before."""

    pane: PaneId
    argv: tuple[bytes, ...] = ()
    cwd: bytes = b""
    environment: Environment | None = None


OptionScope = Literal["server", "global-session", "global-window", "session", "window", "pane"]


class OptionSet(Event, frozen=True, tag=23):
    """`value` None: the option is unset. `target` is a session, window or pane id for the scopes that have one, else 0."""

    scope: OptionScope
    target: int
    name: str
    value: str | None


class EnvironmentSet(Event, frozen=True, tag=24):
    """`session` None: the global environment. `value` None: with `removed` the variable is marked as removed (`-r`),
    without it unset.

    `hidden`: a variable that only formats see. Such an event is applied and never stored, not even its name. An event
    that is not hidden removes a hidden variable of the same name.
    """

    session: SessionId | None
    name: bytes
    value: bytes | None
    removed: bool = False
    hidden: bool = False


class HistoryCleared(Event, frozen=True, tag=25):
    """The scrollback of the pane is gone, on disk too once the next checkpoint is published."""

    pane: PaneId


class BufferSet(Event, frozen=True, tag=26):
    """A buffer of this name exists with these contents, as the most recent one. If it is automatic, the counter moves
    past it.
    """

    buffer: Buffer


class BufferDeleted(Event, frozen=True, tag=27):
    name: str


class WindowsSwapped(Event, frozen=True, tag=28):
    """The windows at two places were exchanged."""

    session: SessionId
    index: int
    other_session: SessionId
    other_index: int


class ProgramEnded(Event, frozen=True, tag=29):
    """Server and keeper died together, and with them this pane's program. A process is started in its place next.

    What the pane's output has shown up to here is the program's last screen, and is kept. Times are wall-clock
    milliseconds: `recovery_ms` names the recovery that found it, `ended_ms` is the latest moment at which the program
    certainly existed (0 if not known). `program` and `place` (`session:window`) are for people.
    """

    pane: PaneId
    generation: int
    recovery_ms: int
    ended_ms: int
    program: str
    place: str


class PipeChanged(Event, frozen=True, tag=30):
    """From now on a command gets the pane's output, or (None) no command does."""

    pane: PaneId
    pipe: Pipe | None


class ChannelChanged(Event, frozen=True, tag=31):
    """What is remembered of a wait-for channel from now on: whether it was woken while no client waited, and whether it
    is locked.
    """

    name: str
    woken: bool
    locked: bool


class OutputMissing(Event, frozen=True, tag=32):
    """The pane's output from byte `start` up to `stop` was shown and is not in the log, which could not take it.

    Times are wall-clock milliseconds of the first and the last of it, 0 if not known. What the log has of the range is
    not missing. A later event with the same `start` says more.
    """

    pane: PaneId
    start: int
    stop: int
    from_ms: int
    to_ms: int


class SessionGrouped(Event, frozen=True, tag=33):
    """The session is in a group from now on, with the links that it has."""

    session: SessionId
    group: str


class LinksFollowed(Event, frozen=True, tag=34):
    """The links of another session of its group have changed: the session has these links now, all of which exist.

    A window that no session links any more is gone with its panes. `active` and `last` are as in Session.
    """

    session: SessionId
    links: tuple[Link, ...]
    active: int
    last: tuple[int, ...] = ()


class FloatingPaneAdded(Event, frozen=True, tag=35):
    """A floating pane was created in a window. `floating`: all floating panes of the window afterwards, from the front to
    the back. `zoomed`: whether the window is zoomed afterwards.
    """

    window: WindowId
    pane: PaneId
    floating: tuple[Floating, ...]
    created_ms: int
    argv: tuple[bytes, ...] = ()
    cwd: bytes = b""
    environment: Environment = {}
    options: Options = {}
    zoomed: bool = False


class PanesPlaced(Event, frozen=True, tag=36):
    """The same panes of a window, each in the layout or floating, at other places or in another order of depth: a floating
    pane was moved, resized, raised or tiled, or a tiled one floats now. `floating` is ordered from the front to the back.
    """

    window: WindowId
    layout: Layout
    floating: tuple[Floating, ...]


AnyEvent = (
    SessionCreated
    | SessionRenamed
    | SessionDestroyed
    | WindowCreated
    | WindowLinked
    | WindowUnlinked
    | WindowMoved
    | WindowSelected
    | WindowRenamed
    | PaneAdded
    | PaneRemoved
    | PaneMoved
    | PaneBroken
    | LayoutChanged
    | PaneActivated
    | ZoomChanged
    | PaneTitled
    | PaneDirectoryChanged
    | ForegroundChanged
    | ProcessStarted
    | ProcessExited
    | PaneRespawned
    | OptionSet
    | EnvironmentSet
    | HistoryCleared
    | BufferSet
    | BufferDeleted
    | WindowsSwapped
    | ProgramEnded
    | PipeChanged
    | ChannelChanged
    | OutputMissing
    | SessionGrouped
    | LinksFollowed
    | FloatingPaneAdded
    | PanesPlaced
)
IGNORABLE = (ProgramEnded, OutputMissing)
"""Events that do not change the state: a version of fugue that does not know them may skip them."""
