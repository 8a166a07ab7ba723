"""The commands of copy mode that move the cursor and the selection, under tmux's names (tmux(1), 3.3a, COPY MODE)."""

import re
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from fuguemux.server.copy.copy_document import Spot
from fuguemux.server.copy.copy_mode import CopyMode

ROWS_MAX: Final = 1 << 30
WORD_LINES_MAX: Final = 2_000
"""The number of lines without a word that are skipped at most."""


class MotionContext(NamedTuple):
    """What a motion may depend on besides the mode itself."""

    argument: str
    separators: str
    vi: bool


Motion = Callable[[CopyMode, MotionContext], None]


def _left(mode: CopyMode, _: MotionContext) -> None:
    line, offset = mode.cursor
    if offset:
        mode.go(Spot(line, offset - 1))
    elif line > mode.document.first:
        mode.go(Spot(line - 1, len(mode.document.text(line - 1))))


def _right(mode: CopyMode, _: MotionContext) -> None:
    line, offset = mode.cursor
    if offset < len(mode.document.text(line)):
        mode.go(Spot(line, offset + 1))
    elif mode.rectangle and mode.anchor is not None:
        return  # a rectangle stays in its rows
    elif line + 1 < mode.document.stop:
        mode.go(Spot(line + 1, 0))


def _line_start(mode: CopyMode, _: MotionContext) -> None:
    mode.go(Spot(mode.cursor.line, 0))


def _line_end(mode: CopyMode, _: MotionContext) -> None:
    mode.go(Spot(mode.cursor.line, len(mode.document.text(mode.cursor.line))))


def _indentation(mode: CopyMode, _: MotionContext) -> None:
    text = mode.document.text(mode.cursor.line)
    mode.go(Spot(mode.cursor.line, len(text) - len(text.lstrip(" \t"))))


def _words(text: str, separators: str, *, spaces: bool) -> list[tuple[int, int]]:
    """Begin and end of each word: runs of word characters and, unless `spaces` is set, runs of separators."""
    if spaces:
        return [found.span() for found in re.finditer(r"\S+", text)]
    kind = re.escape(separators)
    inner = rf"[^\s{kind}]+|[{kind}]+" if kind else r"\S+"
    return [found.span() for found in re.finditer(inner, text)]


def _next_word(*, spaces: bool, end: bool) -> Motion:
    def move(mode: CopyMode, context: MotionContext) -> None:
        line, offset = mode.cursor
        last = min(mode.document.stop, line + WORD_LINES_MAX)
        for number in range(line, last):
            for begin, stop in _words(
                mode.document.text(number), context.separators, spaces=spaces
            ):
                place = (stop - 1 if context.vi else stop) if end else begin
                if number > line or place > offset:
                    mode.go(Spot(number, place))
                    return

    return move


def _previous_word(*, spaces: bool) -> Motion:
    def move(mode: CopyMode, context: MotionContext) -> None:
        line, offset = mode.cursor
        first = max(mode.document.first, line - WORD_LINES_MAX)
        for number in range(line, first - 1, -1):
            words = _words(mode.document.text(number), context.separators, spaces=spaces)
            for begin, _ in reversed(words):
                if number < line or begin < offset:
                    mode.go(Spot(number, begin))
                    return

    return move


def _paragraph(step: int) -> Motion:
    def move(mode: CopyMode, _: MotionContext) -> None:
        document, line = mode.document, mode.cursor.line
        first, last = document.first, document.stop - 1
        while first < line < last or (line == first and step > 0) or (line == last and step < 0):
            line += step
            if not document.text(line) and document.text(line - step):
                break
        mode.go(Spot(line, len(document.text(line)) if step > 0 else 0), centre=True)

    return move


def _visible_row(which: Callable[[int], int]) -> Motion:
    def move(mode: CopyMode, _: MotionContext) -> None:
        mode.put(0, which(mode.rows))
        mode.go(mode.cursor)

    return move


def _page(share: Callable[[int], int]) -> Motion:
    return lambda mode, _: mode.page(share(mode.rows))


def _full(rows: int) -> int:
    return rows - 2 if rows > 2 else 1


def _half(rows: int) -> int:
    return max(rows // 2, 1)


def _begin(mode: CopyMode, _: MotionContext) -> None:
    _selects(mode, mode.cursor)


def _stop(mode: CopyMode, _: MotionContext) -> None:
    """Keep the selection as it is when the cursor moves."""
    if mode.anchor is not None and mode.stopped is None:
        mode.stopped = mode.cursor


def _clear(mode: CopyMode, _: MotionContext) -> None:
    mode.anchor, mode.stopped, mode.whole_lines, mode.swapped = None, None, False, False


def _select_line(mode: CopyMode, _: MotionContext) -> None:
    line = mode.cursor.line
    _selects(mode, Spot(line, 0))
    mode.whole_lines, mode.rectangle = True, False
    mode.go(Spot(line, len(mode.document.text(line))))


def _select_word(mode: CopyMode, context: MotionContext) -> None:
    """Select the word at the cursor, or the one before it. Of a single character only its place is selected, as in tmux."""
    line, offset = mode.cursor
    text = mode.document.text(line)
    if not text[offset : offset + 1].strip():
        _previous_word(spaces=False)(mode, context)
        line, offset = mode.cursor
        text = mode.document.text(line)
    for begin, end in _words(text, context.separators, spaces=False):
        if begin <= offset < end:
            _selects(mode, Spot(line, begin))
            mode.rectangle = False
            alone = end == begin + 1 and not text[end : end + 1].strip()
            mode.go(Spot(line, begin if alone else end - context.vi))


def _selects(mode: CopyMode, begin: Spot) -> None:
    """Begin a selection at a place."""
    mode.anchor, mode.stopped, mode.whole_lines, mode.swapped = begin, None, False, False


def _other_end(mode: CopyMode, _: MotionContext) -> None:
    if mode.anchor is not None:
        mode.anchor, place = mode.cursor, mode.anchor
        mode.swapped = not mode.swapped
        mode.go(place)


def _rectangle(wanted: bool | None) -> Motion:
    def change(mode: CopyMode, _: MotionContext) -> None:
        mode.rectangle = not mode.rectangle if wanted is None else wanted

    return change


def _set_mark(mode: CopyMode, _: MotionContext) -> None:
    mode.mark, mode.mark_shown = mode.cursor, True


def _toggle_position(mode: CopyMode, _: MotionContext) -> None:
    mode.hides_position = not mode.hides_position


def _jump_again(*, reverse: bool) -> Motion:
    def move(mode: CopyMode, context: MotionContext) -> None:
        name, character = mode.jump
        if not name:
            return
        step = 1 if name.endswith("forward") else -1
        before = name.startswith("jump-to-")
        _jumped(mode, character, -step if reverse else step, before=before)

    return move


def _goto_line(mode: CopyMode, context: MotionContext) -> None:
    """Go that many rows back, as in tmux."""
    if context.argument.isascii() and context.argument.isdigit():
        wanted = min(int(context.argument), ROWS_MAX)
        mode.scroll(wanted - mode.back, keeps_column=True)


def _jumped(mode: CopyMode, wanted: str, step: int, *, before: bool) -> None:
    """Go to a character of the line, or with `before` to the place next to it on this side."""
    line, offset = mode.cursor
    text = mode.document.text(line)
    behind = text.find(wanted, offset + 1 + before)
    ahead = text.rfind(wanted, 0, max(offset - before, 0))
    at = behind if step > 0 else ahead
    if at >= 0:
        mode.go(Spot(line, at - step * before))


def _jump(name: str) -> Motion:
    def move(mode: CopyMode, context: MotionContext) -> None:
        wanted = context.argument[:1]
        if wanted:
            mode.jump = name, wanted
            _jump_again(reverse=False)(mode, context)

    return move


def word_motion(*, previous: bool) -> Motion:
    """The motion to the previous word, or to the next end of a word."""
    if previous:
        return _previous_word(spaces=False)
    return _next_word(spaces=False, end=True)


MOTIONS: Final[Mapping[str, Motion]] = {
    "cursor-left": _left,
    "cursor-right": _right,
    "cursor-up": lambda mode, _: mode.move_rows(-1),
    "cursor-down": lambda mode, _: mode.move_rows(1),
    "start-of-line": _line_start,
    "end-of-line": _line_end,
    "back-to-indentation": _indentation,
    "next-word": _next_word(spaces=False, end=False),
    "next-word-end": _next_word(spaces=False, end=True),
    "next-space": _next_word(spaces=True, end=False),
    "next-space-end": _next_word(spaces=True, end=True),
    "previous-word": _previous_word(spaces=False),
    "previous-space": _previous_word(spaces=True),
    "next-paragraph": _paragraph(1),
    "previous-paragraph": _paragraph(-1),
    "top-line": _visible_row(lambda rows: 0),
    "middle-line": _visible_row(lambda rows: (rows - 1) // 2),
    "bottom-line": _visible_row(lambda rows: rows - 1),
    "page-up": _page(_full),
    "page-down": _page(lambda rows: -_full(rows)),
    "halfpage-up": _page(_half),
    "halfpage-down": _page(lambda rows: -_half(rows)),
    "scroll-up": lambda mode, _: _ignored(mode.scroll(1)),
    "scroll-down": lambda mode, _: _ignored(mode.scroll(-1)),
    "history-top": lambda mode, _: mode.top_of_history(),
    "history-bottom": lambda mode, _: mode.bottom_of_history(),
    "goto-line": _goto_line,
    **{
        name: _jump(name)
        for name in ("jump-forward", "jump-backward", "jump-to-forward", "jump-to-backward")
    },
    "jump-again": _jump_again(reverse=False),
    "jump-reverse": _jump_again(reverse=True),
    "set-mark": _set_mark,
    "jump-to-mark": lambda mode, _: mode.jump_to_mark(),
    "stop-selection": _stop,
    "toggle-position": _toggle_position,
    "begin-selection": _begin,
    "clear-selection": _clear,
    "select-line": _select_line,
    "select-word": _select_word,
    "other-end": _other_end,
    "rectangle-toggle": _rectangle(None),
    "rectangle-on": _rectangle(True),
    "rectangle-off": _rectangle(False),
}
"""The effect of each command on the mode. A command that may end the mode by scrolling to the bottom also exists with
`-and-cancel` behind its name.
"""


def _ignored(_moved: int) -> None:
    """Drop a result, since a motion returns none."""
