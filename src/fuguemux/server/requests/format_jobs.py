"""The shell commands of formats, `#(command)`: run in the background, with the last line of each kept for whoever asks.

After tmux(1), FORMATS, and job.c: a command runs again when it is asked for, at most once a second; its standard error
is ignored. The status line asks in each frame, so there a command runs again only when the status line is due: when the
state has changed or `status-interval` is over. A command that prints lines for ever shows each of them.
"""

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, Final, NamedTuple

from fuguemux.model.ids import ClientId
from fuguemux.model.live import ShellAsked
from fuguemux.observe.clock import NS_PER_S, Clock
from fuguemux.observe.diagnostics import channel
from fuguemux.options.environment import SpawnEnvironment
from fuguemux.server.processes.shell_argv import shell_argv
from fuguemux.server.processes.spawn_environment import usable_directory
from fuguemux.server.work.file_threads import beside
from fuguemux.server.work.jobs import JobRefused, Jobs, ShellJob

RUNNING_MAX: Final = 64
"""Commands of formats that run at the same time."""
KNOWN_MAX: Final = 512
"""Commands whose output is kept. The one that nobody has asked for longest is forgotten for a new one."""
UNUSED_SECONDS_MAX: Final = 3600
"""After this time without being asked for, a command is ended and its output is forgotten."""

_Key = tuple[ClientId | None, str, str]

diagnostics = channel("shell")


class ClientsOfJobs(NamedTuple):
    """What the jobs need to know of attached clients."""

    directory: Callable[[ClientId], bytes | None]
    """The directory of the session that the client shows; None: it is not attached."""
    round: Callable[[ClientId], int]
    """A number that changes whenever the client's status line is due."""
    changed: Callable[[ClientId], None]
    """Draws the client's status line soon."""


class _Known:
    """One command, with what it printed last."""

    def __init__(self, asked: ShellAsked) -> None:
        self.asked = asked
        self.line: str | None = None
        self.job: ShellJob | None = None
        self.run = 0
        """How often it was started. What an earlier run still prints is not for this one."""
        self.running = False
        self.began_s = -1
        self.used_s = 0
        self.round = -1
        self.shown = False
        """Whether a status line shows it."""
        self.printed = False
        """Whether this run has printed a line."""


class FormatJobs:
    """Answers LiveView.shell_line. Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        surroundings: SpawnEnvironment,
        environment: Callable[[], dict[bytes, bytes]],
        clients: ClientsOfJobs,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
    ) -> None:
        """`environment` returns that of commands outside of panes."""
        self._jobs = Jobs(loop, RUNNING_MAX)
        self._clock = clock
        self._surroundings = surroundings
        self._environment = environment
        self._clients = clients
        self._spawn = spawn
        self._known: dict[_Key, _Known] = {}
        self._tidied_s = 0
        self._over = False

    def line(self, asked: ShellAsked) -> str:
        """What the command printed last, or a text in tmux's words that says why there is nothing. Never blocks."""
        now_s = self._clock.monotonic_ns() // NS_PER_S
        known = self._of(asked, now_s)
        anew = known.run == 0 or asked.expanded != known.asked.expanded
        known.asked, known.used_s = asked, now_s
        known.shown = known.shown or asked.status
        if anew or (not known.running and known.began_s != now_s and self._is_due(known)):
            self._begin(known, now_s)
        elif known.running and now_s - known.began_s > 1 and known.line is None:
            known.line = f"<'{asked.command}' not ready>"
        return known.line or ""

    def _of(self, asked: ShellAsked, now_s: int) -> _Known:
        key = (asked.client, asked.about, asked.command)
        known = self._known.get(key)
        if known is None:
            self._tidy(now_s)
            known = self._known[key] = _Known(asked)
        return known

    def _is_due(self, known: _Known) -> bool:
        """Whether it may run again. A command in a status line waits until the status line is due."""
        client = known.asked.client
        return (
            not known.asked.status or client is None or known.round != self._clients.round(client)
        )

    def _begin(self, known: _Known, now_s: int) -> None:
        self._kill(known)
        known.run += 1
        known.running, known.printed = True, False
        known.began_s = now_s
        if known.asked.client is not None:
            known.round = self._clients.round(known.asked.client)
        if not self._over:
            self._spawn(self._follow(known, known.run))

    async def _follow(self, known: _Known, run: int) -> None:
        """Run the command once, and note each line that it prints."""
        asked = known.asked
        inside = None if asked.client is None else self._clients.directory(asked.client)
        try:
            wanted = inside or asked.cwd or self._surroundings.home
            directory = await beside("shell", usable_directory, wanted, self._surroundings)
            if known.run != run or self._over:
                return
            argv = shell_argv(asked.expanded, self._surroundings.descriptors)
            known.job = job = self._jobs.start(
                argv, directory, self._environment(), read=True, errors=False
            )
        except (OSError, JobRefused):
            diagnostics.warning("format_job.not_started")
            if known.run == run:
                known.running = False
                self._say(known, f"<'{asked.command}' didn't start>")
            return
        await job.followed(lambda line: self._printed(known, run, line))
        if known.run == run:
            known.running, known.job = False, None
            if not known.printed:
                self._say(known, "")

    def _printed(self, known: _Known, run: int, line: bytes) -> None:
        if known.run == run:
            known.printed = True
            self._say(known, line.decode("utf-8", "replace"))

    def _say(self, known: _Known, line: str) -> None:
        if known.line == line:
            return
        known.line = line
        if known.shown and known.asked.client is not None:
            self._clients.changed(known.asked.client)

    # The end of jobs

    def client_gone(self, client: ClientId) -> None:
        """End and forget the commands of a client that has left."""
        for key in [key for key in self._known if key[0] == client]:
            self._forget(key)

    def close(self) -> None:
        """End all commands, and begin none any more."""
        self._over = True
        for key in list(self._known):
            self._forget(key)

    def _tidy(self, now_s: int) -> None:
        """Make room for one more, and once a minute forget what nobody has asked for in the last hour."""
        if now_s - self._tidied_s > 60:
            self._tidied_s = now_s
            for key, known in list(self._known.items()):
                if now_s - known.used_s >= UNUSED_SECONDS_MAX:
                    self._forget(key)
        if len(self._known) >= KNOWN_MAX:
            self._forget(min(self._known, key=lambda key: self._known[key].used_s))

    def _forget(self, key: _Key) -> None:
        known = self._known.pop(key)
        known.run += 1
        self._kill(known)

    def _kill(self, known: _Known) -> None:
        if known.job is not None:
            known.job.end(signal.SIGTERM)
            known.job = None
