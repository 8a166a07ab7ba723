"""Removes secrets from events and from the structure before they are stored, and marks what is missing after a
recovery.

There are three kinds. The values of variables that look like secrets are replaced by `WITHHELD`. Hidden variables
(`set-environment -h`) are not stored at all, not even their names. Secrets in command lines are replaced by a mark; a
command line with a mark is shown to users and never run.
"""

from collections.abc import Callable
from typing import Final, TypeVar, assert_never

import msgspec

from fuguemux.config.secrets import is_redacted, redacted, redacted_line
from fuguemux.model.events import (
    AnyEvent,
    BufferDeleted,
    BufferSet,
    ChannelChanged,
    EnvironmentSet,
    FloatingPaneAdded,
    ForegroundChanged,
    HistoryCleared,
    LayoutChanged,
    LinksFollowed,
    OptionSet,
    OutputMissing,
    PaneActivated,
    PaneAdded,
    PaneBroken,
    PaneDirectoryChanged,
    PaneMoved,
    PaneRemoved,
    PaneRespawned,
    PanesPlaced,
    PaneTitled,
    PipeChanged,
    ProcessExited,
    ProcessStarted,
    ProgramEnded,
    SessionCreated,
    SessionDestroyed,
    SessionGrouped,
    SessionRenamed,
    WindowCreated,
    WindowLinked,
    WindowMoved,
    WindowRenamed,
    WindowSelected,
    WindowsSwapped,
    WindowUnlinked,
    ZoomChanged,
)
from fuguemux.model.state import Environment, Options, Pane, Pipe, ServerState, Session, Window

WITHHELD: Final = b"\0"
"""Replaces the value of a variable that must not be stored. No real value contains a NUL."""
COMMAND_OPTIONS: Final = frozenset({"default-command", "restore-command"})
"""Options whose values are command lines."""

Withhold = Callable[[bytes, bytes], bool]
"""Whether the value of a variable must not be stored, by its name and by the value."""

_StoredAsItIs = (
    SessionRenamed
    | SessionDestroyed
    | WindowLinked
    | WindowUnlinked
    | WindowMoved
    | WindowSelected
    | WindowRenamed
    | WindowsSwapped
    | PaneRemoved
    | PaneMoved
    | PaneBroken
    | LayoutChanged
    | PanesPlaced
    | PaneActivated
    | ZoomChanged
    | PaneTitled
    | PaneDirectoryChanged
    | ProcessExited
    | HistoryCleared
    | BufferSet
    | BufferDeleted
    | ChannelChanged
    | OutputMissing
    | SessionGrouped
    | LinksFollowed
)
"""Events without variables and command lines."""

_Holder = TypeVar("_Holder", bound=msgspec.Struct)


# -- before storing -----------------------------------------------------------------------------


def stored_event(event: AnyEvent, withhold: Withhold | None) -> AnyEvent | None:
    """The event as it is stored. None: nothing of it is stored. `withhold` None: all values of variables are stored."""
    if isinstance(event, _StoredAsItIs):
        return event
    match event:
        case EnvironmentSet():
            if event.hidden:
                return None
            if event.value is None or withhold is None or not withhold(event.name, event.value):
                return event
            return msgspec.structs.replace(event, value=WITHHELD)
        case OptionSet(_, _, name, value):
            if value is None or name not in COMMAND_OPTIONS:
                return event
            line = redacted_line(value)
            return event if line == value else msgspec.structs.replace(event, value=line)
        case ForegroundChanged(_, argv, pipeline, _, jobs):
            return _changed(
                event,
                argv=redacted(argv),
                pipeline=tuple(map(redacted, pipeline)),
                jobs=tuple(map(redacted, jobs)),
            )
        case ProcessStarted(instead=instead):
            return event if instead is None else _changed(event, instead=redacted(instead))
        case ProgramEnded(program=program):
            return _changed(event, program=redacted_line(program))
        case PipeChanged(_, pipe):
            return _changed(event, pipe=_pipe(pipe))
        case SessionCreated(environment=environment, options=options):
            return _changed(
                event,
                environment=_variables(environment, withhold),
                options=_options(options),
            )
        case WindowCreated() | PaneAdded() | FloatingPaneAdded() | PaneRespawned():
            variables = event.environment and _variables(event.environment, withhold)
            return _changed(event, environment=variables, argv=redacted(event.argv))
        case _:
            assert_never(event)


def stored_state(state: ServerState, withhold: Withhold | None) -> ServerState:
    """The structure as it is stored."""

    def session(value: Session) -> Session:
        environment = _variables(value.environment, withhold)
        return _changed(value, environment=environment, hidden={}, options=_options(value.options))

    def window(value: Window) -> Window:
        return _changed(value, options=_options(value.options))

    def pane(value: Pane) -> Pane:
        return _changed(
            value,
            environment=_variables(value.environment, withhold),
            argv=redacted(value.argv),
            foreground=redacted(value.foreground),
            pipeline=tuple(map(redacted, value.pipeline)),
            jobs=tuple(map(redacted, value.jobs)),
            instead=None if value.instead is None else redacted(value.instead),
            options=_options(value.options),
            pipe=_pipe(value.pipe),
        )

    return msgspec.structs.replace(
        state,
        environment=_variables(state.environment, withhold),
        hidden={},
        sessions={number: session(value) for number, value in state.sessions.items()},
        windows={number: window(value) for number, value in state.windows.items()},
        panes={number: pane(value) for number, value in state.panes.items()},
        server_options=_options(state.server_options),
        session_options=_options(state.session_options),
        window_options=_options(state.window_options),
    )


def _changed(holder: _Holder, **fields: object) -> _Holder:
    """`holder` with `fields`. Returns `holder` itself if it has these values already, which is nearly always so."""
    if all(getattr(holder, name) == wanted for name, wanted in fields.items()):
        return holder
    return msgspec.structs.replace(holder, **fields)


def _pipe(pipe: Pipe | None) -> Pipe | None:
    return None if pipe is None else _changed(pipe, command=redacted_line(pipe.command))


def _variables(environment: Environment, withhold: Withhold | None) -> Environment:
    if withhold is None or not environment:
        return environment
    return {
        name: WITHHELD if value is not None and withhold(name, value) else value
        for name, value in environment.items()
    }


def _options(options: Options) -> Options:
    if COMMAND_OPTIONS.isdisjoint(options):
        return options
    return {
        name: redacted_line(value) if name in COMMAND_OPTIONS else value
        for name, value in options.items()
    }


# -- after reading ------------------------------------------------------------------------------


def without_withheld(state: ServerState) -> tuple[ServerState, list[str]]:
    """`state` without the variables whose values were not stored, and the names of these variables, for the report.

    Each is named as `NAME` (global), `$1 NAME` or `%2 NAME`. An option whose command line was stored without a secret
    is unset, and named in the same way. Command lines of panes keep their marks.
    """
    names: list[str] = []

    def variables(environment: Environment, owner: str) -> Environment:
        kept = {name: value for name, value in environment.items() if value != WITHHELD}
        names.extend(
            owner + name.decode("utf-8", "replace") for name in environment if name not in kept
        )
        return kept

    def options(values: Options, owner: str) -> Options:
        gone = [
            name
            for name in sorted(COMMAND_OPTIONS & values.keys())
            if is_redacted((values[name].encode("utf-8", "surrogateescape"),))
        ]
        names.extend(owner + name for name in gone)
        return {name: value for name, value in values.items() if name not in gone}

    replace = msgspec.structs.replace
    after = replace(
        state,
        environment=variables(state.environment, ""),
        server_options=options(state.server_options, ""),
        session_options=options(state.session_options, ""),
        window_options=options(state.window_options, ""),
        sessions={
            i: replace(
                s,
                environment=variables(s.environment, f"${i} "),
                options=options(s.options, f"${i} "),
            )
            for i, s in state.sessions.items()
        },
        windows={
            i: replace(w, options=options(w.options, f"@{i} ")) for i, w in state.windows.items()
        },
        panes={
            i: replace(
                p,
                environment=variables(p.environment, f"%{i} "),
                options=options(p.options, f"%{i} "),
            )
            for i, p in state.panes.items()
        },
    )
    return (after, names) if names else (state, names)
