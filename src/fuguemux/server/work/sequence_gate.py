r"""Delays the output of panes that a sequence of commands creates until the sequence has ended: they are not read before.

So `new-session … \\; pipe-pane …` sees the first byte, and a program that exits at once has a pane until the sequence is
done, as in tmux, which runs a sequence in one turn of its loop. While a command of the sequence waits for something
(run-shell, wait-for), the gate is open, because the command may wait for what a new pane shows.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar


class _Sequence:
    """One running sequence: all commands of one request, with the commands that these run."""

    def __init__(self) -> None:
        self.over = False
        self.keys: list[str] = []
        """The keys of the work that waits for its end."""


_current: ContextVar[_Sequence | None] = ContextVar("sequence", default=None)


class SequenceGate:
    """The gate of all running sequences. Belongs to the loop."""

    def __init__(self) -> None:
        self._closed: set[_Sequence] = set()
        self._waiting: dict[str, list[Callable[[], None]]] = {}

    @contextmanager
    def closed(self) -> Iterator[None]:
        """A context in which a sequence runs, or a part of a running one."""
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
        """A context in which the sequence waits for something."""
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
        """Call `work`, the first for `key`, at once, or when the sequence that asks for it has ended."""
        sequence = _current.get()
        if sequence not in self._closed:
            work()
            return
        sequence.keys.append(key)
        self._waiting.setdefault(key, []).append(work)

    def after(self, key: str, work: Callable[[], None]) -> None:
        """Call `work` at once, or after the work that waits for the same `key`."""
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
