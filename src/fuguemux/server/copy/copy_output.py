"""What copy mode copies: to paste buffers, to the clipboards of clients, and to shell commands."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from copy import copy
from typing import Any, Final, NamedTuple

from fuguemux.commands.parts import paste_buffers
from fuguemux.engine.engine import Engine
from fuguemux.formats.formats import FormatContext, expand
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.events import AnyEvent, BufferSet
from fuguemux.model.ids import PaneId
from fuguemux.model.limits import BUFFER_BYTES_MAX
from fuguemux.model.state import Buffer
from fuguemux.options import options
from fuguemux.server.copy.copy_document import Spot
from fuguemux.server.copy.copy_mode import CopyMode
from fuguemux.server.copy.copy_motions import MotionContext
from fuguemux.server.ports import EffectFailed

LINES_AT_ONCE: Final = 2_000
"""A selection of up to this many lines is read on the loop."""


class Copying(NamedTuple):
    """What a command copies, and where to."""

    what: str = "selection"
    """`selection`, `line` or `end-of-line`."""
    buffer: bool = True
    appends: bool = False
    pipes: bool = False
    clears: bool = True
    """Whether the selection is cleared afterwards."""


COPIES: Final = {
    "copy-selection": Copying(),
    "copy-selection-no-clear": Copying(clears=False),
    "copy-pipe": Copying(pipes=True),
    "copy-pipe-no-clear": Copying(pipes=True, clears=False),
    "pipe": Copying(pipes=True, buffer=False),
    "pipe-no-clear": Copying(pipes=True, buffer=False, clears=False),
    "append-selection": Copying(appends=True),
    "copy-line": Copying("line"),
    "copy-pipe-line": Copying("line", pipes=True),
    "copy-end-of-line": Copying("end-of-line"),
    "copy-pipe-end-of-line": Copying("end-of-line", pipes=True),
}
"""The commands, by tmux's names. Each also exists with `-and-cancel` behind its name."""


class CopyOutput:
    """Belongs to the loop."""

    def __init__(
        self,
        engine: Engine,
        durable: Callable[[int], Awaitable[None]],
        clipboards: Callable[[PaneId, bytes], None],
        feed: Callable[[str, bytes, bytes], Coroutine[Any, Any, None]],
    ) -> None:
        """`clipboards` puts a text on the clipboards of the clients that show a pane. `feed` starts a shell command in a
        directory, and gives it a text on its standard input; it raises EffectFailed."""
        self._engine = engine
        self._durable = durable
        self._clipboards = clipboards
        self._feed = feed

    async def copied(
        self,
        pane: PaneId,
        mode: CopyMode,
        copying: Copying,
        arguments: tuple[str, ...],
        times: int,
        context: MotionContext,
    ) -> None:
        """Copy what the command says. Nothing is done if there is no text. Raises EffectFailed."""
        text = await _text(mode, copying, times, context)
        if not text:
            return
        data = text.encode("utf-8", "replace")
        words = [self._expanded(pane, word) for word in arguments]
        command = words.pop(0) if copying.pipes and words else ""
        prefix = words[0] if words and not copying.appends else ""
        if copying.pipes:
            command = command or self._option("copy-command")
            if command:
                await self._feed(command, self._engine.state.panes[pane].cwd, data)
        if not copying.buffer:
            return
        if self._option("set-clipboard") != "off":
            self._clipboards(pane, data)
        outcome = self._engine.tell(Decision(self._stored(data, prefix, copying)))
        await self._durable(outcome.lsn)

    def _stored(self, data: bytes, prefix: str, copying: Copying) -> tuple[AnyEvent, ...]:
        state, live = self._engine.state, self._engine.live
        newest = paste_buffers.newest(state) if copying.appends else None
        try:
            if newest is None:
                return paste_buffers.buffer_stored(state, live, data, None, prefix=prefix)
            joined = newest.data + data
            if len(joined) > BUFFER_BYTES_MAX:
                raise EffectFailed(paste_buffers.too_large(len(joined)))
        except Refused as refused:
            raise EffectFailed(str(refused)) from refused
        buffer = Buffer(newest.name, joined, live.now_ms(), automatic=newest.automatic)
        return (BufferSet(buffer),)

    def _expanded(self, pane: PaneId, template: str) -> str:
        context = FormatContext(self._engine.state, self._engine.live, pane=pane)
        return expand(template, context)

    def _option(self, name: str) -> str:
        return options.get(self._engine.state, self._engine.live.option_defaults(), name)


async def _text(mode: CopyMode, copying: Copying, times: int, context: MotionContext) -> str:
    """The text to copy, as of now. Many lines are read on another thread."""
    taken = copy(mode)
    if copying.what != "selection":
        if copying.what == "line":
            taken.go(Spot(taken.cursor.line, 0))
        taken.anchor, taken.stopped, taken.whole_lines = taken.cursor, None, False
        if times > 1:
            taken.move_rows(times - 1)
        line = taken.cursor.line
        taken.go(Spot(line, len(taken.document.text(line))))
    ends = taken.selection()
    if ends is None:
        return mode.match_at_cursor()
    if ends[1].line - ends[0].line < LINES_AT_ONCE:
        return taken.selected(vi=context.vi)
    taken.document = mode.document.again()
    return await asyncio.to_thread(lambda: taken.selected(vi=context.vi))
