"""What panes that a sequence of commands makes do waits for the end of the sequence: they are not read before.

So `new-session … \\; pipe-pane …` sees the first byte, and a program that ends at once has a pane until the sequence is done,
as in tmux, which runs a sequence in one turn of its loop. Where a command of the sequence waits for something (run-shell,
wait-for), the gate is open meanwhile: it may wait for what a new pane shows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class _Sequence:
    """One that runs: the whole of what somebody asked for, with the commands that its commands run."""

    def __init__(self) -> None:
        self.over = False
        self.keys: list[str] = []
        """What waits for its end."""


_current: ContextVar[_Sequence | None] = ContextVar("sequence", default=None)


class SequenceGate:
    """Belongs to the loop."""

    def __init__(self) -> None:
        self._closed: set[_Sequence] = set()
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    @contextmanager
    def closed(self) -> Iterator[None]:
        """A sequence runs, or a part of one that runs already."""
        outer = _current.get()
        if outer is not None and not outer.over:
            yield
            return
        sequence = _Sequence()
        token = _current.set(sequence)
        self._closed.add(sequence)
        try:
            yield
        finally:
            sequence.over = True
            _current.reset(token)
            self._open(sequence)

    @contextmanager
    def opened(self) -> Iterator[None]:
        """The sequence waits for something."""
        sequence = _current.get()
        if sequence not in self._closed:
            yield
            return
        self._open(sequence)
        try:
            yield
        finally:
            if not sequence.over:
                self._closed.add(sequence)

    def begin(self, key: str, work: Callable[[], None]) -> None:
        """Do `work`, the first for what `key` names; at once, or when the sequence that asks for it is over."""
        sequence = _current.get()
        if sequence not in self._closed:
            work()
            return
        sequence.keys.append(key)
        self._waiting.setdefault(key, []).append(work)

    def after(self, key: str, work: Callable[[], None]) -> None:
        """Do `work` at once, or behind what waits for the same `key`."""
        if key in self._waiting:
            self._waiting[key].append(work)
        else:
            work()

    def _open(self, sequence: _Sequence) -> None:
        self._closed.discard(sequence)
        keys, sequence.keys = sequence.keys, []
        for key in keys:
            for work in self._waiting.pop(key, ()):
                work()
