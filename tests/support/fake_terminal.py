"""A terminal simple enough to be the truth: rows of characters that wrap, a history, snapshots without it."""

import msgspec

from fuguemux.persistence.blocks import Line


class Row(msgspec.Struct, array_like=True):
    """A row. `wrapped`: it goes on where the row before it ended."""

    text: str
    wrapped: bool


class FakeTerminal:
    """Follows the two rules of the port: history never comes back, and every line is archived once."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns = columns
        self.rows = rows
        self.screen: list[Row] = [Row("", False)]
        self.history: list[Row] = []
        self._cleared = False
        self.archived_any = False

    def feed(self, data: bytes) -> None:
        columns, append = self.columns, self.screen.append
        first, *others = data.decode("latin-1").split("\n")
        last = self.screen[-1]
        room = max(0, columns - len(last.text))
        last.text += first[:room]
        for start in range(room, len(first), columns):
            append(Row(first[start : start + columns], True))
        for part in others:
            append(Row(part[:columns], False))
            for start in range(columns, len(part), columns):
                append(Row(part[start : start + columns], True))
        self._scroll()

    def _scroll(self) -> None:
        extra = len(self.screen) - self.rows
        if extra > 0:
            self.history += self.screen[:extra]
            del self.screen[:extra]

    def resize(self, columns: int, rows: int) -> None:
        """Cuts nothing and pulls nothing back; what does not fit any more scrolls off."""
        self.columns, self.rows = columns, rows
        self._scroll()

    def clear_history(self) -> None:
        self.history.clear()
        self._cleared = True

    def archive(self) -> tuple[bool, bool, list[bytes]]:
        """Whether to clear first, whether the first line continues, and the lines."""
        cleared, self._cleared = self._cleared, False
        lines: list[bytes] = []
        continued = bool(self.history) and self.history[0].wrapped
        for row in self.history:
            if row.wrapped and lines:
                lines[-1] += row.text.encode("latin-1")
            else:
                lines.append(row.text.encode("latin-1"))
        self.history.clear()
        return cleared, continued, lines

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
    """Stored lines with their pieces put together."""
    joined: list[bytes] = []
    for line in lines:
        if line.continued and joined:
            joined[-1] += line.data
        else:
            joined.append(line.data)
    return joined
