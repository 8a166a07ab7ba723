"""What a program in a pane says to the terminal outside: passthrough, notifications and progress.

Only clients that show the pane pass it on. A notification is written anew from its text, so that nothing else gets out
with it; a passthrough goes out as it is, if the option `allow-passthrough` says so.
"""

import re
from typing import Final

from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options
from fuguemux.terminal.emulator import Event, Notification, Passthrough, ProgressReport

CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
PROGRESS_NUMBERS: Final = {"remove": 0, "set": 1, "error": 2, "indeterminate": 3, "pause": 4}


def passed_on(event: Event, state: ServerState, live: LiveView, pane: PaneId) -> bytes:
    """The bytes for the terminal of a client that shows the pane. Empty if the event is not for the terminal."""
    match event:
        case Passthrough(data):
            known = state.panes.get(pane)
            if known is None:
                return b""
            window, defaults = state.windows[known.window], live.option_defaults()
            allowed = options.get_flag(
                state, defaults, "allow-passthrough", window=window, pane=known
            )
            return data if allowed else b""
        case Notification(title, body):
            if title:
                return b"\x1b]777;notify;%b;%b\x07" % (
                    _text(title).replace(b";", b","),
                    _text(body),
                )
            return b"\x1b]9;%b\x07" % _text(body)
        case ProgressReport(kind, percent):
            number = PROGRESS_NUMBERS[kind]
            return b"\x1b]9;4;%d%b\x07" % (number, b";%d" % percent if percent >= 0 else b"")
        case _:
            return b""


def _text(text: str) -> bytes:
    return CONTROLS.sub("", text).encode("utf-8", "replace")
