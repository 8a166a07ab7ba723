"""How an attached client finds the server again: at first often, then with help, and not for ever."""

import _socket

from fuguemux.client import seek, start
from fuguemux.client.conversation import CommandRequest, connect
from fuguemux.client.failure import Failure

QUICK_SECONDS = 0.02
"""The time between two attempts while the keeper is most likely starting the next server. An attempt costs some
microseconds.
"""
SLOW_SECONDS = 0.25
"""The time between two attempts after HELP_SECONDS."""
ANNOUNCE_SECONDS = 1.0
"""A restart that is faster than this is not announced."""
HELP_SECONDS = 2.0
"""After this the client starts a keeper itself, because the old one was killed too, or has given up."""
GIVE_UP_SECONDS = 60.0
STUCK_SECONDS = 20.0
"""A server whose reading of its log makes no progress for this long counts as stuck."""

WAITING = "the server is gone; waiting for it to come back (C-c gives up)"
STARTING = "the server is gone; starting it again (C-c gives up)"


class Reconnect:
    """The time since the server went away. Driven by `step`; reads no clock."""

    def __init__(
        self, request: CommandRequest, now_s: float, *, give_up_s: float = GIVE_UP_SECONDS
    ) -> None:
        """The server went away at `now_s`. Unless it said otherwise, the client waits for GIVE_UP_SECONDS."""
        self._request = request
        self._began_s = now_s
        self._give_up_s = give_up_s
        self._next_s = now_s
        self._starter: start.Starter | None = None
        self._tried = False
        self._line = ""
        """The last shown line about the next server's progress with its log."""
        self._moved_s = now_s
        """When that line last changed."""
        self.announced = False
        """Whether the user was told, so that C-c means to give up and is not sent to the pane."""
        self._seeker: seek.Seeker | None = None
        self.socket: _socket.socket | None = None
        """Set when a step has connected; the caller takes it."""

    def wait_s(self, now_s: float) -> float:
        """Return how long to wait before the next step, in seconds."""
        return max(0.0, self._next_s - now_s)

    def failed(self, now_s: float) -> None:
        """Note that a connection was made and lost again."""
        self._later(now_s)

    def step(self, now_s: float) -> str:
        """Try to connect if it is time. Returns a line to show, or nothing. Raises Failure if waiting makes no sense."""
        if now_s < self._next_s:
            return ""
        try:
            self.socket = connect(self._request.options.places.socket)
        except OSError:
            self._later(now_s)
            self._seeker = self._seeker or seek.Seeker(self._request.options)
            self.socket = self._seeker.look(now_s)
        away_s = now_s - self._began_s
        if self.socket is not None:
            return ""
        line = start.reading_progress(self._request.options)
        if line and line != self._line:
            self._line = line
            self._moved_s = now_s
            self.announced = True
            return line
        if line and now_s - self._moved_s < STUCK_SECONDS:
            return ""
        if self._help(now_s - max(self._began_s, self._moved_s)):
            return STARTING
        if away_s > ANNOUNCE_SECONDS and not self.announced:
            self.announced = True
            return WAITING
        return ""

    def _later(self, now_s: float) -> None:
        quick = now_s - self._began_s < HELP_SECONDS
        self._next_s = now_s + (QUICK_SECONDS if quick else SLOW_SECONDS)

    def _help(self, away_s: float) -> bool:
        """Start a server once, after some time. Returns whether that was just done. Raises Failure."""
        if away_s > self._give_up_s:
            raise Failure(
                f"no server on {self._request.options.places.socket} for {self._give_up_s:.0f} seconds"
            )
        if self._starter is not None:
            ended, reason = self._starter.poll()
            if ended:
                self._starter = None
                if reason is not None:
                    raise Failure(reason)
        elif away_s > HELP_SECONDS and not self._tried:
            self._tried = True
            self._starter = start.launch(self._request.options)
            return True
        return False
