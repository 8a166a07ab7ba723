"""The values of options: what was set in a place, what it inherits, and the events that set and unset it.

A place is the server, all sessions, all windows, one session, one window or one pane. An array is kept as one entry
`name[index]` per value, and an empty entry `name` which says that the place has this array of its own.
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
"""The scopes that inherit from none, and have a value of every option."""

Defaults = Mapping[str, str]
"""Defaults that the configuration gives in place of the table's, by the name of the option. It never changes."""
NO_DEFAULTS: Final[Defaults] = MappingProxyType({})
"""The configuration gives none: every default is the table's."""


def configured(commands: CommandTable, defaults: Mapping[str, str]) -> Defaults:
    """`defaults` in their canonical text. Raises Refused: an option does not take its value."""
    return MappingProxyType(
        {name: BY_NAME[name].value(text, "", commands) for name, text in defaults.items()}
    )


def default(defaults: Defaults, option: Option) -> str:
    """The option's value where nobody set it."""
    return defaults.get(option.name, option.default)


class OptionPlace(NamedTuple):
    """Where an option is set: the scope, and the id of the session, window or pane (0 for the global scopes)."""

    scope: OptionScope
    target: int = 0


class Name(NamedTuple):
    """An option as a person named it."""

    name: str
    option: Option | None
    """None: an option of the user's own, whose name begins with @."""
    at: int | None
    """The place in an array."""


def match(text: str) -> Name:
    """The option that `text` names or begins, with an index if it has one. Raises Refused: invalid, ambiguous."""
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
    """What was set in that very place."""
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
    """The place from which `place` inherits."""
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
    """The value of `option` in that very place, None if it is inherited. The global places have all values."""
    value = local(state, place).get(option.name)
    if value is None and place.scope in _OUTERMOST:
        return default(defaults, option)
    return value


def array_in(state: ServerState, place: OptionPlace, option: Option) -> dict[int, str] | None:
    """The array of that very place by index, in order; None if it is inherited."""
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
    """The value that holds in `place`."""
    at: OptionPlace | None = place
    while at is not None:
        value = value_in(state, defaults, at, option)
        if value is not None:
            return value
        at = parent(state, at)
    return default(defaults, option)


def inherited_array(state: ServerState, place: OptionPlace, option: Option) -> dict[int, str]:
    """The array that holds in `place`."""
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
    """The place whose value of `option` holds for these; the most particular one."""
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
    """The value of the option called `name` that holds there, in its canonical text. Raises KeyError: no such option."""
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
    """What was set in the places that `inherited` goes through from `place_of`, without naming them: each frame asks for 20."""
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
    """The values of an array option (or hook) that hold there, in order. Raises KeyError: no such option."""
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
    """Whether the flag is on. Raises KeyError: no such option."""
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
    """The number. Raises KeyError: no such option."""
    return int(get(state, defaults, name, session=session, window=window, pane=pane))


# Events.


def set_value(place: OptionPlace, name: str, value: str | None) -> tuple[OptionSet, ...]:
    """The event that sets (or with None unsets) an option that is no array."""
    return (OptionSet(place.scope, place.target, name, value),)


def set_array(
    state: ServerState, place: OptionPlace, option: Option, values: Mapping[int, str] | None
) -> tuple[OptionSet, ...]:
    """The events that make `values` the array of that place, or with None give its own array up."""
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
