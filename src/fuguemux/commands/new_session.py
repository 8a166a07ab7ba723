"""new-session: create a session with one window. Without `-d` the client attaches to it."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings, spawning
from fuguemux.commands.parts.attaching import attached, check_can_attach, effect_of, taken_over
from fuguemux.commands.parts.grouping import grouping
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import number
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import StartProcess
from fuguemux.model.events import SessionCreated, WindowCreated
from fuguemux.model.ids import NOBODY
from fuguemux.model.layout import leaf
from fuguemux.model.limits import SESSIONS_MAX, WINDOW_COLUMNS_MAX, WINDOW_ROWS_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import Options, ServerState
from fuguemux.model.window_size import WindowSize, bounded, parsed_size
from fuguemux.options.derived import base_index, status_rows
from fuguemux.targets.declaration import CURRENT, Absence, TargetFlag, TargetKind
from fuguemux.targets.session_names import checked_name, next_session, session_called


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, request = invocation.flags, invocation.request
    group = grouping(state, invocation)
    name = _name(state, live, invocation)
    existing = session_called(state, name) if name is not None else None
    nobody = request.client == NOBODY
    if existing is not None:
        if not flags.has("A"):
            raise Refused(f"duplicate session: {name}")
        if nobody:
            return Decision()
        return attached(
            state,
            live,
            invocation,
            existing,
            detach_others=flags.has("D") or flags.has("X"),
            client_flags=flags.value("f") or "",
        )
    if len(state.sessions) >= SESSIONS_MAX:
        raise Refused(f"create session failed: there are {SESSIONS_MAX} sessions already")
    detached = flags.has("d") or nobody
    if not detached:
        check_can_attach(request)
    size, options = _size(state, live, invocation, detached=detached)
    if request.as_tmux and settings.text(state, live, "tmux-shim") == "auto":
        options = {**options, "tmux-shim": "on"}

    session, name = next_session(state, name, group.name)
    window, pane = spawning.next_ids(state)
    target = invocation.optional_target
    argv = spawning.argv_of(invocation.arguments)
    cwd = spawning.start_directory(state, live, invocation, target)
    environment = {} if flags.has("E") else taken_over(state, None, request.environment)
    environment |= spawning.environment_given(invocation)
    title, window_options = spawning.window_name(state, live, invocation, target, argv)
    now_ms = live.now_ms()
    created = SessionCreated(session, name, cwd, now_ms, environment, options, group.name)
    attach = () if detached else (effect_of(request, session, flags=flags.value("f") or ""),)
    if group.leader is not None:
        events = (*group.before(), created, group.joined(group.leader, session))
        shown = state.windows[group.leader.links[0].window]
        reply = spawning.printed(invocation, session, shown.id, shown.active, "#{session_name}:")
        return Decision(events, attach, reply)
    first = WindowCreated(
        window,
        title,
        session,
        base_index(state, live.option_defaults(), None),
        pane,
        leaf(pane, *size),
        now_ms,
        argv,
        cwd,
        options=window_options,
    )
    reply = spawning.printed(invocation, session, window, pane, "#{session_name}:")
    return Decision((created, first), (StartProcess(pane), *attach), reply)


def _name(state: ServerState, live: LiveView, invocation: Invocation) -> str | None:
    given = invocation.flags.value("s")
    if given is None:
        return None
    target = invocation.optional_target
    return checked_name(settings.expanded(state, live, invocation, given, target))


def _size(
    state: ServerState, live: LiveView, invocation: Invocation, *, detached: bool
) -> tuple[WindowSize, Options]:
    """The first window's size, and the session's `default-size` if -x or -y were given."""
    request, default = invocation.request, parsed_size(settings.text(state, live, "default-size"))
    wanted = WindowSize(
        _length(invocation, "x", "width", request.columns, 80, WINDOW_COLUMNS_MAX),
        _length(invocation, "y", "height", request.rows, 24, WINDOW_ROWS_MAX),
    )
    has_width, has_height = invocation.flags.has("x"), invocation.flags.has("y")
    if not detached and not request.control and request.columns and request.rows:
        size = bounded(
            request.columns, request.rows - status_rows(state, live.option_defaults(), None)
        )
    else:
        usual = default or WindowSize(80, 24)
        size = bounded(
            wanted.columns if has_width else usual.columns,
            wanted.rows if has_height else usual.rows,
        )
    if not (has_width or has_height):
        return size, {}
    columns = wanted.columns if has_width else size.columns
    rows = wanted.rows if has_height else size.rows
    return size, {"default-size": f"{columns}x{rows}"}


def _length(
    invocation: Invocation, letter: str, what: str, of_client: int, default: int, most: int
) -> int:
    text = invocation.flags.value(letter)
    if text is None:
        return default
    if text == "-":
        return of_client or default
    return number(what, text, 1, most)


COMMAND: Final = Command(
    name="new-session",
    alias="new",
    flags="Ac:dDe:EF:f:n:Ps:t:x:Xy:",
    usage="[-AdDEPX] [-c start-directory] [-e environment] [-F format] [-f flags] [-n window-name] "
    "[-s session-name] [-t target-session] [-x width] [-y height] [shell-command]",
    arguments=(0, None),
    target=CURRENT,
    source=TargetFlag("t", TargetKind.SESSION, Absence.NOTHING, only_given=True),
    decide=decide,
    help="Create a session and attach to it; with -d only create it.",
    starts_server=True,
)
