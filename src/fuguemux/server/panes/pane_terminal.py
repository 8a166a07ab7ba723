"""One pane in the server: its emulator, scrollback and PTY master, and how far its output is logged and shown."""

import asyncio
import contextlib
import errno
import fcntl
import os
import struct
import termios
from collections.abc import Callable

from fuguemux.model.events import ProgramEnded
from fuguemux.model.ids import PaneId
from fuguemux.persistence.recovery.pane_replay import EndedMark, LostOutput, RecoveredPane, Started
from fuguemux.persistence.scrollback.last_screens import LastScreen
from fuguemux.persistence.scrollback.scrollback import PaneScrollback
from fuguemux.server.panes.last_screen import taken
from fuguemux.server.panes.rebuild import Rebuilt, archive, mark_lost, resize
from fuguemux.server.panes.waiting_screen import WaitingScreen
from fuguemux.terminal.emulator import Colours, Emulator, ScreenSize

INPUT_BYTES_MAX = 16 << 20
"""Input that a program does not read waits in memory up to this size. More is refused."""

ROWS_AT_ONCE = 500
"""Rows of the engine's history that are formatted, compressed and moved to the store in one turn of the loop: about 1 ms."""


EARLY_BYTES_MAX = 64 << 10
ENDS_A_SHELL = (b"\r", b"\n", b"\x04")
"""The last input when a person leaves a shell: Enter or C-d."""


class InputRefused(Exception):
    """The program in the pane does not read its input, and too much is waiting already."""


class PtyMaster:
    """The server's duplicate of a pane's PTY master. Input is buffered and bounded, and nothing blocks. Owns the file
    descriptor.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, fd: int) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self._loop = loop
        self._waiting = bytearray()

    def write(self, data: bytes) -> None:
        """Write `data` for the program, later if the program does not read now. Raises InputRefused if too much is
        waiting.
        """
        if self.fd < 0:
            return
        if self._waiting:
            if len(self._waiting) + len(data) > INPUT_BYTES_MAX:
                raise InputRefused(f"{len(self._waiting)} bytes of input wait already")
            self._waiting += data
            return
        done = self._write_now(data)
        if done < len(data):
            self._waiting += data[done:]
            self._loop.add_writer(self.fd, self._writable)

    def time(self) -> float:
        """The loop's clock, in seconds."""
        return self._loop.time()

    def _write_now(self, data: bytes | bytearray) -> int:
        try:
            return os.write(self.fd, data[: 64 << 10])
        except BlockingIOError:
            return 0
        except OSError as error:
            if error.errno in (errno.EIO, errno.EBADF):
                return len(data)  # the terminal has no reader any more
            raise

    def _writable(self) -> None:
        done = self._write_now(self._waiting)
        del self._waiting[:done]
        if not self._waiting:
            self._loop.remove_writer(self.fd)

    def resize(self, columns: int, rows: int) -> None:
        """Set the size with TIOCSWINSZ. The program gets SIGWINCH if the size is a new one."""
        if self.fd >= 0:
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def foreground_group(self) -> int:
        """The foreground process group of the terminal, 0 if there is none."""
        try:
            return os.tcgetpgrp(self.fd)
        except OSError:
            return 0

    def bytes_waiting(self) -> int:
        """Bytes that the program wrote and that were not read yet, as far as the kernel says."""
        try:
            answer = fcntl.ioctl(self.fd, termios.FIONREAD, b"\0\0\0\0")
        except OSError:
            return 0
        return int.from_bytes(answer, "little")

    def close(self) -> None:
        if self.fd >= 0:
            self._loop.remove_writer(self.fd)
            os.close(self.fd)
            self.fd = -1


class PaneTerminal:
    """Everything the server holds for one pane, from its creation to its removal, across its processes.

    After a start its screen may still wait to be rebuilt. Reading `emulator` or `scrollback` then blocks until it is
    built. Methods that change the screen later, or need only its size, do not wait.
    """

    def __init__(
        self,
        pane: PaneId,
        emulator: Emulator | WaitingScreen,
        scrollback: PaneScrollback,
        *,
        offset: int = 0,
        lsn: int = 0,
    ) -> None:
        self.id = pane
        self.waiting = emulator if isinstance(emulator, WaitingScreen) else None
        """The screen while it is not built, otherwise None."""
        self.built: Callable[[PaneTerminal, WaitingScreen, Rebuilt], None] = lambda *_: None
        """Called on the loop when a waiting screen is built."""
        self._emulator = None if isinstance(emulator, WaitingScreen) else emulator
        self._scrollback = scrollback
        self.read_offset = offset
        """Bytes of output taken from the PTY so far; also the landing zone's offset."""
        self.lsn = lsn
        """The last log record that this screen contains."""
        self.master: PtyMaster | None = None
        self.key = ""
        self.behind: Callable[[PaneTerminal], None] | None = None
        """Shows the pane's logged output that waits for its turn. None if there is none."""
        self.cheapness = 1.0
        """How many times cheaper the output is to show than estimated; see `feeding`."""
        self.remeasure = False
        """Whether `cheapness` seems to have changed, so that the next piece is measured closely."""
        self.read_bytes_max = 64 << 10
        """The amount of output that is shown in acceptable time."""
        self.expensive = False
        """Whether the latest output may take long to show. If so, no more is read before it is shown."""
        self.floods = 0
        """How many reads in a row found more output than a terminal holds."""
        self.owed = b""
        """Query replies that the process has been waiting for since the last server, if it is still running."""
        self._carried_on = False
        self.reading = False
        self.ended = False
        """The PTY has reached its end: no process has it open any more."""
        self.early: bytearray | None = None
        """Input that was typed before the process runs. None if no process is being started."""
        self.typed_at = -1e9
        """When Enter or C-d was last typed here, by the loop's clock. A shell that ends then was ended by a person."""
        self.input_off = False
        """Whether input is kept from the program."""
        self.echo_awaited = False
        """Whether a key was typed and there has been no output since."""
        self.entered = 0
        """How often Enter was pressed here, or a line end was pasted."""
        self.typings = 0
        """How often something other than Enter alone was typed here."""
        self.last_output_s = 0
        self._colours = Colours()
        self.status = ""
        self.persist = True

    # The screen

    @property
    def emulator(self) -> Emulator:
        """The screen. Builds it first if it waits. Belongs to the loop, like everything here."""
        if self._emulator is None:
            self.build()
        assert self._emulator is not None, "closed"
        return self._emulator

    @property
    def scrollback(self) -> PaneScrollback:
        """The lines that left the screen. Builds a waiting screen first."""
        if self.waiting is not None:
            self.build()
        return self._scrollback

    def history_roughly(self) -> tuple[int, int]:
        """Lines and bytes of history as they are stored. Builds and reads nothing."""
        return len(self._scrollback), self._scrollback.sizes().raw_bytes

    @property
    def size(self) -> ScreenSize:
        """The columns and rows, whether the screen is built or not."""
        return self.emulator.size if self.waiting is None else self.waiting.size

    def build(self) -> Rebuilt | None:
        """Build the screen if it waits, or wait for the thread that is building it."""
        waiting = self.waiting
        if waiting is None:
            return None
        rebuilt = waiting.build()
        self._emulator, self.waiting = rebuilt.emulator, None
        if self._colours != Colours():
            self._emulator.use_colours(self._colours)
        if self._scrollback.limit_lines is not None:
            self._scrollback.trim(self._scrollback.limit_lines)
        self.built(self, waiting, rebuilt)
        return rebuilt

    def use_colours(self, colours: Colours) -> None:
        """Answer programs that ask for the terminal's colours with these from now on."""
        if colours != self._colours:
            self._colours = colours
            if self._emulator is not None:
                self._emulator.use_colours(colours)

    def limit_history(self, lines: int) -> None:
        """Keep no more than `lines` lines of scrollback."""
        self._scrollback.limit_lines = lines
        if self.waiting is None:
            self._scrollback.trim(lines)

    def cut_anew(self) -> None:
        """Make the next checkpoint examine the whole scrollback again, because it has to store more lines, or fewer."""
        self._scrollback.cut_anew()

    def settle(self) -> None:
        """Show all logged output of the pane, so that what comes next in the log happens to that screen.

        Takes about a tenth of a second if the output is expensive, longer on a very large screen; see `ReadMeter`.
        """
        if self.behind is not None:
            self.behind(self)

    def resize(self, columns: int, rows: int, lsn: int) -> None:
        """Give screen and program another size, which record `lsn` of the log contains. The engine may round it to
        one that it supports.
        """
        self.settle()
        if not self._later(lambda recovered: recovered.resized(lsn, columns, rows)):
            resize(self.emulator, self.scrollback, columns, rows)
        self._logged(lsn)
        if self.master is not None:
            self.master.resize(*self.size)

    def started_again(self, generation: int, lsn: int) -> None:
        """Another process begins on the screen that the last one left. Modes are reset, the text stays."""
        self.settle()
        self._carried_on, self.owed = False, b""
        if not self._later(lambda recovered: recovered.add(Started(lsn, generation, 0))):
            self.emulator.reset_for_new_process()
            self.take_archive()
        self._logged(lsn)

    def program_ended(self, event: ProgramEnded, lsn: int) -> LastScreen | None:
        """Return what the program showed last. None if the screen waits to be rebuilt: the last screen is then found
        while building.
        """
        screen = None
        self.settle()
        if not self._later(lambda recovered: recovered.add(EndedMark(lsn, event))):
            self.take_archive(everything=True)
            screen = taken(self.emulator, self.scrollback, event)
        self._logged(lsn)
        return screen

    def lost(self, lost: LostOutput) -> None:
        """Note that output up to `lost.stop` is lost for good: the screen says so, and new output begins behind it."""
        if not self._later(lambda recovered: recovered.missing(lost)):
            mark_lost(self.emulator, lost)
            self.take_archive()
        self.read_offset = lost.stop
        self._logged(lost.lsn)

    def shown_later(self, data: bytes, lsn: int) -> bool:
        """Have logged output shown when the screen is built. Returns False if the screen is built: feed the output
        then.
        """
        if not self._later(lambda recovered: recovered.shown(lsn, data)):
            return False
        self._logged(lsn)
        return True

    def _later(self, change: Callable[[RecoveredPane], None]) -> bool:
        return self.waiting is not None and self.waiting.note(change)

    def _logged(self, lsn: int) -> None:
        self.lsn = lsn

    # The process

    def begin(self, master: PtyMaster) -> None:
        """Attach a process through its PTY master. It gets the input that was typed while it was being started."""
        self.master, self.ended = master, False
        self.owe(b"")
        early, self.early = self.early, None
        self.typed(bytes(early or b""))

    def carry_on(self) -> None:
        """The process of the last server will go on here, in `begin`: owed replies are for this process."""
        self._carried_on = True

    def owe(self, replies: bytes) -> None:
        """Answer queries that the last server left unanswered, now or when the process is known. Replies go to no
        other process.
        """
        self.owed += replies
        if not (self.owed and self._carried_on) or self.master is None:
            return
        owed, self.owed = self.owed, b""
        # A program that does not read does not wait for a reply.
        with contextlib.suppress(InputRefused):
            self.master.write(owed)

    def typed(self, data: bytes) -> None:
        """Pass typed input on, as soon as there is a process. Raises InputRefused if too much is waiting."""
        if self.input_off:
            return
        if self.master is None and self.early is not None:
            if len(self.early) + len(data) > EARLY_BYTES_MAX:
                raise InputRefused("it is not started yet")
            self.early += data
        if self.master is not None and data:
            self.master.write(data)
            self.echo_awaited = True
            self.entered += data.count(b"\r") + data.count(b"\n")
            self.typings += bool(data.strip(b"\r\n"))
            if data.endswith(ENDS_A_SHELL):
                self.typed_at = self.master.time()

    def take_archive(self, *, everything: bool = False, rows_max: int | None = None) -> None:
        """Move lines that left the screen from the engine to the scrollback store.

        The arguments are those of `rebuild.archive`.
        """
        archive(self.emulator, self.scrollback, everything=everything, rows_max=rows_max)

    def close(self) -> None:
        """Close the PTY and free the engine."""
        if self.master is not None:
            self.master.close()
            self.master = None
        waiting, self.waiting = self.waiting, None
        if waiting is not None:
            waiting.give_up()
        else:
            self.emulator.close()
