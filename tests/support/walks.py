"""Random commands that make sense in a state, for random walks through states."""

import random

from fuguemux.model.state import ServerState
from fuguemux.model.window_panes import panes_in

SLEEP = "sleep 1000"


def some_command(state: ServerState, pick: random.Random, *, floating: bool = False) -> list[str]:
    """A command that makes sense in `state`, or nearly. `floating`: of floating panes too, which tmux 3.3a lacks."""
    session = pick.choice(list(state.sessions.values()))
    link = pick.choice(session.links)
    window = state.windows[link.window]
    pane = f"%{pick.choice(panes_in(window))}"
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
    choices += _of_floating_panes(pane, other_pane, pick) if floating else []
    return pick.choice(choices)


def _of_floating_panes(pane: str, other: str, pick: random.Random) -> list[list[str]]:
    size, place = str(pick.randrange(3, 40)), str(pick.randrange(-9, 90))
    maybe_d = pick.choice([[], ["-d"]])
    return [
        ["new-pane", *maybe_d, "-t", pane, SLEEP],
        ["new-pane", *maybe_d, "-t", pane, "-x", size, "-y", size, "-X", place, "-Y", place, SLEEP],
        ["new-pane", pick.choice(["-A", "-Z", "-L"]), "-B", "none", "-t", pane, SLEEP],
        ["move-pane", "-t", pane, "-P", pick.choice(["centre", "bottom-right", "front", "back"])],
        ["move-pane", "-t", pane, pick.choice(["-U", "-D", "-L", "-R"]), place],
        ["move-pane", "-t", pane, "-z", pick.choice("0123")],
        ["resize-pane", "-t", pane, "-x", size, "-y", "50%"],
        ["resize-pane", "-t", pane, pick.choice(["-U", "-D", "-L", "-R"]), "--", place],
        ["break-pane", "-W", *maybe_d, "-s", pane],
        ["break-pane", "-W", "-s", pane, "-x", size, "-X", place],
        ["join-pane", *maybe_d, "-s", pane, "-t", pane],
        ["join-pane", "-h", "-s", pane, "-t", other],
    ]
