"""The terminal of an attached client: raw while the server draws on it, and restored in every case."""

import os
import select
import termios

from fuguemux.client.arguments import to_text
from fuguemux.client.guard import Guard
from fuguemux.terminal.outside import xterm

_ENTER = xterm.SAVE_TITLES + xterm.ALTERNATE + xterm.CLEAR
_LEAVE = xterm.RESTORE + xterm.LEAVE_ALTERNATE + xterm.RESTORE_TITLES

WRITE_BYTES_MAX = 64 << 10
READ_BYTES_MAX = 16 << 10
STALL_SECONDS_MAX = 1.0


class TtyGone(Exception):
    """The terminal hung up, or its other end was closed."""


class Tty:
    """A terminal in raw mode from `enter` to `leave`. Reads and writes do not block.

    The terminal is opened again by its path, because making the inherited file descriptor non-blocking would do the same
    for the shell that shares it. `leave` may be called any number of times, in any state.
    """

    def __init__(self, path: bytes) -> None:
        """Open the terminal at `path`. Raises OSError if it cannot be opened or is not a terminal."""
        self._descriptor = os.open(
            to_text(path), os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
        )
        try:
            self._before = termios.tcgetattr(self._descriptor)
        except termios.error as error:
            os.close(self._descriptor)
            raise OSError(*error.args) from error
        self._entered = False
        self._guard: Guard | None = None
        self._enter, self._leave = _ENTER, _LEAVE

    def use(self, enter: bytes, leave: bytes) -> None:
        """Take the terminal over and give it back with these sequences from now on. Empty ones: those of an xterm."""
        if enter or leave:
            self._enter, self._leave = enter, leave

    def fileno(self) -> int:
        """Return the file descriptor to wait on."""
        return self._descriptor

    def enter(self) -> None:
        """Make the terminal raw and show the empty alternate screen. Raises TtyGone."""
        try:
            self._before = (
                termios.tcgetattr(self._descriptor) if not self._entered else self._before
            )
            self._entered = True
            if self._guard is None:
                self._guard = Guard(self._descriptor, self._before, self._leave)
            self._guard.entered()
            termios.tcsetattr(self._descriptor, termios.TCSANOW, _raw(self._before))
        except termios.error as error:
            raise TtyGone(str(error)) from error
        self._write_now(self._enter)

    def leave(self) -> None:
        """Restore screen, modes and line settings. Never raises, and waits at most some seconds for a stalled terminal."""
        if not self._entered:
            return
        self._entered = False
        try:
            termios.tcflow(self._descriptor, termios.TCOON)
            if not self._write_now(self._leave):
                # Output that the terminal has not taken would delay what it must get.
                termios.tcflush(self._descriptor, termios.TCOFLUSH)
                self._write_now(self._leave)
            termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)
        except (OSError, termios.error, TtyGone):
            return
        finally:
            if self._guard is not None:
                self._guard.left()

    def say(self, text: str) -> None:
        """Print a line after `leave`. Never raises, and waits no longer than `leave` does."""
        try:
            self._write_now(text.encode("utf-8", "surrogateescape") + b"\n")
        except TtyGone:
            return

    def close(self) -> None:
        """Leave and close."""
        self.leave()
        if self._guard is not None:
            self._guard.close()
            self._guard = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def read(self) -> bytes:
        """Return the input. Empty if there is none yet. Raises TtyGone."""
        try:
            data = os.read(self._descriptor, READ_BYTES_MAX)
        except BlockingIOError:
            return b""
        except OSError as error:
            raise TtyGone(error.strerror) from error
        if not data:
            raise TtyGone("end of file")
        return data

    def write(self, data: "bytes | memoryview") -> int:
        """Write what the terminal takes now, and return how much. Raises TtyGone."""
        try:
            return os.write(self._descriptor, data[:WRITE_BYTES_MAX])
        except BlockingIOError:
            return 0
        except OSError as error:
            raise TtyGone(error.strerror) from error

    def size(self) -> tuple[int, int]:
        """Return columns and rows; zeros if they are not known."""
        try:
            columns, rows = os.get_terminal_size(self._descriptor)
        except OSError:
            return 0, 0
        return columns, rows

    def last_line(self, text: bytes) -> bytes:
        """Return what shows a line at the bottom, over what is there. Empty if the size is not known."""
        columns, rows = self.size()
        if not (columns and rows):
            return b""
        line = (rows, text[: columns - 2])
        return b"\x1b\\\x1b[?2026l\x1b7\x1b[%d;1H\x1b[m\x1b[7m %s\x1b[K\x1b[m\x1b8" % line

    def _write_now(self, data: bytes) -> bool:
        """Write all of a short sequence. Returns whether a stalled terminal took it in time. Raises TtyGone."""
        view = memoryview(data)
        while view:
            taken = self.write(view)
            view = view[taken:]
            if not taken and not select.select([], [self._descriptor], [], STALL_SECONDS_MAX)[1]:
                return False
        return True


def _raw(before: "list[int | list[bytes | int]]") -> "list[int | list[bytes | int]]":
    """Line settings with which every byte passes unchanged in both directions."""
    iflag, oflag, cflag, lflag, ispeed, ospeed, characters = before
    assert isinstance(iflag, int)
    assert isinstance(oflag, int)
    assert isinstance(cflag, int)
    assert isinstance(lflag, int)
    assert isinstance(characters, list)
    characters = list(characters)
    characters[termios.VMIN], characters[termios.VTIME] = 1, 0
    iflag &= ~(
        termios.IXON
        | termios.IXOFF
        | termios.ICRNL
        | termios.INLCR
        | termios.IGNCR
        | termios.IMAXBEL
        | termios.ISTRIP
        | termios.BRKINT
        | termios.PARMRK
        | termios.INPCK
    )
    iflag |= termios.IGNBRK
    oflag &= ~(termios.OPOST | termios.ONLCR | termios.OCRNL | termios.ONLRET)
    lflag &= ~(
        termios.IEXTEN
        | termios.ICANON
        | termios.ECHO
        | termios.ECHOE
        | termios.ECHONL
        | termios.ECHOCTL
        | termios.ECHOKE
        | termios.ISIG
    )
    cflag = cflag & ~(termios.CSIZE | termios.PARENB) | termios.CS8
    return [iflag, oflag, cflag, lflag, ispeed, ospeed, characters]
