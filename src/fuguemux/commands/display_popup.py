"""display-popup: run a program in a box over the panes of a client."""

import posixpath
from collections.abc import Callable

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.commands.parts.placing import placed
from fuguemux.commands.parts.spawning import argv_of, client_directory, encoded, environment_given
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import cells
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.live import LiveView
from fuguemux.model.overlay_effects import ClosePopup, OpenPopup
from fuguemux.model.state import ServerState
from fuguemux.options.table import BY_NAME
from fuguemux.targets.declaration import TargetFlag, TargetKind

_LINES = BY_NAME["popup-border-lines"].choices


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, client, target = invocation.flags, invocation.client, invocation.target
    if flags.has("C"):
        return Decision(effects=(ClosePopup(client.id),))
    rows = _length(flags.value("h"), "height", client.rows)
    columns = _length(flags.value("w"), "width", client.columns)
    place = placed(state, live, invocation, columns, rows)
    if place is None:
        return Decision()

    def option(name: str) -> str:
        return settings.text(state, live, name, window=target.window)

    lines = flags.value("b")
    if flags.has("B"):
        lines = "none"
    elif lines is None:
        lines = option("popup-border-lines")
    elif lines not in _LINES:
        raise Refused(f"popup-border-lines unknown value: {lines}")
    least = 1 if lines == "none" else 3
    if columns < least or rows < least:
        return Decision()

    def expanded(text: str) -> str:
        return settings.expanded(state, live, invocation, text, target)

    closes = flags.count("E")
    effect = OpenPopup(
        client.id,
        *place,
        columns,
        rows,
        expanded(flags.value("T") or ""),
        lines,
        flags.value("s") or option("popup-style"),
        flags.value("S") or option("popup-border-style"),
        _argv(state, live, invocation),
        _directory(invocation, expanded),
        tuple((name, value or b"") for name, value in environment_given(invocation).items()),
        target.session.id,
        target.pane.id,
        "success" if closes > 1 else "exit" if closes else "",
    )
    return Decision(effects=(effect,))


def _length(given: str | None, what: str, whole: int) -> int:
    return whole // 2 if given is None else cells(what, given, low=1, whole=whole, high=whole)


def _argv(state: ServerState, live: LiveView, invocation: Invocation) -> tuple[bytes, ...]:
    """The program: some words as they are, one as a command line for the shell, none is the default command or a shell."""
    words = invocation.arguments
    if len(words) > 1:
        return argv_of(words)
    session = invocation.target.session
    line = words[0] if words else settings.text(state, live, "default-command", session=session)
    shell = encoded(settings.text(state, live, "default-shell", session=session))
    return (shell, b"-c", encoded(line)) if line else (shell,)


def _directory(invocation: Invocation, expanded: Callable[[str], str]) -> bytes:
    base = client_directory(invocation, invocation.target.session)
    given = invocation.flags.value("d")
    return posixpath.join(base, encoded(expanded(given))) if given else base


COMMAND = Command(
    name="display-popup",
    alias="popup",
    flags="Bb:Cc:d:e:Eh:s:S:t:T:w:x:y:",
    usage=(
        "[-BCE] [-b border-lines] [-c target-client] [-d start-directory] [-e environment] [-h height] "
        "[-s style] [-S border-style] [-t target-pane][-T title] [-w width] [-x position] [-y position] [shell-command]"
    ),
    arguments=(0, None),
    client=TargetFlag("c", TargetKind.CLIENT),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Run a program in a box over the panes of a client.",
)
