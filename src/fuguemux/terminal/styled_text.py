"""Reads text with `#[…]` marks, and sorts it into the parts of a row: left, centre, right, a list, and so on.

Source: tmux(1), STYLES.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from fuguemux.terminal.style import ALIGNMENTS, Marks, Style, marked, width

LEFT: Final = "left"
CENTRE: Final = "centre"
RIGHT: Final = "right"
ABSOLUTE: Final = "absolute-centre"
LIST: Final = "list"
AFTER: Final = "after"
MARKERS: Final = ("left-marker", "right-marker")
_SIGNS: Final = re.compile("#+")


class StatusRange(NamedTuple):
    """Columns from `first` up to, not including, `stop` of a drawn row, and what is there: for mouse keys.

    `kind`: "left", "right", "window", or another word of `#[range=…]`. `argument`: what follows it, as in `window|3`.
    """

    first: int
    stop: int
    kind: str
    argument: str = ""


class Part:
    """The cells of one part of the row, and its ranges. "" is the second half of a wide character."""

    def __init__(self) -> None:
        self.cells: list[tuple[Style, str]] = []
        self.ranges: list[StatusRange] = []

    def __len__(self) -> int:
        return len(self.cells)

    def put(self, text: str, style: Style) -> None:
        cells = self.cells
        for character in text:
            size = width(character)
            if size:
                cells.append((style, character))
                cells.extend([(style, "")] * (size - 1))
            elif cells and character >= "\xa0":
                at = -1 if cells[-1][1] else -2
                cells[at] = (cells[at][0], cells[at][1] + character)


class TextReader:
    """Reads styled text and sorts it into parts."""

    def __init__(self, base: Style) -> None:
        names = (*ALIGNMENTS, LIST, AFTER, *MARKERS)
        self.parts = {name: Part() for name in names}
        self.aligned = ""
        """The alignment of the list; "" if there is none."""
        self.focus: tuple[int, int] | None = None
        self.fill: str | None = None
        self._base = self._default = base
        self._marks = Marks(base)
        self._current = LEFT
        self._in_list = False
        self._focus_begun: int | None = None
        self._range: tuple[str, int, str] | None = None
        """The part in which the open range began, the column, and what it is."""
        self._place = {"": LEFT, **{name: name for name in ALIGNMENTS}}

    def read(self, text: str) -> bool:
        """Take the whole text. Returns False if a mark is not closed: then tmux shows nothing of it."""
        at = 0
        while at < len(text):
            sign = text.find("#", at)
            if sign < 0:
                self._put(text[at:])
                break
            self._put(text[at:sign])
            found = _SIGNS.match(text, sign)
            count = found.end() - sign if found else 1
            at = sign + count
            if text[at : at + 1] != "[":
                self._put("#" * ((count + 1) // 2))
            elif self._marks.ignore:
                self._put("#[" if count % 2 else "")
                at += 1
            elif count % 2 == 0:
                self._put("#" * (count // 2) + "[")
                at += 1
            else:
                self._put("#" * (count // 2))
                end = text.find("]", at)
                if end < 0:
                    return False
                self._mark(text[at + 1 : end])
                at = end + 1
        return True

    def _put(self, text: str) -> None:
        if text:
            self.parts[self._current].put(text, self._marks.style)

    def _mark(self, text: str) -> None:
        before = self._marks
        try:
            self._marks = marked(text, before, self._default)
        except ValueError:
            return
        marks = self._marks
        if marks.fill is not None:
            self.fill = marks.fill
        if marks.push:
            self._default = before.style
        elif marks.pop:
            self._default = self._base
        self._marks = marks._replace(push=False, pop=False)
        self._move(marks)
        self._follow_range(marks.range)

    def _move(self, marks: Marks) -> None:
        """Choose the part into which the text behind the mark goes."""
        match marks.list:
            case "on":
                if not self._in_list:
                    self._range = None
                    self._in_list, self.aligned = True, marks.align
                self._end_focus()
                self._current = LIST
            case "focus":
                if self._in_list and self._focus_begun is None:
                    self._focus_begun = len(self.parts[LIST])
            case "left-marker" | "right-marker":
                if self._in_list and not self.parts[marks.list].cells:
                    self._range = None
                    if self.focus is None:
                        self._focus_begun = None
                    self._current = marks.list
            case _:
                if self._in_list:
                    self._range = None
                    self._end_focus()
                    self._place[self.aligned] = AFTER
                    if self.aligned == LEFT:
                        self._place[""] = AFTER
                    self._in_list = False
                self._current = self._place[marks.align]

    def _end_focus(self) -> None:
        if self._focus_begun is not None and self.focus is None:
            self.focus = (self._focus_begun, len(self.parts[LIST]))

    def _follow_range(self, wanted: str) -> None:
        if self._range is not None and self._range[2] != wanted:
            part, first, name = self._range
            stop = len(self.parts[self._current])
            if stop != first:
                kind, _, argument = name.partition("|")
                self.parts[part].ranges.append(StatusRange(first, stop + 1, kind, argument))
            self._range = None
        if self._range is None and wanted:
            self._range = (self._current, len(self.parts[self._current]), wanted)
