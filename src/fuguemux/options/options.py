"""The values of options: what is set in a place, what a place inherits, and the events that set and unset a value.

A place is the server, all sessions, all windows, one session, one window or one pane. An array is stored as one entry
`name[index]` for each value. An empty entry `name` says that the place has an array of its own.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from fuguemux.language.command_table import CommandTable
from fuguemux.language.nearest import nearest
from fuguemux.language.numbers import INT_MAX
from fuguemux.model.decision import Refused
from fuguemux.model.events import OptionScope, OptionSet
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.state import Options, Pane, ServerState, Session, Window
from fuguemux.options.table import BY_NAME, OPTIONS, OTHER_SPELLINGS
from fuguemux.options.types import Option

_INDEXED: Final = re.compile(r"([^\[]*)\[(\d{1,10})\]")
_OUTERMOST: Final = frozenset(("server", "global-session", "global-window"))
"""The scopes that inherit from no other. They have a value of every option."""

Defaults = Mapping[str, str]
"""Defaults from the configuration, by option name. They replace those of the table. A mapping never changes."""
NO_DEFAULTS: Final[Defaults] = MappingProxyType({})
"""No defaults from the configuration: those of the table apply."""


def configured(commands: CommandTable, defaults: Mapping[str, str]) -> Defaults:
    """`defaults` with each value in its canonical text. Raises Refused: a value is not valid for its option."""
    return MappingProxyType(
        {name: BY_NAME[name].value(text, "", commands) for name, text in defaults.items()}
    )


def default(defaults: Defaults, option: Option) -> str:
    """The value of an option that is not set anywhere."""
    return defaults.get(option.name, option.default)


class OptionPlace(NamedTuple):
    """A place for options: its scope, and the id of the session, window or pane (0 for the global scopes)."""

    scope: OptionScope
    target: int = 0


class Name(NamedTuple):
    """An option as a command names it: `status-left`, `command-alias[3]`, `@mine`."""

    name: str
    option: Option | None
    """None for a user option, whose name begins with @."""
    at: int | None
    """The index in an array, if one was given."""


def match(text: str) -> Name:
    """The option whose name is `text` or begins with it. Raises Refused: no option, or several, or a bad index."""
    name, index = text, None
    if "[" in text:
        indexed = _INDEXED.fullmatch(text)
        if indexed is None or int(indexed[2]) > INT_MAX:
            raise Refused(f"invalid option: {text}")
        name, index = indexed[1], int(indexed[2])
    if name.startswith("@"):
        return Name(name, None, index)
    name = OTHER_SPELLINGS.get(name, name)
    option = BY_NAME.get(name)
    if option is None:
        found = [known for known in OPTIONS if known.name.startswith(name)]
        if not found or not name:
            raise Refused(f"invalid option: {text}", near=nearest(name, BY_NAME))
        if len(found) > 1:
            raise Refused(f"ambiguous option: {text}")
        option = found[0]
    return Name(option.name, option, index)


def local(state: ServerState, place: OptionPlace) -> Options:
    """The options that are set in exactly that place."""
    match place.scope:
        case "server":
            return state.server_options
        case "global-session":
            return state.session_options
        case "global-window":
            return state.window_options
        case "session":
            return state.sessions[SessionId(place.target)].options
        case "window":
            return state.windows[WindowId(place.target)].options
        case "pane":
            return state.panes[PaneId(place.target)].options


def parent(state: ServerState, place: OptionPlace) -> OptionPlace | None:
    """The place from which `place` inherits; None for the outermost places."""
    match place.scope:
        case "session":
            return OptionPlace("global-session")
        case "window":
            return OptionPlace("global-window")
        case "pane":
            return OptionPlace("window", state.panes[PaneId(place.target)].window)
        case _:
            return None


def value_in(
    state: ServerState, defaults: Defaults, place: OptionPlace, option: Option
) -> str | None:
    """The value of `option` in exactly that place; None if the place inherits it. The outermost places have all values."""
    value = local(state, place).get(option.name)
    if value is None and place.scope in _OUTERMOST:
        return default(defaults, option)
    return value


def array_in(state: ServerState, place: OptionPlace, option: Option) -> dict[int, str] | None:
    """The array of exactly that place, by index and in order; None if the place inherits it."""
    entries = local(state, place)
    if option.name not in entries:
        if place.scope in _OUTERMOST:
            return dict(enumerate(option.array or ()))
        return None
    return dict(_entries(entries, option.name))


def _entries(entries: Options, name: str) -> Iterator[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for key, value in entries.items():
        indexed = _INDEXED.fullmatch(key)
        if indexed is not None and indexed[1] == name:
            found.append((int(indexed[2]), value))
    yield from sorted(found)


def inherited(state: ServerState, defaults: Defaults, place: OptionPlace, option: Option) -> str:
    """The value in force in `place`, its own or inherited."""
    at: OptionPlace | None = place
    while at is not None:
        value = value_in(state, defaults, at, option)
        if value is not None:
            return value
        at = parent(state, at)
    return default(defaults, option)


def inherited_array(state: ServerState, place: OptionPlace, option: Option) -> dict[int, str]:
    """The array in force in `place`, its own or inherited."""
    at: OptionPlace | None = place
    while at is not None:
        values = array_in(state, at, option)
        if values is not None:
            return values
        at = parent(state, at)
    return {}


def place_of(
    option: Option, session: Session | None, window: Window | None, pane: Pane | None
) -> OptionPlace:
    """The innermost place that can have a value of `option` for these."""
    if option.scope == "server":
        return OptionPlace("server")
    if option.scope == "session":
        return (
            OptionPlace("global-session") if session is None else OptionPlace("session", session.id)
        )
    if pane is not None:
        return OptionPlace("pane", pane.id) if option.pane else OptionPlace("window", pane.window)
    return OptionPlace("global-window") if window is None else OptionPlace("window", window.id)


def get(
    state: ServerState,
    defaults: Defaults,
    name: str,
    *,
    session: Session | None = None,
    window: Window | None = None,
    pane: Pane | None = None,
) -> str:
    """The value in force there of the option called `name`, as canonical text. Raises KeyError: no such option."""
    option = BY_NAME[name]
    for options in _levels(state, option, session, window, pane):
        value = options.get(option.name)
        if value is not None:
            return value
    return default(defaults, option)


def _levels(
    state: ServerState,
    option: Option,
    session: Session | None,
    window: Window | None,
    pane: Pane | None,
) -> tuple[Options, ...]:
    """The options set in each place that `inherited` asks, innermost first. Faster than `inherited`: a frame needs 20 values."""
    if option.scope == "server":
        return (state.server_options,)
    if option.scope == "session":
        if session is None:
            return (state.session_options,)
        return (state.sessions[session.id].options, state.session_options)
    if pane is not None and option.pane:
        pane = state.panes[pane.id]
        return (pane.options, state.windows[pane.window].options, state.window_options)
    if pane is not None:
        of = pane.window
    elif window is not None:
        of = window.id
    else:
        return (state.window_options,)
    return (state.windows[of].options, state.window_options)


def get_array(
    state: ServerState,
    name: str,
    *,
    session: Session | None = None,
    window: Window | None = None,
    pane: Pane | None = None,
) -> tuple[str, ...]:
    """The values in force there of an array option or a hook, in order. Raises KeyError: no such option."""
    option = BY_NAME[name]
    place = place_of(option, session, window, pane)
    return tuple(inherited_array(state, place, option).values())


def get_flag(
    state: ServerState,
    defaults: Defaults,
    name: str,
    *,
    session: Session | None = None,
    window: Window | None = None,
    pane: Pane | None = None,
) -> bool:
    """As `get`, for a flag."""
    return get(state, defaults, name, session=session, window=window, pane=pane) == "on"


def get_number(
    state: ServerState,
    defaults: Defaults,
    name: str,
    *,
    session: Session | None = None,
    window: Window | None = None,
    pane: Pane | None = None,
) -> int:
    """As `get`, for a number."""
    return int(get(state, defaults, name, session=session, window=window, pane=pane))


# The events that change options.


def set_value(place: OptionPlace, name: str, value: str | None) -> tuple[OptionSet, ...]:
    """The event that sets an option that is no array, or unsets it if `value` is None."""
    return (OptionSet(place.scope, place.target, name, value),)


def set_array(
    state: ServerState, place: OptionPlace, option: Option, values: Mapping[int, str] | None
) -> tuple[OptionSet, ...]:
    """The events after which the place has exactly the array `values`; None: after which it inherits the array."""
    before = dict(_entries(local(state, place), option.name))
    owned = option.name in local(state, place)
    wanted = {} if values is None else values
    events = [
        OptionSet(place.scope, place.target, f"{option.name}[{index}]", None)
        for index in before
        if index not in wanted
    ]
    events += [
        OptionSet(place.scope, place.target, f"{option.name}[{index}]", value)
        for index, value in wanted.items()
        if before.get(index) != value
    ]
    if values is None and owned:
        events.append(OptionSet(place.scope, place.target, option.name, None))
    elif values is not None and not owned:
        events.insert(0, OptionSet(place.scope, place.target, option.name, ""))
    return tuple(events)
