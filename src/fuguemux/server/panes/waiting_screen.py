"""A pane's screen that recovery has read and that is not built yet. Its first user builds it, once, in any thread."""

import threading
from collections.abc import Callable

from fuguemux.model.window_size import bounded
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.scrollback.scrollback import PaneScrollback
from fuguemux.server.panes.rebuild import Rebuilt, empty_screen, rebuild
from fuguemux.terminal.emulator import EmulatorFactory, ScreenSize


class WaitingScreen:
    """The waiting screen of one pane. Until it is built, no other code touches the pane's scrollback."""

    def __init__(
        self,
        recovered: RecoveredPane,
        scrollback: PaneScrollback,
        emulators: EmulatorFactory,
        *,
        unanswered_from: int | None = None,
    ) -> None:
        self._recovered = recovered
        self._scrollback = scrollback
        self._emulators = emulators
        self._unanswered_from = unanswered_from
        self._lock = threading.Lock()
        self._rebuilt: Rebuilt | None = None
        self._wanted = True
        self.failure: Exception | None = None
        """Why the screen is empty, if it could not be rebuilt."""

    @property
    def size(self) -> ScreenSize:
        """The size that the screen will have."""
        return ScreenSize(*bounded(*self._recovered.size))

    @property
    def hold_lsn(self) -> int:
        """The first log record that is needed until the screen is built and stored again."""
        return self._recovered.hold_lsn

    @property
    def owes_replies(self) -> bool:
        """Whether a process may wait for replies to queries that were not answered."""
        return self._unanswered_from is not None

    @property
    def ends_programs(self) -> bool:
        """Whether building finds the last screen of a program."""
        return self._recovered.ends_programs

    def build(self) -> Rebuilt:
        """Return the screen. Builds it if needed, or waits for another thread that is building it. Not to be called
        after `give_up`.
        """
        self.build_ahead()
        assert self._rebuilt is not None, "given up"
        return self._rebuilt

    def build_ahead(self) -> None:
        """Build the screen unless it is built or given up. Never raises."""
        with self._lock:
            if self._rebuilt is None and self._wanted:
                self._rebuilt = self._build()

    def _build(self) -> Rebuilt:
        try:
            return rebuild(
                self._recovered,
                self._scrollback,
                self._emulators,
                unanswered_from=self._unanswered_from,
                wanted=lambda: self._wanted,
            )
        except Exception as failure:  # noqa: BLE001  # one pane must not keep the others away
            self.failure = failure
            return empty_screen(self._recovered, self._emulators)

    def note(self, change: Callable[[RecoveredPane], None]) -> bool:
        """Add a change that was just logged to the end of what is replayed. Returns False if the screen is being
        built or is built.
        """
        if not self._lock.acquire(blocking=False):
            return False
        try:
            if self._rebuilt is None:
                change(self._recovered)
            return self._rebuilt is None
        finally:
            self._lock.release()

    def give_up(self) -> None:
        """Give the screen up, because the pane is gone. Afterwards no thread works on it."""
        self._wanted = False
        with self._lock:
            if self._rebuilt is not None:
                self._rebuilt.emulator.close()
