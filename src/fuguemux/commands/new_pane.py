"""new-pane: create a floating pane above the panes of a window, or with -L a tiled one beside the target."""

from typing import Final

from msgspec.structs import replace

from fuguemux.commands import split_window
from fuguemux.commands.command import Command
from fuguemux.commands.parts import spawning
from fuguemux.commands.parts.floating.places import border_lines, fresh, placed
from fuguemux.commands.parts.floating.start import floating_added
from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options.styles import check_style
from fuguemux.targets.declaration import TargetFlag, TargetKind

_REFUSED: Final = {
    "I": "-I is not supported: use new-pane with a command that reads a file",
    "k": "-k is not supported: set the pane's option remain-on-exit",
    "m": "-m is not supported: set the pane's option remain-on-exit",
    "M": "-M is not supported: use new-pane, then drag its border",
    "O": "-O is not supported: use display-popup for what has to be answered first",
    "K": "-K is not supported: use display-popup for what has to be answered first",
    "C": "-C is not supported: use display-popup for what has to be answered first",
    "E": "-E is not supported: give a command, such as cat",
    "W": "-W is not supported: use new-pane with a command that ends in fugue wait-for -S, and wait-for",
}


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    for letter, words in _REFUSED.items():
        if flags.has(letter):
            raise Refused(words)
    if flags.has("L"):
        return split_window.decide(state, live, invocation)
    for letter in "sSR":
        check_style(flags.value(letter) or "")
    target = invocation.target
    pane = spawning.next_pane_id(state)
    asked = replace(
        fresh(target.window, pane, border_lines(invocation)),
        style=flags.value("R") or "",
        active_style=flags.value("S") or "",
        above_zoom=flags.has("A"),
    )
    return floating_added(
        state, live, invocation, target, placed(state, live, invocation, target, asked)
    )


COMMAND: Final = Command(
    name="new-pane",
    alias="newp",
    flags="AbB:Cc:de:EfF:hIkKl:LMm:Op:PR:s:S:t:T:vWx:X:y:Y:Z",
    usage="[-AbdfhLPvZ] [-B border-lines] [-c start-directory] [-e environment] [-F format] "
    "[-l size] [-p percentage] [-s style] [-S active-border-style] "
    "[-R inactive-border-style] [-T title] [-x width] [-y height] [-X x-position] "
    "[-Y y-position] [-t target-pane] [shell-command]",
    arguments=(0, None),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Create a floating pane above the other panes of a window.",
)
