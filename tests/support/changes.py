"""Somebody who makes one change after the other, and knows which of them were acknowledged."""

import threading

from tests.support.running import Running

NOT_DURABLE = "not on disk yet"
"""What a person is told of a change that is made and not durable; an answer without it is an acknowledgement."""
ANSWER_SECONDS_MAX = 60


class Changes(threading.Thread):
    """Sets options, each with a name of its own, until `end`, whatever becomes of the servers meanwhile."""

    def __init__(self, fugue: Running, first: int = 1) -> None:
        super().__init__(daemon=True)
        self._fugue = fugue
        self._over = threading.Event()
        self.next = first
        """Number of the next change."""
        self.acknowledged: dict[str, str] = {}

    def run(self) -> None:
        while not self._over.is_set():
            name, value = f"@ack{self.next}", f"value-{self.next}"
            self.next += 1
            done = self._fugue.run("-N", "set-option", "-g", name, value)
            if done.returncode == 0 and NOT_DURABLE not in done.stderr:
                self.acknowledged[name] = value

    def end(self) -> None:
        """Make no further change; returns when the last one is answered."""
        self._over.set()
        self.join(ANSWER_SECONDS_MAX)
        assert not self.is_alive(), "a command hangs"

    def missing(self) -> list[str]:
        """Which of the acknowledged changes are not there."""
        options = set(self._fugue("show-options", "-g").splitlines())
        return [
            name
            for name, value in self.acknowledged.items()
            if not options & {f"{name} {value}", f'{name} "{value}"'}
        ]
