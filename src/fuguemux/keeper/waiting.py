"""The clients that wait for a server. They are told once it serves, or why none does."""

from __future__ import annotations

import time
from collections.abc import Callable

from fuguemux.keeper.supervisor import Supervisor

Answered = Callable[[str], None]
"""Called with "" once a server serves, or with the reason why none will."""


class Waiting:
    """The waiting clients. Belongs to the keeper's loop."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._answers: list[Answered] = []

    def add(self, answered: Answered, *, stopping: bool = False) -> None:
        """Call `answered` once it is known whether a server serves."""
        self._answers.append(answered)
        self.answer(stopping=stopping)

    def answer(self, *, stopping: bool) -> None:
        """Tell the clients if the outcome is known. A server that is about to end does not count as serving: its clients
        ask the next keeper.
        """
        serves = self._supervisor.ready and not stopping
        if serves or self._supervisor.gave_up:
            self._tell(self._supervisor.gave_up)

    def start_server(self, *, needed: bool) -> None:
        """Start a server now. The waiting clients are told at once if no process can be started for it."""
        refusal = self._supervisor.start(time.monotonic(), needed=needed)
        if refusal:
            self._tell(f"{refusal}; it is tried again every second" if needed else refusal)

    def _tell(self, reason: str) -> None:
        answers, self._answers = self._answers, []
        for answered in answers:
            answered(reason)
