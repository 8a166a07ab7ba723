"""The panes' processes: fork, signal, wait, hang up. The only module that touches a PTY's slave side."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import signal
import struct
import sys
import termios

from fuguemux.keeper.limits import explained, free_descriptors, give_back
from fuguemux.keeper.process import ProcessWatch, start_time_of
from fuguemux.keeper.protocol import ChannelBroke, ExitStatus

STAGE_TERMINAL = "open a terminal"
STAGE_FORK = "fork"
STAGE_DIRECTORY = "change the directory"
STAGE_EXECUTE = "execute"
_STAGES = (STAGE_TERMINAL, STAGE_FORK, STAGE_DIRECTORY, STAGE_EXECUTE)
# What a child writes when it cannot execute the program: stage, errno.
_FAILURE = struct.Struct("=BI")

DESCRIPTORS_RESERVED = 8
"""This many file descriptors stay free for connections of servers and clients. A pane that would need them is refused."""
_DESCRIPTORS_NEEDED = 5  # the master, its duplicate for the server, the slave, a pipe

# struct winsize, tty_ioctl(4): rows, columns, x pixels, y pixels
_WINDOW_SIZE = struct.Struct("HHHH")
_IUTF8 = 0x4000  # the same bit on Linux and macOS; `termios` has no name for it
_EXIT_NOT_EXECUTED = 127  # the shells' status for a program that could not be run


class SpawnFailed(Exception):
    """A pane's process could not be started; says at which stage, and why (errno)."""

    def __init__(self, stage: str, number: int) -> None:
        meaning = os.strerror(number)
        if stage in (STAGE_TERMINAL, STAGE_FORK):
            meaning = explained(number, terminal=stage == STAGE_TERMINAL)
        super().__init__(f"cannot {stage}: {meaning}")
        self.stage = stage
        self.errno = number


class Child:
    """A pane's process, and the keeper's duplicate of its PTY master."""

    __slots__ = ("argv", "key", "master", "pid", "start_time", "status", "tty", "watch")

    def __init__(
        self, key: str, pid: int, start_time: int | None, tty: str, argv: list[bytes], master: int
    ) -> None:
        self.key = key
        self.pid = pid
        self.start_time = start_time
        self.tty = tty
        self.argv = argv
        self.master = master
        self.status: ExitStatus | None = None
        """None while the process runs. Kept until the server has taken it."""
        self.watch: ProcessWatch | None = None
        """Set for a process that is not a child of this keeper: adopted from a keeper that died."""

    def signal(self, number: int, *, foreground: bool) -> bool:
        """Send a signal to the terminal's foreground group or to the process's group. Returns False if no process got it."""
        group = self.pid
        if foreground:
            with contextlib.suppress(OSError):
                group = os.tcgetpgrp(self.master) or self.pid
        if group == self.pid and not self._is_still_ours():
            return False
        try:
            os.killpg(group, number)
        except ProcessLookupError:
            return False
        return True

    def _is_still_ours(self) -> bool:
        """Whether `pid` still means this process: the pid of a reaped process may have been given to another."""
        if self.status is not None:
            return False
        return self.watch is None or start_time_of(self.pid) == self.start_time

    def hang_up(self) -> None:
        """Send SIGHUP to the terminal's processes, as the kernel would when the line is lost, and close the master."""
        for number in (signal.SIGHUP, signal.SIGCONT):
            with contextlib.suppress(OSError):
                self.signal(number, foreground=True)
            with contextlib.suppress(OSError):
                self.signal(number, foreground=False)
        self.release()

    def release(self) -> None:
        """Close the master and stop watching. The process goes on."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
        if self.watch is not None:
            self.watch.close()


class SpawnRequest:
    """Everything that defines a pane's process. The keeper adds nothing."""

    __slots__ = (
        "argv",
        "columns",
        "cwd",
        "environment",
        "key",
        "pixel_height",
        "pixel_width",
        "program",
        "rows",
    )

    def __init__(
        self,
        *,
        key: str,
        program: bytes,
        argv: list[bytes],
        cwd: bytes,
        environment: dict[bytes, bytes],
        columns: int,
        rows: int,
        pixel_width: int = 0,
        pixel_height: int = 0,
    ) -> None:
        if not argv or not program:
            raise ChannelBroke("a process needs a program and an argv of at least one string")
        self.key = key
        self.program = program
        self.argv = argv
        self.cwd = cwd
        self.environment = environment
        self.columns = columns
        self.rows = rows
        self.pixel_width = pixel_width
        self.pixel_height = pixel_height


def spawn(request: SpawnRequest, descriptors: int | None) -> tuple[Child, int]:
    """Fork a pane's process. Returns it, and a pipe that reports how its exec went; see `failure_of`.

    `descriptors` is the soft limit of open files that the process gets. Raises SpawnFailed if no PTY or no process is
    available. Does not wait for the exec, because the directory may be on a server that does not answer.
    """
    if free_descriptors() < DESCRIPTORS_RESERVED + _DESCRIPTORS_NEEDED:
        raise SpawnFailed(STAGE_TERMINAL, errno.EMFILE)
    try:
        master, slave = os.openpty()
    except OSError as error:
        raise SpawnFailed(STAGE_TERMINAL, error.errno or errno.EIO) from error
    reading = writing = -1
    try:
        tty = os.ttyname(slave)
        os.set_blocking(master, False)
        _prepare_terminal(slave, request)
        reading, writing = os.pipe()
        pid = os.fork()
    except OSError as error:
        for descriptor in (master, slave, reading, writing):
            if descriptor >= 0:
                os.close(descriptor)
        raise SpawnFailed(STAGE_FORK, error.errno or errno.EIO) from error
    if pid == 0:
        _become(request, slave, writing, descriptors)  # does not return
    os.close(slave)
    os.close(writing)
    os.set_blocking(reading, False)
    return Child(request.key, pid, start_time_of(pid), tty, request.argv, master), reading


def failure_of(data: bytes) -> SpawnFailed | None:
    """Parse the content of the pipe of `spawn`. If it ends without content, the program runs, and the result is None."""
    if len(data) < _FAILURE.size:
        return None
    stage, number = _FAILURE.unpack_from(data)
    return SpawnFailed(_STAGES[stage], number)


def _prepare_terminal(slave: int, request: SpawnRequest) -> None:
    """Set size and modes before the program can read them."""
    size = _WINDOW_SIZE.pack(
        request.rows, request.columns, request.pixel_width, request.pixel_height
    )
    fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
    modes = termios.tcgetattr(slave)
    modes[0] |= _IUTF8  # erasing a character in a line erases all of its bytes
    modes[6][termios.VERASE] = b"\x7f"
    termios.tcsetattr(slave, termios.TCSANOW, modes)


def _become(request: SpawnRequest, slave: int, failure: int, descriptors: int | None) -> None:
    """In the new process: make the PTY its terminal and execute the program, or report the failure. Never returns."""
    stage = STAGE_TERMINAL
    number = errno.EIO
    try:
        reset_signals()
        os.login_tty(slave)  # setsid, TIOCSCTTY, and the slave as 0, 1 and 2
        # Do this before anything that may block: a process that hangs must not hold a lock of a keeper that dies
        # meanwhile.
        if failure != 3:
            failure = os.dup2(failure, 3, inheritable=False)
        os.closerange(4, os.sysconf("SC_OPEN_MAX") if sys.platform != "linux" else 1 << 20)
        stage = STAGE_DIRECTORY
        os.chdir(request.cwd)
        stage = STAGE_EXECUTE
        give_back(descriptors)
        os.execvpe(request.program, request.argv, request.environment)
    except OSError as error:
        number = error.errno or errno.EIO
    except ValueError:  # a NUL or an `=` where none is allowed
        number = errno.EINVAL
    finally:
        # No exception may reach the keeper's loop from here.
        with contextlib.suppress(OSError):
            os.write(failure, _FAILURE.pack(_STAGES.index(stage), number))
        os._exit(_EXIT_NOT_EXECUTED)


def reset_signals() -> None:
    """Give every signal its default action and unblock it, as programs expect."""
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        with contextlib.suppress(OSError, ValueError):  # SIGKILL and SIGSTOP cannot be changed
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
