"""Random commands that make sense in a state, for random walks through states."""

import random

from fuguemux.model.layout import panes_of
from fuguemux.model.state import ServerState

SLEEP = "sleep 1000"


def some_command(state: ServerState, pick: random.Random) -> list[str]:
    """A command that makes sense in `state`, or nearly."""
    session = pick.choice(list(state.sessions.values()))
    link = pick.choice(session.links)
    window = state.windows[link.window]
    pane = f"%{pick.choice(panes_of(window.layout))}"
    here = f"{session.name}:{link.index}"
    other = pick.choice(list(state.sessions.values()))
    elsewhere = f"{other.name}:{pick.choice(other.links).index}"
    free = f"{other.name}:{pick.randrange(12)}"
    other_pane = f"%{pick.choice(list(state.panes))}"
    size = str(pick.randrange(1, 30))
    maybe_d = pick.choice([[], ["-d"]])
    choices: list[list[str]] = [
        ["new-session", "-d", "-x", "80", "-y", "24", SLEEP],
        ["new-window", *maybe_d, "-t", f"{session.name}:", SLEEP],
        ["new-window", *maybe_d, "-t", free, SLEEP],
        ["new-window", *maybe_d, pick.choice(["-a", "-b", "-k"]), "-t", here, SLEEP],
        *[
            ["split-window", *maybe_d, *extra, "-t", pane, SLEEP]
            for extra in (["-h"], ["-v"], ["-h", "-b"], ["-f"], ["-hf"], ["-l", size], ["-Z"])
        ],
        ["kill-pane", "-t", pane],
        ["kill-pane", "-t", pane],
        ["kill-pane", "-a", "-t", pane],
        ["kill-window", "-t", here],
        ["select-pane", pick.choice(["-L", "-R", "-U", "-D", "-Z", "-l"]), "-t", pane],
        ["select-pane", "-t", pane],
        ["last-pane", "-t", here],
        ["select-window", "-t", here],
        [pick.choice(["next-window", "previous-window", "last-window"]), "-t", session.name],
        ["resize-pane", pick.choice(["-L", "-R", "-U", "-D"]), "-t", pane, size],
        ["resize-pane", pick.choice(["-x", "-y"]), size, "-t", pane],
        ["resize-pane", "-Z", "-t", pane],
        ["swap-pane", *maybe_d, pick.choice(["-U", "-D"]), "-t", pane],
        ["swap-pane", *maybe_d, "-s", pane, "-t", other_pane],
        ["rotate-window", pick.choice(["-U", "-D", "-DZ"]), "-t", here],
        ["select-layout", "-t", here, pick.choice(["even-h", "even-v", "main-v", "tiled"])],
        ["select-layout", "-t", here, pick.choice(["main-horizontal", "tiled"])],
        ["select-layout", "-E", "-t", pane],
        ["break-pane", *maybe_d, "-s", pane, "-t", f"{other.name}:"],
        ["break-pane", "-s", pane, "-t", free],
        [
            "join-pane",
            *maybe_d,
            pick.choice(["-h", "-v", "-hb", "-vb"]),
            "-s",
            pane,
            "-t",
            other_pane,
        ],
        ["move-window", *maybe_d, "-s", here, "-t", free],
        ["move-window", "-r", "-t", session.name],
        ["move-window", pick.choice(["-a", "-b", "-k"]), "-s", here, "-t", elsewhere],
        ["link-window", *maybe_d, "-s", here, "-t", free],
        ["unlink-window", "-t", here],
        ["swap-window", *maybe_d, "-s", here, "-t", elsewhere],
        ["rename-session", "-t", session.name, f"n{pick.randrange(5)}"],
        ["resize-window", "-x", str(pick.randrange(20, 120)), "-t", here],
    ]
    return pick.choice(choices)
