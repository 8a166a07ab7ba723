"""A terminal that is simple enough to check against: rows of characters that wrap, a history, and snapshots without
the history."""

import msgspec

from fuguemux.persistence.scrollback.blocks import Line


class Row(msgspec.Struct, array_like=True):
    """A row. `wrapped`: its line continues from the row before."""

    text: bytes
    wrapped: bool


class FakeTerminal:
    """Follows the two rules of the port: history never returns to the screen, and every line is archived once.

    Lines that left the screen are kept as logical lines. A flood of lines takes no time for rows that are never seen.
    """

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.screen: list[Row] = [Row(b"", False)]
        self.history: list[bytes] = []
        self._continued = False  # the first line of the history continues an archived one
        self._cleared = False

    def feed(self, data: bytes) -> None:
        first, *others = data.split(b"\n")
        last = self.screen[-1]
        room = max(0, self.columns - len(last.text))
        last.text += first[:room]
        self._wrap(first, room)
        rest = len(others) - self.rows
        if rest > 0:
            self._leave(self.screen)
            self.history += others[:rest]
            self.screen, others = [], others[rest:]
        for part in others:
            self.screen.append(Row(part[: self.columns], False))
            self._wrap(part, self.columns)
        self._scroll()

    def _wrap(self, line: bytes, start: int) -> None:
        columns = self.columns
        for at in range(start, len(line), columns):
            self.screen.append(Row(line[at : at + columns], True))

    def _scroll(self) -> None:
        extra = len(self.screen) - self.rows
        if extra > 0:
            self._leave(self.screen[:extra])
            del self.screen[:extra]

    def _leave(self, rows: list[Row]) -> None:
        history = self.history
        for row in rows:
            if not row.wrapped:
                history.append(row.text)
            elif history:
                history[-1] += row.text
            else:
                history.append(row.text)
                self._continued = True

    def resize(self, columns: int, rows: int) -> None:
        """Cuts nothing, and moves nothing back onto the screen. Rows that do not fit any more scroll off."""
        self.columns, self.rows = columns, rows
        self._scroll()

    def clear_history(self) -> None:
        self._take()
        self._cleared = True

    def _take(self) -> tuple[bool, list[bytes]]:
        taken = self._continued, self.history
        self._continued, self.history = False, []
        return taken

    def archive(self) -> tuple[bool, bool, list[bytes]]:
        """Whether the history is to be cleared first, whether the first line continues, and the lines."""
        cleared, self._cleared = self._cleared, False
        return cleared, *self._take()

    def snapshot(self) -> bytes:
        assert not self.history, "history goes to the store first"
        return msgspec.msgpack.encode((self.columns, self.rows, self.screen))

    @classmethod
    def restore(cls, snapshot: bytes) -> "FakeTerminal":
        columns, rows, screen = msgspec.msgpack.decode(snapshot, type=tuple[int, int, list[Row]])
        terminal = cls(columns, rows)
        terminal.screen = screen
        return terminal


def logical(lines: list[Line]) -> list[bytes]:
    """Stored lines with their pieces joined."""
    joined: list[bytes] = []
    for line in lines:
        if line.continued and joined:
            joined[-1] += line.data
        else:
            joined.append(line.data)
    return joined
