"""Diagnostics: one line per event with named fields, to a private rotated file and, in the foreground, to stderr.

    2026-11-23T06:47:20.123Z info wal.rotated segment=3 bytes=16777216

They never contain what panes show, what people type, arguments of programs or environment: fields with such names are
withheld, bytes are not accepted, and values are cut. Writing never raises and never stops the caller. On a full disk,
lines are lost and counted; the server goes on.
"""

import contextlib
import logging
import os
import sys
from typing import Final, Literal, TextIO

import msgspec

from fuguemux.observe.clock import Clock, SystemClock, timestamp
from fuguemux.observe.metrics import Counter

Field = str | int | float | bool | None
Level = Literal["debug", "info", "warning", "error"]

VALUE_CHARACTERS_MAX: Final = 512
FIELDS_WITHHELD: Final = frozenset(
    {
        "argv",
        "arguments",
        "command",
        "content",
        "data",
        "environment",
        "env",
        "input",
        "keys",
        "output",
        "text",
        "title",
    }
)
"""Field names that suggest private content."""

_LEVELS: Final[dict[Level, int]] = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
_ROOT: Final = "fugue"


class Diagnostics:
    """The diagnostics of one part of the program. Get one by `channel`."""

    __slots__ = ("_logger",)

    def __init__(self, logger: logging.Logger) -> None:
        """Write to `logger`."""
        self._logger = logger

    def debug(self, event: str, **fields: Field) -> None:
        """For finding faults."""
        self._emit(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: Field) -> None:
        """Normal events that are rare enough to be read."""
        self._emit(logging.INFO, event, fields)

    def warning(self, event: str, **fields: Field) -> None:
        """Something is worse than it should be, and the server copes."""
        self._emit(logging.WARNING, event, fields)

    def error(self, event: str, **fields: Field) -> None:
        """Something was lost or does not work."""
        self._emit(logging.ERROR, event, fields)

    def failure(self, event: str, error: BaseException, **fields: Field) -> None:
        """Report an unexpected exception: its type and message, and the file and line of fugue where it was raised."""
        trace, place = error.__traceback__, ""
        while trace is not None:
            code = trace.tb_frame.f_code
            place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"
            trace = trace.tb_next
        self.error(event, error=type(error).__name__, reason=str(error), at=place, **fields)

    def _emit(self, level: int, event: str, fields: dict[str, Field]) -> None:
        if self._logger.isEnabledFor(level):
            self._logger.log(level, "%s", line(event, fields))


def channel(part: str = "") -> Diagnostics:
    """The diagnostics of one part (`wal`, `keeper`, …). Silent until `configure` was called."""
    return Diagnostics(logging.getLogger(f"{_ROOT}.{part}" if part else _ROOT))


def line(event: str, fields: dict[str, Field]) -> str:
    """`event key=value …`; values with blanks, quotes, `=` or control characters are quoted as JSON."""
    return " ".join([event, *(f"{name}={_value(name, value)}" for name, value in fields.items())])


def _value(name: str, value: Field) -> str:
    if name in FIELDS_WITHHELD or isinstance(
        value, bytes | bytearray | memoryview | dict | list | tuple
    ):
        return "withheld"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "unknown"
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    if len(text) > VALUE_CHARACTERS_MAX:
        text = text[: VALUE_CHARACTERS_MAX - 1] + "…"
    if text and text.isprintable() and not any(character in ' "=\\' for character in text):
        return text
    return msgspec.json.encode(text.encode("utf-8", "replace").decode()).decode()


class _Formatter(logging.Formatter):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def format(self, record: logging.LogRecord) -> str:
        return (
            f"{timestamp(self._clock.wall_ms())} {record.levelname.lower()} {record.getMessage()}\n"
        )


class PrivateFile(logging.Handler):
    """Appends to a file of mode 0600 and rotates it: FILE, FILE.1 (newest) … FILE.n. Never raises after it was opened."""

    def __init__(self, path: str, bytes_max: int, keep_files: int, lost: Counter) -> None:
        """Open `path`. Raises OSError if it cannot be opened, or is a symbolic link."""
        super().__init__()
        self._path = path
        self.bytes_max = bytes_max
        self.keep_files = keep_files
        self._lost = lost
        self._descriptor = self._open(path)

    @staticmethod
    def _open(path: str) -> int:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        # O_NONBLOCK: if the file is a FIFO, the start must not wait for a reader.
        descriptor = os.open(path, flags | os.O_NONBLOCK, 0o600)
        os.fchmod(descriptor, 0o600)
        return descriptor

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. A line that cannot be written is counted as lost."""
        try:
            data = self.format(record).encode("utf-8", "replace")
            if os.fstat(self._descriptor).st_size + len(data) > self.bytes_max:
                self._rotate()
            written = os.write(self._descriptor, data)
            if written < len(data):
                self._lost.add()
        except OSError:
            self._lost.add()

    def _rotate(self) -> None:
        if os.fstat(self._descriptor).st_size == 0 or not self._in_place():
            return
        following = self._open(self._path + ".new")  # first: if this fails, nothing was moved
        for number in range(self.keep_files - 1, -1, -1):
            older = f"{self._path}.{number + 1}"
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{self._path}.{number}" if number else self._path, older)
        self._drop_from(self.keep_files + 1)
        os.replace(self._path + ".new", self._path)
        previous, self._descriptor = self._descriptor, following
        os.close(previous)

    def _in_place(self) -> bool:
        """Whether the path still leads to the file. If the directory was replaced, the new one must not be written to."""
        try:
            return os.path.samestat(os.lstat(self._path), os.fstat(self._descriptor))
        except OSError:
            return False

    def _drop_from(self, number: int) -> None:
        """Remove rotated files from `number` on, which remain when `keep_files` was lowered."""
        with contextlib.suppress(FileNotFoundError):
            while True:
                os.unlink(f"{self._path}.{number}")
                number += 1

    def close(self) -> None:
        """Close the file. May be called more than once."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        super().close()


class _Foreground(logging.Handler):
    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(self.format(record))
            self._stream.flush()


def configure(
    path: str | None,
    *,
    level: Level = "info",
    bytes_max: int = 10 << 20,
    keep_files: int = 3,
    foreground: bool = False,
    lost: Counter | None = None,
    clock: Clock | None = None,
) -> None:
    """Send all channels to the file `path` (None: no file) and, in the `foreground`, to stderr.

    May be called again, for a reload; the previous file is closed. Raises OSError if the file cannot be opened; then
    everything is as before.
    """
    handlers: list[logging.Handler] = []
    if path is not None:
        handlers.append(PrivateFile(path, bytes_max, keep_files, lost or Counter()))
    if foreground:
        handlers.append(_Foreground(sys.stderr))
    root = logging.getLogger(_ROOT)
    for handler in handlers:
        handler.setFormatter(_Formatter(clock or SystemClock()))
    previous = root.handlers[:]
    root.handlers[:] = handlers or [logging.NullHandler()]
    root.propagate = False
    root.setLevel(_LEVELS[level])
    for handler in previous:
        handler.close()


logging.getLogger(_ROOT).addHandler(logging.NullHandler())
logging.getLogger(_ROOT).propagate = False
