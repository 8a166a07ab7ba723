"""A client that makes one change after the other, and remembers which of them were acknowledged."""

import threading

from tests.support.running import Running

NOT_DURABLE = "not on disk yet"
"""The message for a change that is made and not durable. An answer without it is an acknowledgement."""
ANSWER_SECONDS_MAX = 60


class Changes(threading.Thread):
    """Sets options, each with a name of its own, until `end`, whatever happens to the servers meanwhile."""

    def __init__(self, fugue: Running, first: int = 1) -> None:
        super().__init__(daemon=True)
        self._fugue = fugue
        self._over = threading.Event()
        self.next = first
        """The number of the next change."""
        self.acknowledged: dict[str, str] = {}

    def run(self) -> None:
        while not self._over.is_set():
            name, value = f"@ack{self.next}", f"value-{self.next}"
            self.next += 1
            done = self._fugue.run("-N", "set-option", "-g", name, value)
            if done.returncode == 0 and NOT_DURABLE not in done.stderr:
                self.acknowledged[name] = value

    def end(self) -> None:
        """Make no further change. Returns when the last one is answered."""
        self._over.set()
        self.join(ANSWER_SECONDS_MAX)
        assert not self.is_alive(), "a command hangs"

    def missing(self) -> list[str]:
        """The acknowledged changes that are missing."""
        options = set(self._fugue("show-options", "-g").splitlines())
        return [
            name
            for name, value in self.acknowledged.items()
            if not options & {f"{name} {value}", f'{name} "{value}"'}
        ]
