"""One terminal of the engine: its life, and what is on its screen."""

from __future__ import annotations

from typing import Any

from fuguemux.terminal.emulator import Colours, Cursor, Modes, ScreenSize
from fuguemux.terminal.ghostty import callbacks, portable, state
from fuguemux.terminal.ghostty.history import EngineHistory, limit_bytes
from fuguemux.terminal.ghostty.rows import Rows


class EngineScreen:
    """See `emulator.Emulator` for what its methods promise. Its creator sets the fields, and calls `_adopt`."""

    _lib: Any
    _size: ScreenSize
    _closed: bool
    _shape: int
    """The number of DECSCUSR."""
    _keep_lines: int | None = None
    _colours: Colours = Colours()
    _known_modes: Modes | None = None
    """The modes, once somebody has asked for them. None: the terminal has been fed since. Every frame asks several times."""

    def _adopt(self, terminal: Any) -> None:
        """Use `terminal` from now on, and configure it like all terminals of this adapter."""
        self._terminal, self._known_modes = terminal, None
        self._sink = callbacks.Sink(self._lib, *self._size)
        callbacks.register(self._lib, terminal, self._sink)
        state.configure(self._lib, terminal, limit_bytes(self._size.columns, self._keep_lines))
        state.set_colours(self._lib, terminal, self._colours)
        self._rows = Rows(self._lib, terminal)
        self._history = EngineHistory(self._lib, terminal, self._rows)

    def use_colours(self, colours: Colours) -> None:
        self._colours = colours
        state.set_colours(self._lib, self._terminal, colours)

    def _release(self) -> None:
        self._history.free()
        self._lib.ghostty_terminal_free(self._terminal)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._release()

    def __del__(self) -> None:
        if not getattr(self, "_closed", True):
            self.close()

    @property
    def size(self) -> ScreenSize:
        return self._size

    @property
    def alternate(self) -> bool:
        """Whether the alternate screen is shown."""
        return state.get(self._lib, self._terminal, "ACTIVE_SCREEN", "uint32_t") != 0

    @property
    def at_ground(self) -> bool:
        return bool(state.get(self._lib, self._terminal, "VT_GROUND", "bool"))

    @property
    def cursor(self) -> Cursor:
        return state.cursor(self._lib, self._terminal, self._shape)

    @property
    def modes(self) -> Modes:
        if self._known_modes is None:
            self._known_modes = state.modes(self._lib, self._terminal)
        return self._known_modes

    @property
    def title(self) -> str:
        return callbacks.get_string(self._lib, self._terminal, "TITLE")

    @property
    def cwd(self) -> str:
        return callbacks.get_string(self._lib, self._terminal, "PWD")

    def render(
        self, column: int = 0, row: int = 0, columns: int | None = None, rows: int | None = None
    ) -> list[bytes]:
        last_column = self._size.columns if columns is None else column + columns
        last_row = self._size.rows if rows is None else row + rows
        last_column = min(last_column, self._size.columns) - 1
        last_row = min(last_row, self._size.rows) - 1
        if last_column < column or last_row < row:
            return []
        return self._rows.rectangle(
            column, row, last_column, last_row, self._size.columns, links=self._history.links
        )

    def screen_text(self, *, join: bool = False, trim: bool = True) -> list[str]:
        columns, rows = self._size
        found = self._rows.text_lines("active", 0, rows - 1, columns)
        if join:
            found = self._joined(found)
        text = [line.decode("utf-8", "replace") for line in found]
        return [line.rstrip(" ") for line in text] if trim else text

    def screen_ansi(self, *, join: bool = False) -> list[bytes]:
        found = self.render()
        return self._joined(found) if join else found

    def _joined(self, found: list[bytes]) -> list[bytes]:
        lines: list[bytes] = []
        open_line = False
        for row, text in enumerate(found):
            if open_line:
                lines[-1] += text
            else:
                lines.append(text)
            open_line = bool(text) and self._rows.wraps("active", row)
            if open_line:
                lines[-1] += b" " * self._rows.blanks_at_end("active", row, self._size.columns)
        return lines

    def _shown(self) -> bytes:
        """Return the visible screen with all settings, as terminal output."""
        text = portable.text(self, self._rows)
        return text + portable.state_of(self, self._rows, self._lib, self._terminal)

    def _write(self, data: bytes) -> None:
        self._known_modes = None
        self._lib.ghostty_terminal_vt_write(self._terminal, data, len(data))
