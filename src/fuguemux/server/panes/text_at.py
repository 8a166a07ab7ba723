"""The text of a pane's screen at one cell, and where the rows of wrapped lines begin."""

from fuguemux.model.live import TextAt
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.terminal.style import width


def text_at(terminal: PaneTerminal, column: int, row: int) -> TextAt:
    """The text of the screen at a cell. Lines that the screen wraps are one line."""
    columns = terminal.emulator.size.columns
    at = 0
    for line in terminal.emulator.screen_text(join=True):
        begins = row_starts(line, columns)
        if row < at + len(begins):
            begin = begins[row - at]
            end = begins[row - at + 1] if row - at + 1 < len(begins) else len(line)
            offset, cells = begin, 0
            while offset < end and cells + width(line[offset]) <= column:
                cells += width(line[offset])
                offset += 1
            return TextAt(line[begin:end], line, offset if cells == column else len(line))
        at += len(begins)
    return TextAt()


def row_starts(line: str, columns: int) -> list[int]:
    """The offsets at which the rows of a line begin that is wrapped at `columns`."""
    if line.isascii():
        return list(range(0, max(len(line), 1), columns))
    starts, cells = [0], 0
    for offset, character in enumerate(line):
        size = width(character)
        if cells + size > columns:
            starts.append(offset)
            cells = 0
        cells += size
    return starts
