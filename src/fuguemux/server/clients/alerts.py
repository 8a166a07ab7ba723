"""Alerts: bells, activity and silence in windows. They mark windows in the status line, ring, show messages and run
hooks. After tmux(1), ALERTS... of window options; alerts.c of tmux has the order.

Marks are not durable: they tell a person where to look now. A flooding pane costs two look-ups for each chunk of output,
because its window is noted once until it was looked at.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

from fuguemux.model.events import AnyEvent, OptionSet
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.live import ACTIVITY, BELL, SILENCE, LiveView
from fuguemux.model.state import ServerState, current_link
from fuguemux.reactions import window_alerted
from fuguemux.reactions.window_alerted import Alert

EVERY_SECONDS: Final = 0.1
"""Alerts of all windows are looked at that often at most. A program that rings without end rings the client's terminal
ten times a second."""
_ORDER: Final = ACTIVITY + BELL + SILENCE


class AlertedClients(Protocol):
    """The attached clients."""

    def shows_session(self, session: SessionId) -> bool:
        """Whether a client shows the session."""
        ...

    def alert(self, session: SessionId, text: str, *, rings: bool) -> None:
        """Ring the clients of the session, and show them `text` unless it is empty."""
        ...

    def status_changed(self, session: SessionId) -> None:
        """Draw the status lines of the session's clients."""
        ...


class Alerts:
    """Belongs to the loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        state: Callable[[], ServerState],
        live: LiveView,
        clients: AlertedClients,
        happened: Callable[[str, SessionId, WindowId], None],
    ) -> None:
        """`happened` runs a hook for a window of a session."""
        self._loop = loop
        self._state = state
        self._live = live
        self._clients = clients
        self._happened = happened
        self._marks: dict[tuple[SessionId, WindowId], str] = {}
        self._noted: dict[WindowId, str] = {}
        """What has happened in a window since it was last looked at."""
        self._fresh: set[WindowId] = set()
        """Windows whose output is noted already and is not worth another look."""
        self._queued: set[WindowId] = set()
        self._looked_at = -EVERY_SECONDS
        self._looking = False
        self._output_at: dict[WindowId, float] = {}
        """When a window that is watched for silence last showed output, by the loop's clock."""
        self._silences: dict[WindowId, asyncio.TimerHandle] = {}

    def marks(self, session: SessionId, window: WindowId) -> str:
        """The marks of the window in the session, as `#{window_flags}` shows them: `#`, `!` and `~`."""
        return self._marks.get((session, window), "")

    # What happens

    def output(self, pane: PaneId, *, bell: bool) -> None:
        """A pane has printed something, or rung."""
        stored = self._state().panes.get(pane)
        if stored is None:
            return
        window = stored.window
        if window in self._output_at:
            self._output_at[window] = self._loop.time()
        if bell:
            self._note(window, BELL)
        if window not in self._fresh:
            self._fresh.add(window)
            self._note(window, ACTIVITY)

    def attached(self, session: SessionId) -> None:
        """A client now shows the session: its current window is seen, and the others are looked at again."""
        known = self._state().sessions.get(session)
        if known is None or not known.links:
            return
        self._unmark([(session, current_link(known).window)])
        for link in known.links:
            self._look_at(link.window)

    def cleared(self, session: SessionId) -> None:
        """`kill-session -C`: forget the alerts of the session."""
        known = self._state().sessions.get(session)
        links = () if known is None else known.links
        for link in links:
            self._noted.pop(link.window, None)
            self._fresh.discard(link.window)
        self._unmark([(session, link.window) for link in links])

    def published(
        self, before: ServerState, after: ServerState, events: Sequence[AnyEvent]
    ) -> None:
        """Follow one transaction. The window that has become current is seen."""
        if before.sessions is not after.sessions:
            self._follow_sessions(before, after)
        if any(
            isinstance(event, OptionSet) and event.name in window_alerted.MONITORS
            for event in events
        ):
            self._fresh.clear()
            self._watch_silence(after, after.windows)
        if before.windows.keys() != after.windows.keys():
            created = sorted(after.windows.keys() - before.windows.keys())
            self._watch_silence(after, created)
            for window in created:  # as in tmux, a new window counts as active
                self._note(window, ACTIVITY)
            for window in before.windows.keys() - after.windows.keys():
                self._forget(window)

    def begin(self) -> None:
        """The windows are recovered: watch those for silence that ask for it."""
        self._watch_silence(self._state(), self._state().windows)

    def _follow_sessions(self, before: ServerState, after: ServerState) -> None:
        for number, session in after.sessions.items():
            old = before.sessions.get(number)
            if old is session or not session.links:
                continue
            window = current_link(session).window
            if old is None or not old.links or current_link(old).window != window:
                self._noted.pop(window, None)
                self._unmark([place for place in self._marks if place[1] == window])
                self._note(window, ACTIVITY)
        for place in [place for place in self._marks if place[0] not in after.sessions]:
            del self._marks[place]

    def _forget(self, window: WindowId) -> None:
        self._noted.pop(window, None)
        self._fresh.discard(window)
        self._queued.discard(window)
        self._output_at.pop(window, None)
        timer = self._silences.pop(window, None)
        if timer is not None:
            timer.cancel()
        for place in [place for place in self._marks if place[1] == window]:
            del self._marks[place]

    # Silence

    def _watch_silence(self, state: ServerState, windows: Iterable[WindowId]) -> None:
        for window in windows:
            timer = self._silences.pop(window, None)
            if timer is not None:
                timer.cancel()
            seconds = window_alerted.silence_s(
                state, self._live.option_defaults(), state.windows[window]
            )
            if seconds > 0:
                self._output_at[window] = self._loop.time()
                self._silences[window] = self._loop.call_later(
                    seconds, self._silent, window, seconds
                )
            else:
                self._output_at.pop(window, None)

    def _silent(self, window: WindowId, seconds: int) -> None:
        due = self._output_at[window] + seconds
        if due <= self._loop.time():
            self._note(window, SILENCE)
            self._output_at[window] = self._loop.time()
            due = self._loop.time() + seconds
        self._silences[window] = self._loop.call_at(due, self._silent, window, seconds)

    # Looking

    def _note(self, window: WindowId, kind: str) -> None:
        state = self._state()
        known = state.windows.get(window)
        if known is None:
            return
        self._noted[window] = self._noted.get(window, "").replace(kind, "") + kind
        if not window_alerted.is_monitored(state, self._live.option_defaults(), known, kind):
            return
        self._queued.add(window)
        if not self._looking:
            self._looking = True
            due = max(self._loop.time(), self._looked_at + EVERY_SECONDS)
            self._loop.call_at(due, self._look)

    def _look(self) -> None:
        self._looking = False
        self._looked_at = self._loop.time()
        windows, self._queued = self._queued, set()
        for window in sorted(windows):
            self._look_at(window)
            self._noted.pop(window, None)
            self._fresh.discard(window)

    def _look_at(self, window: WindowId) -> None:
        state = self._state()
        known, noted = state.windows.get(window), self._noted.get(window, "")
        if known is None:
            return
        for kind in window_alerted.KINDS:
            if kind not in noted:
                continue
            for alert in window_alerted.decide(
                state,
                self._live.option_defaults(),
                known,
                kind,
                lambda session: self.marks(session, window),
                self._clients.shows_session,
            ):
                self._give(alert, window, kind)

    def _give(self, alert: Alert, window: WindowId, kind: str) -> None:
        place = (alert.session, window)
        if alert.marks and kind not in self._marks.get(place, ""):
            marks = self._marks.get(place, "") + kind
            self._marks[place] = "".join(mark for mark in _ORDER if mark in marks)
            self._clients.status_changed(alert.session)
        if alert.hook:
            self._happened(alert.hook, alert.session, window)
        if alert.rings or alert.text:
            self._clients.alert(alert.session, alert.text, rings=alert.rings)

    def _unmark(self, places: Iterable[tuple[SessionId, WindowId]]) -> None:
        for place in list(places):
            if self._marks.pop(place, ""):
                self._clients.status_changed(place[0])
