"""Records what holds the loop: a slot with what its thread is doing, and a list of work that took too long.

    with holding("pane", 3): …                         named, never interrupted
    with endable("command", "list-panes"): …           named; raises TookTooLong when the watchdog ends it
    with unended(): …                                   not to be interrupted, whatever is around it

Entering and leaving cost an assignment and a clock reading. Nothing inside may await: the slot belongs to a piece of work
of one thread, and not to a task. Code that writes, commits, or feeds an engine is never endable.

Names are those of commands and numbers of panes and clients; never arguments, content or environment.
"""

import threading
from collections.abc import Callable
from time import monotonic_ns
from types import TracebackType
from typing import Final

import msgspec

from fuguemux.observe.clock import NS_PER_MS, NS_PER_S
from fuguemux.observe.diagnostics import channel

HELD_NS: Final = 200 * NS_PER_MS
"""Work that holds the loop for longer is noted."""
HOLDERS_MAX: Final = 32
"""The number of holders that are remembered, the latest ones."""
TOLD_AGAIN_NS: Final = 60 * NS_PER_S
"""The least time between two lines of diagnostics about the same holder."""
UNNAMED: Final = ("loop", "work without a name")

diagnostics = channel("watchdog")


class EndedByWatchdog(BaseException):
    """Raised by the watchdog anywhere in the middle of endable work. Only `endable` catches it."""


class TookTooLong(Exception):
    """Work was ended because it held the loop; the message says so."""


class LoopHolder(msgspec.Struct):
    """One piece of work that held the loop for too long, and how often."""

    kind: str
    name: str
    count: int = 0
    longest_ms: float = 0.0
    last_ms: float = 0.0
    last_ns: int = 0
    """The time of the last one, on the monotonic clock."""
    ended: int = 0
    """How often the watchdog ended it."""
    told_ns: int = 0


class Holders:
    """The work that held the loop for too long, the latest last. Another thread than the loop's may read it."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], LoopHolder] = {}

    def __call__(self) -> list[LoopHolder]:
        return list(self._known.values())

    def note(self, kind: str, name: str, took_ns: int, now_ns: int, *, ended: bool = False) -> None:
        """Note that work held the loop for `took_ns`, and is finished."""
        holder = self._known.pop((kind, name), None) or LoopHolder(kind, name)
        self._known[kind, name] = holder
        while len(self._known) > HOLDERS_MAX:
            del self._known[next(iter(self._known))]
        took_ms = round(took_ns / NS_PER_MS, 1)
        holder.count += 1
        holder.ended += ended
        holder.last_ms, holder.last_ns = took_ms, now_ns
        holder.longest_ms = max(holder.longest_ms, took_ms)
        if ended or not holder.told_ns or now_ns - holder.told_ns >= TOLD_AGAIN_NS:
            holder.told_ns = now_ns
            diagnostics.warning(
                "loop_held",
                holder=f"{kind} {name}",
                milliseconds=took_ms,
                times=holder.count,
                ended=ended,
            )

    def clear(self) -> None:
        """Forget all holders."""
        self._known.clear()


class Slot:
    """What the loop's thread is doing now. One per process, `SLOT`; only that thread enters and leaves."""

    def __init__(self) -> None:
        self.thread = 0
        """The loop's thread. 0: there is no watchdog, and nothing is noted."""
        self.watched = False
        """Whether a watchdog thread is running."""
        self.current: holding | None = None
        self.turn_ns = 0
        """When the loop's turn began; 0 while it waits."""
        self.turns = 0
        self.entered = 0
        """How often named work was begun."""
        self.noted_ns = 0
        """The part of this turn that is noted by name."""
        self.asleep = False
        """Whether the watchdog waits for `wake`."""
        self.wake: Callable[[], None] = lambda: None
        self.holders = Holders()

    def turn_begins(self) -> None:
        """The loop has something to do."""
        self.turns += 1
        self.noted_ns = 0
        self.turn_ns = monotonic_ns()

    def turn_ends(self) -> None:
        """The loop is about to wait."""
        if self.turn_ns:
            now = monotonic_ns()
            took = now - self.turn_ns - self.noted_ns
            self.turn_ns = 0
            if took > HELD_NS:
                self.holders.note(*UNNAMED, took, now)


SLOT: Final = Slot()


class holding:  # noqa: N801  # reads like the context managers of the standard library
    """A context: the work inside holds the loop under this name."""

    __slots__ = (
        "_begun",
        "_name",
        "_noted",
        "ending",
        "kind",
        "outer",
        "settled",
        "shut",
        "watched",
    )

    def __init__(self, kind: str, name: str | int) -> None:
        self.kind = kind
        self._name = name
        self.watched = False

    @property
    def name(self) -> str:
        """The name for people."""
        return f"%{self._name}" if self.kind == "pane" else str(self._name)

    @property
    def begun_ns(self) -> int:
        """The start, on the monotonic clock."""
        return self._begun

    def __enter__(self) -> None:
        slot = SLOT
        if slot.thread and threading.get_ident() == slot.thread:
            self.watched = True
            self._noted = 0
            self.outer = slot.current
            self._begun = monotonic_ns()
            slot.current = self
            slot.entered += 1
            if slot.asleep:
                slot.wake()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.watched:
            self._left(ended=False)

    def _left(self, *, ended: bool) -> None:
        SLOT.current = outer = self.outer
        now = monotonic_ns()
        took = now - self._begun
        if took - self._noted > HELD_NS:
            SLOT.holders.note(self.kind, self.name, took - self._noted, now, ended=ended)
            self._noted = took
        if outer is not None:
            outer._noted += self._noted
        elif self._noted:
            SLOT.noted_ns += self._noted


class endable(holding):  # noqa: N801  # as above
    """A context like `holding`, for work that may be ended between any two steps, because nothing is left half done.

    Raises TookTooLong at its end if it was ended.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        self.shut = False
        self.ending = False
        self.settled: threading.Event | None = None
        super().__enter__()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self.watched:
            return
        ended = kind is not None and issubclass(kind, EndedByWatchdog)
        while True:  # the exception may arrive at any of these steps
            try:
                self.shut_off()
                break
            except EndedByWatchdog:
                ended = True
        self._left(ended=ended)
        if ended:
            seconds = (monotonic_ns() - self._begun) // NS_PER_S
            raise TookTooLong(f"ended after {seconds} s in which nothing else could run") from None

    def shut_off(self) -> None:
        """From now on nothing is raised here: a pending exception has arrived, or is taken back."""
        self.shut = True
        if self.ending:
            assert self.settled is not None
            self.settled.wait()
            take()

    def end(self) -> bool:
        """For the watchdog's thread: raise EndedByWatchdog in the loop's thread, unless the work is finished or must not
        be ended now.
        """
        settled = self.settled = threading.Event()
        self.ending = True
        try:
            if self.shut:
                return False
            raise_in(SLOT.thread, EndedByWatchdog)
            return True
        finally:
            settled.set()


class unended:  # noqa: N801  # as above
    """A context whose work is not interrupted, even within endable work."""

    __slots__ = ("_around",)

    def __init__(self) -> None:
        self._around: endable | None = None

    def __enter__(self) -> None:
        current = SLOT.current
        if not isinstance(current, endable) or threading.get_ident() != SLOT.thread:
            return
        if not current.shut:
            current.shut = True
            self._around = current
            if current.ending:
                current.shut_off()
                raise EndedByWatchdog

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._around is not None:
            self._around.shut = False


def take() -> None:
    """Remove an exception that is pending for this thread.

    Cancelling it would be enough, but CPython 3.11 then looks for it at each step from then on: half as fast, and without
    end under a profiler. So another exception is raised in place of the pending one, and caught.
    """
    try:
        raise_in(threading.get_ident(), EndedByWatchdog)
        while True:
            pass
    except EndedByWatchdog:
        return


def raise_in(thread: int, error: type[BaseException]) -> None:
    """Raise `error` in that thread at its next step, in place of any exception that is pending there."""
    import ctypes  # imported late: a server starts faster without it

    pointer, number = ctypes.py_object(error), ctypes.c_ulong(thread)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(number, pointer)
