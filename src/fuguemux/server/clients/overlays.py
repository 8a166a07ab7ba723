"""What a client shows for a short time instead of its status line or panes: messages, prompts, lists, pages of text.

Independent of sockets: an overlay receives keys, and returns what to draw and which command to run.
"""

from collections.abc import Callable
from typing import Protocol

from fuguemux.server.overlays.outcome import STAYS, OverlayOutcome
from fuguemux.server.overlays.status_styles import StatusStyles
from fuguemux.terminal.blocks import OverPanes
from fuguemux.terminal.key_reader import Input, KeyPress
from fuguemux.terminal.styled_row import line

MESSAGE_STYLE = "bg=yellow,fg=black"


class Preview(Protocol):
    """What is shown beside or below a list for the selected row."""

    def with_list(
        self, row: int, columns: int, height: int, listed: Callable[[int, int], list[bytes]]
    ) -> list[bytes]:
        """The rows of the list together with the preview. `listed` makes the rows of the list for a number of columns
        and rows."""
        ...


class StatusOverlay(Protocol):
    """An overlay in place of the status line."""

    def key(self, item: Input) -> OverlayOutcome: ...

    def row(self, columns: int, styles: StatusStyles) -> tuple[bytes, int | None]:
        """The row to draw, and the column of the cursor if the cursor is in this row."""
        ...


class PanesOverlay(Protocol):
    """An overlay over the panes: a menu, the numbers of panes, a popup. It has the keys and the mouse first."""

    def key(self, item: Input) -> OverlayOutcome: ...

    def drawn(self, columns: int, rows: int) -> OverPanes:
        """What to draw on a terminal of this size."""
        ...

    def resized(self, columns: int, rows: int) -> bool:
        """The client's terminal has another size. False: the overlay disappears."""
        ...

    def ended(self) -> None:
        """It has disappeared."""
        ...


class AskedQuestion(StatusOverlay, Protocol):
    """A prompt."""

    def cancel(self) -> None:
        """The client is gone."""
        ...


class MessageOverlay:
    """A line that disappears after some time or at the next key. The key still has its usual effect."""

    def __init__(self, text: str) -> None:
        self.text = text

    def key(self, item: Input) -> OverlayOutcome:
        """Close at any key. The caller then handles the key as usual."""
        del item
        return OverlayOutcome(closed=True)

    def row(self, columns: int, styles: StatusStyles) -> tuple[bytes, int | None]:
        """The text in the message style."""
        return line(_plain(self.text), columns, styles.message), None


class Page:
    """Rows over the panes: text to read, or rows to choose from."""

    def __init__(
        self,
        title: str,
        rows: tuple[tuple[str, str], ...],
        *,
        chooser: bool,
        preview: Preview | None = None,
        selected: int = 0,
    ) -> None:
        """`preview`: what is shown beside the list for the selected row."""
        self.title = title
        self._rows = rows
        self._preview = preview
        self._chooser = chooser
        self._selected = selected
        self._top = 0
        self._height = 1

    def key(self, item: Input) -> OverlayOutcome:
        """Move, choose, or close with q, Escape or C-c; Enter closes a text. Other keys do nothing."""
        if not isinstance(item, KeyPress):
            return STAYS
        name = item.name
        steps = {
            "Up": -1, "k": -1, "C-p": -1, "Down": 1, "j": 1, "C-n": 1,
            "PPage": -self._height, "NPage": self._height, "C-u": -self._height, "C-d": self._height,
            "M-v": -self._height, "C-v": self._height, "Space": self._height,
            "Home": -len(self._rows), "g": -len(self._rows), "End": len(self._rows), "G": len(self._rows),
        }  # fmt: skip
        if name in steps:
            self._move(steps[name])
            return STAYS
        if name in ("q", "Escape", "C-c") or (name == "Enter" and not self._chooser):
            return OverlayOutcome(closed=True)
        if not self._chooser:
            return STAYS  # further keys must not reach the program in the pane
        if name == "Enter" and self._rows:
            return OverlayOutcome(True, self._rows[self._selected][1])
        if name.isdigit() and len(name) == 1 and int(name) < len(self._rows):
            return OverlayOutcome(True, self._rows[int(name)][1])
        return STAYS

    def _move(self, by: int) -> None:
        last = max(0, len(self._rows) - 1)
        if self._chooser:
            self._selected = min(max(self._selected + by, 0), last)
        else:
            self._top = min(max(self._top + by, 0), max(0, last - self._height + 1))

    def rows(self, columns: int, height: int) -> list[bytes]:
        """The visible rows, with the preview beside or below them if there is one."""
        if self._preview is None:
            return self._listed(columns, height)
        return self._preview.with_list(self._selected, columns, height, self._listed)

    def _listed(self, columns: int, height: int) -> list[bytes]:
        self._height = max(1, height - (1 if self.title else 0))
        if self._chooser:
            self._top = min(self._top, self._selected)
            self._top = max(self._top, self._selected - self._height + 1)
        shown: list[bytes] = []
        if self.title:
            shown.append(line(_plain(self.title), columns, "bold"))
        for number in range(self._top, min(self._top + self._height, len(self._rows))):
            chosen = self._chooser and number == self._selected
            prefix = f"({number}) " if self._chooser else ""
            style = MESSAGE_STYLE if chosen else "default"
            shown.append(line(prefix + _plain(self._rows[number][0]), columns, style))
        return shown


def _plain(text: str) -> str:
    """`text` without control characters; style marks are shown as text and have no effect."""
    return "".join(c for c in text.replace("#[", "##[") if c.isprintable())
