"""buffer-mode: the paste buffers, with the text of the chosen one below. After tmux(1), `choose-buffer`."""

from collections.abc import Sequence
from typing import Final

from fuguemux.commands.parts.answers import fill
from fuguemux.formats.buffers import variables_of, visible
from fuguemux.formats.formats import FormatContext, Work, expand, is_true
from fuguemux.formats.work import UNITS_MAX
from fuguemux.language.quoting import quote
from fuguemux.model.state import Buffer
from fuguemux.server.modes.pane_list import PaneList
from fuguemux.server.modes.pane_mode import ModeOutcome
from fuguemux.server.modes.tree_list import Tree, TreeItem
from fuguemux.terminal.canvas import Canvas

TEMPLATE: Final = "paste-buffer -b '%%'"
_LINE: Final = "#{t/p:buffer_created}: #{buffer_sample}"


class BufferSource(PaneList):
    """Implements list_mode.ListSource."""

    name = "buffer-mode"
    orders: Sequence[str] = ("time", "name", "size")

    def items(self, order: str, wanted: str, *, reverse: bool) -> list[TreeItem]:
        """The buffers; the default order has the newest first."""
        state, work = self._state(), Work(UNITS_MAX)
        buffers = list(state.buffers)
        if order == "name":
            buffers.sort(key=lambda buffer: buffer.name)
        elif order == "size":
            buffers.sort(key=lambda buffer: (-len(buffer.data), buffer.name))
        found = []
        for buffer in reversed(buffers) if reverse else buffers:
            extra = variables_of(buffer)
            if wanted and not is_true(expand(wanted, self._context(extra), work=work)):
                continue
            context = FormatContext(state, self._live, extra=extra)
            text = expand(self._wanted.format or _LINE, context, work=work)
            found.append(TreeItem(buffer.name, buffer.name, text))
        return found

    def _context(self, extra: dict[str, str]) -> FormatContext:
        """That of a filter, which may also ask about the pane."""
        return FormatContext(self._state(), self._live, pane=self._wanted.pane, extra=extra)

    def _found(self, item: TreeItem) -> Buffer | None:
        return next((each for each in self._state().buffers if each.name == item.tag), None)

    def matches(self, item: TreeItem, text: str) -> bool:
        """Whether the name or the contents have the text."""
        buffer = self._found(item)
        return text in item.name or (buffer is not None and text.encode() in buffer.data)

    def command(self, template: str, item: TreeItem) -> str:
        """The template with the name of the buffer."""
        return fill(template, [item.tag])

    def own_key(self, key: str, tree: Tree) -> ModeOutcome | None:
        """Paste and delete the chosen buffer or the tagged ones, or edit one."""
        row = tree.row
        if row is None:
            return None
        if key == "p":
            return ModeOutcome(True, self.command(self._wanted.template, row.item))
        if key == "P":
            return ModeOutcome(True, " ; ".join(self._tagged(tree, self._wanted.template)))
        if key == "d":
            tree.move(1)
            return self._deleted([f"delete-buffer -b {quote(row.item.tag)}"])
        if key == "D":
            return self._deleted(
                [f"delete-buffer -b {quote(item.tag)}" for item in tree.only_tagged()]
            )
        return None

    def _tagged(self, tree: Tree, template: str) -> list[str]:
        return [self.command(template, item) for item in tree.only_tagged()]

    def _deleted(self, commands: list[str]) -> ModeOutcome:
        """The mode ends with the last buffer."""
        return ModeOutcome(len(commands) >= len(self._state().buffers), " ; ".join(commands))

    def preview(self, canvas: Canvas, item: TreeItem, place: tuple[int, int, int, int]) -> None:
        """The first lines of the buffer, cut at the right."""
        column, row, columns, rows = place
        buffer = self._found(item)
        if buffer is None:
            return
        for at, line in enumerate(buffer.data.split(b"\n", rows)[:rows]):
            shown = visible(line[: 4 * columns]).encode("utf-8", "replace")
            canvas.paste(column, row + at, [shown], columns)
