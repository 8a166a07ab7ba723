"""The keeper as a program: become a daemon, listen, start the server, hold the panes.

    python -I -S …/keeper/__main__.py --socket PATH [--log FILE] [--store ID] [--adopt] [--wait SECONDS]
    [--lock FILE] [--fallback PATH]… [--private] [--foreground] [-- SERVER ARGV…]

`keeper.launch.keeper_argv` builds this line. The process that was started is only the herald: it waits for the daemon's
report and exits with 0, or with 1 and one line on stderr.
"""

from __future__ import annotations

import os
import sys

# Started by file name: the package is two directories above this file.
if __package__ in (None, ""):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))

import contextlib
import select
import socket
import time
from collections.abc import Callable

from fuguemux import __version__
from fuguemux.keeper.address import KeeperAddress
from fuguemux.keeper.channel import ChannelBroke, Message, MessageChannel, PeerGone
from fuguemux.keeper.diagnostics import KeeperDiagnostics, redirect_standard_streams
from fuguemux.keeper.keeper import Keeper
from fuguemux.keeper.launch import WAIT_SECONDS_DEFAULT
from fuguemux.keeper.limits import widen
from fuguemux.keeper.link import taken
from fuguemux.keeper.lock_file import ask_to_listen
from fuguemux.keeper.process import become_subreaper
from fuguemux.keeper.protocol import PROTOCOL_VERSION, ROLE_CONTROL
from fuguemux.keeper.supervisor import Supervisor
from fuguemux.keeper.watches import hear_requests

USAGE = (
    "usage: keeper --socket PATH [--lock FILE] [--fallback PATH]… [--private] [--log FILE] [--store ID] [--adopt]"
    " [--wait SECONDS] [--foreground] [-- ARGV…]"
)
RETRY_SECONDS = 0.02
SERVES = "serves"


class KeeperOptions:
    """The command line. Raises ValueError with a line for people."""

    def __init__(self, arguments: list[str]) -> None:
        self.socket = self.log = self.store = self.lock = ""
        self.fallbacks: list[str] = []
        self.adopt = self.foreground = self.private = False
        self.wait_seconds = WAIT_SECONDS_DEFAULT
        self.server_argv: list[str] = []
        rest = iter(arguments)
        for name in rest:
            if name == "--":
                self.server_argv = list(rest)
            elif name in ("--adopt", "--foreground", "--private"):
                setattr(self, name[2:], True)
            elif name in ("--socket", "--log", "--store", "--lock"):
                setattr(self, name[2:], self._value(name, rest))
            elif name == "--fallback":
                self.fallbacks.append(os.path.abspath(self._value(name, rest)))
            elif name == "--wait":
                value = self._value(name, rest)
                if not value.isdecimal():
                    raise ValueError(f"--wait {value}: not a number of seconds\n{USAGE}")
                self.wait_seconds = int(value)
            else:
                raise ValueError(f"unknown option {name}\n{USAGE}")
        if not self.socket:
            raise ValueError(f"--socket is missing\n{USAGE}")
        for name in ("socket", "log", "lock"):
            value = getattr(self, name)
            setattr(self, name, os.path.abspath(value) if value else "")

    @staticmethod
    def _value(name: str, rest: object) -> str:
        value = next(rest, None)  # type: ignore[call-overload]  # an iterator over strings
        if value is None:
            raise ValueError(f"{name} needs a value\n{USAGE}")
        return str(value)


def main(arguments: list[str]) -> int:
    """Run the program; return its exit code."""
    try:
        options = KeeperOptions(arguments)
    except ValueError as error:
        sys.stderr.write(f"keeper: {error}\n")
        return 2
    deadline = time.monotonic() + options.wait_seconds
    hear_requests()  # before any other process can read our pid
    link = taken(os.environ)
    address = KeeperAddress(
        options.socket,
        lock=options.lock,
        fallbacks=tuple(options.fallbacks),
        private=options.private,
    )
    try:
        while not address.take():
            outcome = ask_running_keeper(options, address, deadline)
            if outcome is not None:
                return herald(outcome)
            time.sleep(RETRY_SECONDS)
    except OSError as error:
        return herald(f"cannot listen on {options.socket}: {error.strerror or error}")
    if options.foreground:
        return keep(options, address, link, lambda _: None)
    return daemonise(options, address, link, deadline)


def herald(outcome: str) -> int:
    """Print the outcome for people. Returns the exit code."""
    if outcome == SERVES:
        return 0
    sys.stderr.write(f"{outcome}\n")
    return 1


def ask_running_keeper(
    options: KeeperOptions, address: KeeperAddress, deadline: float
) -> str | None:
    """Ask the keeper that has the lock to start its server. Returns the outcome, or None to try again.

    A running keeper whose socket is gone is asked to create another one, because only it holds its panes.
    """
    held = address.held()
    if held is None:
        return None
    lock, holder = held
    path = holder.path or options.socket
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    channel = MessageChannel(connection)
    try:
        connection.connect(path)
        channel.send(
            {
                "type": "hello",
                "protocol": PROTOCOL_VERSION,
                "role": ROLE_CONTROL,
                "pid": os.getpid(),
            }
        )
        message = next_message(channel, deadline)
        if message.get("type") == "refused":
            return f"the keeper at {path} refuses: {message.get('message')}"
        if not options.server_argv or options.adopt:
            return SERVES
        channel.send({"type": "start-server", "id": 1})
        answer = next_message(channel, deadline)
    except TimeoutError:
        return (
            f"the keeper (process {holder.pid}) does not answer within {options.wait_seconds} s: is it stopped?"
            f" kill -CONT {holder.pid} lets it go on"
        )
    except ChannelBroke as error:
        return f"what listens on {path} is no keeper: {error}"
    except (OSError, PeerGone):  # it is about to listen or to end: soon this is clear
        if time.monotonic() > deadline:
            return f"the keeper (process {holder.pid}) does not listen on {path}"
        ask_to_listen(holder, lock)
        return None
    finally:
        channel.close()
    return str(answer["error"]) if "error" in answer else SERVES


def next_message(channel: MessageChannel, deadline: float) -> Message:
    """Wait for one message. Raises TimeoutError, PeerGone, ChannelBroke."""
    while True:
        seconds = deadline - time.monotonic()
        if seconds <= 0 or not select.select([channel], [], [], seconds)[0]:
            raise TimeoutError
        for message, descriptors in channel.receive():
            for descriptor in descriptors:
                os.close(descriptor)
            return message


def daemonise(
    options: KeeperOptions, address: KeeperAddress, link: socket.socket | None, deadline: float
) -> int:
    """Fork: a daemon that is the keeper, and this process, which waits for its report."""
    reading, writing = os.pipe()
    first = os.fork()
    if first > 0:
        os.close(writing)
        os.waitpid(first, 0)
        return herald(word_of_daemon(reading, deadline, options.wait_seconds))
    code = 1
    try:
        os.setsid()
        if os.fork() > 0:  # a process that leads no session can never get a terminal by opening one
            os._exit(0)
        os.chdir("/")
        redirect_standard_streams(options.log, f"{options.socket}.stderr")
        close_others({*address.descriptors(), writing, *([] if link is None else [link.fileno()])})
        address.tell()  # the pid of this process, which has changed
        code = keep(options, address, link, word_to_herald(writing))
        address.close()
    except BaseException as error:  # the last place that can report an error
        KeeperDiagnostics().note(f"keeper failed: {error!r}")
        raise
    finally:
        os._exit(code)


def word_of_daemon(reading: int, deadline: float, wait_seconds: int) -> str:
    """Wait for the daemon's report. If the pipe ends without a report, the daemon died."""
    if not select.select([reading], [], [], max(deadline - time.monotonic(), 0))[0]:
        return f"the server does not serve within {wait_seconds} s; it may yet"
    word = os.read(reading, 4096).decode("utf-8", "replace")
    return word or "the keeper died while it started"


def word_to_herald(writing: int) -> Callable[[str], None]:
    """Return a function that passes an outcome ("" means success) on to the waiting process."""

    def tell(reason: str) -> None:
        with contextlib.suppress(OSError):  # the other process may have stopped waiting
            os.write(writing, (reason or SERVES).encode("utf-8", "replace")[:4096])
        os.close(writing)

    return tell


def close_others(kept: set[int]) -> None:
    """Close every file descriptor that the starting program left open, except standard streams and `kept`."""
    low = 3
    for descriptor in [
        *sorted(kept),
        1 << 20 if sys.platform == "linux" else os.sysconf("SC_OPEN_MAX"),
    ]:
        os.closerange(low, descriptor)
        low = descriptor + 1


def keep(
    options: KeeperOptions,
    address: KeeperAddress,
    link: socket.socket | None,
    tell: Callable[[str], None],
) -> int:
    """Run the keeper until its end. Returns the exit code."""
    diagnostics = KeeperDiagnostics(ours=not options.foreground)
    callers_descriptors = widen(os.environ)
    supervisor = Supervisor(options.server_argv, diagnostics)
    keeper = Keeper(
        address,
        supervisor,
        diagnostics,
        version=__version__,
        store=options.store,
        descriptors=callers_descriptors,
        obeys=options.foreground,
    )
    diagnostics.note(f"keeper {__version__} listens on {address.place}")
    if options.adopt:
        keeper.await_adopter(link)
    if options.adopt or not options.server_argv:
        tell("")
    else:
        keeper.when_serving(tell)
        keeper.start_server()
    if not become_subreaper() and sys.platform == "linux":
        diagnostics.note("cannot become the reaper of orphans: they fall to init")
    return keeper.run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
