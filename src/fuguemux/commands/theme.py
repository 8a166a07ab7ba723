"""theme: list the built-in themes, or set the styles of one for all sessions and windows."""

from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language.invocation import Invocation
from fuguemux.language.nearest import nearest
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.events import OptionSet
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.options.themes import THEMES, place

NONE: Final = "none"
"""The name that takes a theme away."""


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    if not invocation.arguments:
        return Decision(reply=Reply(tuple(_listed(state))))
    name = invocation.arguments[0]
    if name != NONE and name not in THEMES:
        near = nearest(name, [*THEMES, NONE])
        raise Refused(f"no theme {name}: there are {', '.join(THEMES)} and {NONE}", near=near)
    events: list[OptionSet] = []
    kept: list[str] = []
    for option in next(iter(THEMES.values())):
        value = None if name == NONE else THEMES[name][option]
        now = options.local(state, place(option)).get(option)
        if not invocation.flags.has("f") and not _from_a_theme(option, now):
            kept.append(option)
        elif value != now:
            events += options.set_value(place(option), option, value)
    lines = (f"kept what you set (-f replaces it): {', '.join(kept)}",) if kept else ()
    return Decision(tuple(events), reply=Reply(lines))


def _from_a_theme(option: str, value: str | None) -> bool:
    """Whether nobody set `value` but a theme."""
    return value is None or any(theme[option] == value for theme in THEMES.values())


def _listed(state: ServerState) -> list[str]:
    """The names, with a star at the theme of which most options have their values."""
    matching = {
        name: sum(
            options.local(state, place(option)).get(option) == value
            for option, value in theme.items()
        )
        for name, theme in THEMES.items()
    }
    best = max(matching, key=lambda name: matching[name])
    in_force = best if matching[best] * 2 > len(THEMES[best]) else NONE
    return [f"{'*' if name == in_force else ' '} {name}" for name in (*THEMES, NONE)]


COMMAND: Final = Command(
    name="theme",
    alias="",
    flags="f",
    usage="[-f] [dark | light | plain | none]",
    arguments=(0, 1),
    decide=decide,
    help="List the built-in themes, or set the styles of one. Styles that you set yourself stay, unless -f is given.",
)
