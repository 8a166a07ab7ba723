"""The log's threads and timers: group commit for asyncio.

The loop encodes records and hands them to the kernel. One thread syncs, and also writes while the disk is slow. A
second one prepares disk space. Each waiter for durability has a future of its own, and one wake-up of the loop per sync
resolves all of them.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Literal

from fuguemux.observe.failpoints import reach
from fuguemux.server.ports import NotDurable
from fuguemux.server.storage.flush_worker import FlushJob, Looked, SyncRing, SyncTimes, Worker
from fuguemux.server.storage.log_port import SyncedWriter

SyncMode = Literal["always", "interval", "os"]

SYNC_BYTES: Final = 1 << 20  # this much unsynced output is synced without waiting for the interval
RETRY_SECONDS: Final = 0.25
SLOW_WRITE_SECONDS: Final = 0.020
SLOW_WRITES_MAX: Final = 3
DEFER_SECONDS: Final = 30.0
PROOF_SECONDS: Final = 2.0  # this long after the last sync, one record is written as its proof


_Waiter = tuple[int, asyncio.Future[None], bool]
"""The LSN that is waited for, the waiter's future, and whether the place of the bytes does not matter to it."""


class Flusher:
    """Runs a writer's jobs. Every method belongs to the loop's thread."""

    def __init__(
        self,
        writer: SyncedWriter,
        loop: asyncio.AbstractEventLoop,
        *,
        interval_ms: int = 100,
        mode: SyncMode = "interval",
        on_congestion: Callable[[bool], None] = lambda _congested: None,
        on_slow_disk: Callable[[float], None] = lambda _seconds: None,
        on_written: Callable[[], None] = lambda: None,
        monotonic: Callable[[], float] = time.perf_counter,
        proof_seconds: float = PROOF_SECONDS,
    ) -> None:
        """`on_written` is called when the kernel has records that `write` left to a job."""
        self._writer = writer
        self._state = writer.state
        self._loop = loop
        self._interval_ms = interval_ms
        self.mode: SyncMode = mode
        self._on_congestion = on_congestion
        self._on_slow_disk = on_slow_disk
        self._on_written = on_written
        self._monotonic = monotonic
        self._proof_seconds = proof_seconds
        self._proof_timer: asyncio.TimerHandle | None = None
        self._synced_at = 0.0
        self._waiters: list[_Waiter] = []
        self._timer: asyncio.TimerHandle | None = None
        self._chore_timer: asyncio.TimerHandle | None = None
        self._flush_scheduled = False
        self._syncing = False
        self._handed: Looked | None = None
        self._chore_running = False
        self._chore_waiters: list[asyncio.Future[None]] = []
        self._congested = False
        self._closed = self._held = False
        self._slow_writes = 0
        self._ring = SyncRing()
        self._sync_thread = Worker("fugue-sync")
        self._chore_thread = Worker("fugue-space")
        self._idle = asyncio.Event()
        self._idle.set()
        self.look: Callable[[], str] = lambda: ""
        """Says why a start would not find what is synced now; empty if it would. Called in the sync thread after every
        sync.
        """
        self.on_place: Callable[[str], None] = lambda _elsewhere: None
        """Called with each new value of `elsewhere`."""
        self.elsewhere = ""
        """Why synced bytes do not count as durable. Empty if they do."""
        self.looks = 0
        self._found_lsn = writer.state.durable_lsn
        """The last durable LSN in the place where a start looks, even if newer records go elsewhere."""
        self.prove_when_idle()

    # -- writing -----------------------------------------------------------------------------

    def write(self) -> bool:
        """Hand everything appended to the kernel now, so that it survives SIGKILL.

        Returns False if the disk refuses, or is so slow that the thread does the write: `written_lsn` says what the
        kernel has, and `on_written` is called when that grows. Panes go on regardless. Also starts the sync.
        """
        done = self._timed_write()
        self._after_write()
        return done

    def write_now(self) -> bool:
        """Do as `write`, however slow the disk is. Blocks for the disk, and for what the thread is writing."""
        if self._handed is not None and self._handed.written():
            self._writer.parts_written(self._handed.job)
        done = self._writer.write(now=True)
        self._after_write()
        return done

    @property
    def written_lsn(self) -> int:
        """The last LSN that the kernel has, with all records before it."""
        return self._state.written_lsn

    def _timed_write(self) -> bool:
        started = self._monotonic()
        reach("log.writing")
        done = self._writer.write()
        took = self._monotonic() - started
        if took > SLOW_WRITE_SECONDS:
            self._slow_writes += 1
            if self._slow_writes >= SLOW_WRITES_MAX:
                self._defer_writes(took)
        return done

    def _defer_writes(self, seconds: float) -> None:
        """Let the thread write for a while, because the disk blocks in pwrite; the loop tries again later.

        Until then bytes reach the log a moment after they were shown, not before. The landing zone holds them meanwhile.
        """
        self._slow_writes = 0
        self._writer.deferred = True
        self._on_slow_disk(seconds)
        self._loop.call_later(DEFER_SECONDS, self._write_inline)

    def _write_inline(self) -> None:
        self._writer.deferred = False

    def schedule_write(self) -> None:
        """Call `write` once at the end of this turn of the loop."""
        if not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_soon(self._scheduled_write)

    def _scheduled_write(self) -> None:
        self._flush_scheduled = False
        if not self._waiters:
            self.write()
            return
        self._timed_write()
        self._start_sync()
        self._check_congestion()
        self.start_chores()

    def _after_write(self) -> None:
        state = self._state
        if state.durable_lsn < state.next_lsn - 1 and self.mode != "os":
            eager = self.mode == "always" or state.written_lsn < state.next_lsn - 1
            if eager or state.unsynced_bytes >= SYNC_BYTES:
                self._start_sync()
            else:
                self._sync_later(self._interval_ms / 1000)
        elif self.mode == "os" and (
            state.written_lsn < state.next_lsn - 1 or state.unsynced_bytes >= SYNC_BYTES
        ):
            self._start_sync()  # limits the memory for records that are not durable
        self._check_congestion()
        self.start_chores()

    def set_interval(self, milliseconds: int) -> None:
        """Sync output this long after it was written from now on. Output that waits already is synced at once."""
        self._interval_ms = milliseconds
        if self._timer is not None:
            self._start_sync()

    async def wait_durable(self, lsn: int) -> None:
        """Return when everything up to `lsn` survives a power failure.

        Raises NotDurable if the disk refuses, or if a start would not find the bytes where they go; the log goes on
        trying. In mode "os" it returns once the kernel has the bytes. Cancelling it affects no other waiter.
        """
        if self.elsewhere and self._found_lsn < lsn <= self._state.durable_lsn:
            raise NotDurable(self.elsewhere)
        # The check after its sync decides: the place may be right again by then.
        await self._wait(lsn, anywhere=False)

    async def wait_synced(self, lsn: int) -> None:
        """Do as `wait_durable`, but accept any place of the bytes; for callers that write in the same place."""
        await self._wait(lsn, anywhere=True)

    async def _wait(self, lsn: int, *, anywhere: bool) -> None:
        state = self._state
        if lsn <= state.durable_lsn:
            return
        elsewhere = "" if anywhere else self.elsewhere
        if self.mode == "os":
            self.write()
            if elsewhere:
                raise NotDurable(elsewhere)
            return
        if state.lost:
            self._sync_later(0)
            raise NotDurable(elsewhere or f"kept in memory only: {state.reason}")
        waiter: asyncio.Future[None] = self._loop.create_future()
        self._waiters.append((lsn, waiter, anywhere))
        self.schedule_write()
        await waiter

    # -- syncing -----------------------------------------------------------------------------

    def _sync_later(self, seconds: float) -> None:
        if self._timer is None and not self._syncing and not self._closed:
            self._timer = self._loop.call_later(seconds, self._start_sync)

    def _start_sync(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._syncing or self._closed or self._held:
            return
        job = self._writer.sync_job()
        if job is None:
            if self._state.lost:
                self._sync_later(RETRY_SECONDS)
            return
        self._syncing = True
        self._idle.clear()
        # An idle log has no further sync that would show that the disk refuses the watermark.
        changed = partial(self._loop.call_soon_threadsafe, self._state.settle)
        looked = Looked(job, self.look, changed)
        if getattr(job, "parts", ()):
            job.wrote = partial(self._wrote, looked)
            self._handed = looked
        self._sync_thread.submit(self._loop, looked, self._sync_done)

    def _wrote(self, looked: Looked) -> None:
        """Called in the thread: the job's writes are done, its sync follows."""
        looked.tell(wrote=True)
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._parts_written, looked.job)

    def _parts_written(self, job: Any) -> None:
        self._writer.parts_written(job)
        self._on_written()

    def _sync_done(self, looked: Looked, error: OSError | None, seconds: float) -> None:
        self._syncing, self._handed = False, None
        self._ring.add(seconds)
        self._writer.sync_done(looked.job, error)
        reach("commit.durable")
        self.place(looked.elsewhere)
        self._resolve()
        self._check_congestion()
        self._on_written()
        self._set_idle()
        if self._waiters or error is not None or self._state.lost:
            self._start_sync()
        else:
            self._after_write()
        self._synced_at = self._loop.time()
        if self._proof_timer is None:
            self.prove_when_idle()

    def place(self, elsewhere: str) -> None:
        """Note the result of a check: why a start would not find synced bytes, or empty if they are in the right place."""
        self.looks += 1
        if not elsewhere:
            self._found_lsn = self._state.durable_lsn
        if elsewhere != self.elsewhere:
            self.elsewhere = elsewhere
            self.on_place(elsewhere)
            self._resolve()

    @property
    def durable_lsn(self) -> int:
        """The last LSN up to which a start finds everything."""
        return self._found_lsn if self.elsewhere else self._state.durable_lsn

    def prove_when_idle(self) -> None:
        """Write one record as proof of the last sync, if no other record follows for a while."""
        if self._state.unproven and self.mode != "os" and not self._closed:
            due = max(self._synced_at + self._proof_seconds - self._loop.time(), 0.0)
            self._proof_timer = self._loop.call_later(due, self._prove)

    def _prove(self) -> None:
        self._proof_timer = None
        if self._syncing:
            return  # the end of this sync sets the timer again
        if self._loop.time() < self._synced_at + self._proof_seconds:
            self.prove_when_idle()
        elif self._writer.prove() is not None:
            self._start_sync()

    def _resolve(self) -> None:
        """Wake the waiters whose records are durable. Tell the others once durability is lost."""
        if not self._waiters:
            return
        lost = f"kept in memory only: {self._state.reason}" if self._state.lost else ""
        waiting: list[_Waiter] = []
        for lsn, waiter, anywhere in self._waiters:
            elsewhere = "" if anywhere else self.elsewhere
            if waiter.done():
                continue
            synced = lsn <= self._state.durable_lsn
            if synced and (not elsewhere or lsn <= self._found_lsn):
                waiter.set_result(None)
            elif lost or synced:
                waiter.set_exception(NotDurable(elsewhere or lost))
            else:
                waiting.append((lsn, waiter, anywhere))
        self._waiters = waiting

    def _check_congestion(self) -> None:
        congested = self._state.congested
        if congested != self._congested:
            self._congested = congested
            self._on_congestion(congested)

    def sync_times(self) -> SyncTimes:
        """The durations of the last syncs."""
        return self._ring.times()

    # -- disk space --------------------------------------------------------------------------

    def start_chores(self) -> None:
        """Start what `chore` of the writer asks for. Call it after a truncation."""
        if self._chore_running or self._closed or self._held:
            return
        chore = self._writer.segments.chore()
        if chore is None:
            return
        self._chore_running = True
        self._idle.clear()
        self._chore_thread.submit(self._loop, chore, self._chore_done)

    async def wait_chores(self) -> None:
        """Return when no chore is running. What was to be removed is then removed, or will be tried again later."""
        while self._chore_running:
            waiter: asyncio.Future[None] = self._loop.create_future()
            self._chore_waiters.append(waiter)
            await waiter

    def _chore_done(self, chore: FlushJob, error: OSError | None, _seconds: float) -> None:
        self._chore_running = False
        self._writer.segments.chore_done(chore, error)
        self._set_idle()
        waiters, self._chore_waiters = self._chore_waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
        if error is None:
            self.start_chores()
        elif self._chore_timer is None and not self._closed:
            self._chore_timer = self._loop.call_later(RETRY_SECONDS, self._retry_chores)

    def _retry_chores(self) -> None:
        """Ask again after a failure. The writer says when it is time."""
        self._chore_timer = None
        self.start_chores()
        if not self._chore_running and self._state.troubled and not self._closed:
            self._chore_timer = self._loop.call_later(RETRY_SECONDS, self._retry_chores)

    def _set_idle(self) -> None:
        if not self._syncing and not self._chore_running:
            self._idle.set()

    async def hold(self) -> None:
        """Return when no job is running. None starts before `go_on`."""
        self._held = True
        await self._idle.wait()

    def go_on(self) -> None:
        """Start the jobs that wait."""
        self._held = False
        self._start_sync()
        self.start_chores()

    async def close(self) -> None:
        """Wait for running jobs and stop the threads. The caller closes the writer."""
        self._closed = True
        for timer in (self._timer, self._chore_timer, self._proof_timer):
            if timer is not None:
                timer.cancel()
        await self._idle.wait()
        self._sync_thread.stop()
        self._chore_thread.stop()
        for _lsn, waiter, _anywhere in self._waiters:
            if not waiter.done():
                waiter.cancel()
        self._waiters.clear()
