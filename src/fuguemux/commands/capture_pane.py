"""capture-pane: the text of a pane's screen or history. `-p` prints it; otherwise it becomes a paste buffer."""

from typing import Final, Literal

from fuguemux.commands.command import Command
from fuguemux.commands.parts.paste_buffers import buffer_stored
from fuguemux.language.invocation import Invocation
from fuguemux.language.numbers import INT_MAX
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.effects import CapturePane
from fuguemux.model.live import CaptureRequest, LiveView
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    target = invocation.target
    data = b""
    if flags.has("P"):
        pass  # Of a sequence that is not complete yet, the emulator shows nothing.
    elif flags.has("a") and not live.pane(target.pane.id).screen().alternate_on:
        if not flags.has("q"):
            raise Refused("no alternate screen")
    else:
        request = _request(invocation)
        if request.start == "first" or (isinstance(request.start, int) and request.start < 0):
            name = flags.value("b")
            if name == "" and not flags.has("p"):
                raise Refused("empty buffer name")
            return Decision(effects=(CapturePane(target.pane.id, request, flags.has("p"), name),))
        data = live.capture(target.pane.id, request)
    if flags.has("p"):
        return Decision(reply=Reply(raw=printed(data)))
    events = buffer_stored(state, live, data, flags.value("b"))
    return Decision(events)


def printed(data: bytes) -> bytes:
    """Captured rows in the form in which they are printed. There is always at least one."""
    return data.removesuffix(b"\n") + b"\n"


def _request(invocation: Invocation) -> CaptureRequest:
    flags = invocation.flags
    start: int | Literal["first"] | None = None
    end: int | Literal["last"] | None = None
    first, last = flags.value("S"), flags.value("E")
    if first is not None:
        start = "first" if first == "-" else _row(first)
    if last is not None:
        end = "last" if last == "-" else _row(last)
    if isinstance(start, int) and isinstance(end, int) and end < start:
        start, end = end, start
    return CaptureRequest(
        start,
        end,
        escapes=flags.has("e"),
        join=flags.has("J"),
        trim=not (flags.has("N") or flags.has("J")),
        alternate=flags.has("a"),
        octal=flags.has("C"),
    )


def _row(text: str) -> int | None:
    """The row number that `text` gives. Text that is not a number means the edge of the screen, as in tmux."""
    try:
        row = int(text)
    except ValueError:
        return None
    return min(max(row, -INT_MAX), 0x7FFF)


COMMAND: Final = Command(
    name="capture-pane",
    alias="capturep",
    flags="ab:CeE:JNpPqS:t:",
    usage="[-aCeJNpPq] [-b buffer-name] [-E end-line] [-S start-line] [-t target-pane]",
    arguments=(0, 0),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Print what a pane shows, or put it into a buffer.",
    read_only=True,
)
