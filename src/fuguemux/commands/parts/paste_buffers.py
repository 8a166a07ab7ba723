"""Paste buffers: finding one, naming a new one, and limiting their number."""

from fuguemux.language.invocation import Invocation
from fuguemux.model.decision import Refused
from fuguemux.model.events import AnyEvent, BufferDeleted, BufferSet
from fuguemux.model.limits import BUFFER_BYTES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import Buffer, ServerState
from fuguemux.options import options


def too_large(size: int) -> str:
    """The error for data that is too large for a buffer."""
    return f"{size} bytes are too many for a paste buffer: it takes {BUFFER_BYTES_MAX >> 20} MiB"


def buffer_called(state: ServerState, name: str) -> Buffer | None:
    return next((buffer for buffer in state.buffers if buffer.name == name), None)


def newest(state: ServerState) -> Buffer | None:
    return state.buffers[0] if state.buffers else None


def buffer_stored(
    state: ServerState, live: LiveView, data: bytes, name: str | None, *, prefix: str = ""
) -> tuple[AnyEvent, ...]:
    """The events that put `data` into the buffer `name`, or into a new automatic one, whose name begins with `prefix`.

    The oldest automatic buffers beyond `buffer-limit` are deleted. Raises Refused for an empty name and for too much data.
    """
    if not data:
        return ()
    if len(data) > BUFFER_BYTES_MAX:
        raise Refused(too_large(len(data)))
    if name is not None:
        if not name:
            raise Refused("empty buffer name")
        return (BufferSet(Buffer(name, data, live.now_ms(), automatic=False)),)
    prefix = prefix or "buffer"
    number = state.next_buffer
    while buffer_called(state, f"{prefix}{number}") is not None:
        number += 1
    automatic = [buffer for buffer in state.buffers if buffer.automatic]
    limit = options.get_number(state, live.option_defaults(), "buffer-limit")
    kept = max(limit - 1, 0)
    gone: list[AnyEvent] = [BufferDeleted(buffer.name) for buffer in automatic[kept:]]
    return (*gone, BufferSet(Buffer(f"{prefix}{number}", data, live.now_ms())))


def buffer_named_or_newest(state: ServerState, invocation: Invocation) -> Buffer:
    """The buffer that `-b` names, else the newest. Raises Refused if there is none."""
    name = invocation.flags.value("b")
    buffer = newest(state) if name is None else buffer_called(state, name)
    if buffer is None:
        raise Refused("no buffers" if name is None else f"no buffer {name}")
    return buffer
