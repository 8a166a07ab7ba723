"""The value of an option in one place: the two functions that return it agree."""

import itertools
from collections.abc import Mapping
from typing import Any

import msgspec

from fuguemux.model.state import Options, ServerState
from fuguemux.options import options
from fuguemux.options.options import NO_DEFAULTS
from fuguemux.options.table import OPTIONS
from tests.support.builders import session, state, window

LEVELS = ("session", "window", "pane")


def _with_values(built: ServerState, levels: tuple[str, ...]) -> ServerState:
    """Every option set on the named levels, to a value that names the level."""

    def values(level: str) -> Options:
        return {option.name: level for option in OPTIONS} if level in levels else {}

    def each(level: str, things: Mapping[Any, Any]) -> dict[Any, Any]:
        return {
            number: msgspec.structs.replace(thing, options=values(level))
            for number, thing in things.items()
        }

    return msgspec.structs.replace(
        built,
        server_options=values("server"),
        session_options=values("all sessions"),
        window_options=values("all windows"),
        sessions=each("session", built.sessions),
        windows=each("window", built.windows),
        panes=each("pane", built.panes),
    )


def test_a_value_is_that_of_the_most_particular_place_that_has_one() -> None:
    plain = state(session("a", window("w", panes=2)))
    every = [(), *(some for n in (1, 2, 3) for some in itertools.combinations(LEVELS, n))]
    outer = ("server", "all sessions", "all windows")
    for levels in (*every, *((*some, *outer) for some in every)):
        built = _with_values(plain, levels)
        places = itertools.product(
            (None, next(iter(built.sessions.values()))),
            (None, next(iter(built.windows.values()))),
            (None, next(iter(built.panes.values()))),
        )
        for (of, shown, pane), option in itertools.product(places, OPTIONS):
            place = options.place_of(option, of, shown, pane)
            found = options.get(
                built, NO_DEFAULTS, option.name, session=of, window=shown, pane=pane
            )
            assert found == options.inherited(built, NO_DEFAULTS, place, option), (
                option.name,
                place,
                levels,
            )
