"""Simulates one seed: several lives of a server's log and checkpoints on a simulated disk.

Oracles
- Every start succeeds, whatever happened before.
- Every record that was durable is part of what comes back: structure, screens and history, line by line.
- The state that comes back is the one after some record: no phantom, nothing twice.
- No false alarm: without rot the report says that nothing is lost or damaged.
- With rot, the report announces every difference from the truth.
- A failed checkpoint changes nothing: work continues, and the next one succeeds.
"""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import pytest

from fuguemux.keeper.helper_record import encode
from fuguemux.model import events as ev
from fuguemux.model.ids import PaneId
from fuguemux.model.invariants import violations
from fuguemux.persistence.checkpoint.checkpoint import CheckpointRun, CheckpointSettings, Step
from fuguemux.persistence.recovery.store_identity import STORE_FILE, STORE_ID_BYTES
from fuguemux.persistence.scrollback import blocks, open_block
from fuguemux.persistence.scrollback.packs import PackDamaged
from fuguemux.persistence.wal.durability import Durability, LogUnavailable, WriterOptions
from tests.simulation.disk import Crash, SimDisk
from tests.support.small_server import (
    SmallServer,
    Truth,
    differences,
    new_session,
    remove_pane,
    resize_window,
    split_window,
)

DIRECTORY = "state"
PANES_MAX = 5
BLOCK_LINES_MAX = 48
BLOCK_BYTES_MAX = 3 << 10
HOT_LINES = 100
"""Small limits: many finished blocks of scrollback from little output."""
LEVEL = -5
"""Of compression: what is in a pack is not what is tried here."""
LOG = WriterOptions(
    segment_bytes=24 << 10,
    first_segment_bytes=16 << 10,
    ballast_bytes=4 << 10,
    unsynced_bytes_max=1 << 20,
)
OUTPUT = bytes(b"abcdefghi\n"[byte % 10] for byte in range(256))
"""What random bytes become when a program writes them."""


class Violation(AssertionError):
    """A promise that was broken."""


class _Over(Exception):
    """The truth cannot be told any more."""


@dataclass
class Outcome:
    """What one seed saw, to know that the faults really happen."""

    lives: int = 0
    checkpoints: int = 0
    failed_checkpoints: int = 0
    crashes_in_checkpoints: int = 0
    from_checkpoint: int = 0
    purges: int = 0
    moved: int = 0
    rotted: int = 0
    rotted_in_place: int = 0
    announced: int = 0
    fuzzy: int = 0
    blocks: int = 0
    trace: list[str] = field(default_factory=list)


class CheckpointWorld:
    """The truth about one state directory through its lives."""

    def __init__(self, seed: int, *, rot: bool = False) -> None:
        self.rng = Random(seed)
        self.disk = SimDisk(self.rng)
        self.disk.directories.add("")
        self.rot = rot
        self.rotted = False
        self.truth = Truth()
        self.acknowledged = 0
        self.in_kernel = 0
        self.outcome = Outcome()
        self.durability_lost = False
        self._older: dict[str, bytes] = {}
        """Helper files as they were when the last life began."""

    @classmethod
    def of_seed(cls, seed: int) -> "CheckpointWorld":
        """Every fourth seed has rot."""
        return cls(seed, rot=seed % 4 == 3)

    def run(self) -> Outcome:
        with _small_blocks(), contextlib.suppress(_Over):
            self._run()
        return self.outcome

    def _run(self) -> None:
        for life in range(self.rng.randint(2, 5)):
            self.outcome.lives += 1
            if self.rng.random() < 0.3:
                self.disk.crash_in = self.rng.randint(0, 40)
            server: SmallServer | None = None
            try:
                server = self._start()
                self._older = {name: bytes(self.disk.content(name)) for name in self._helpers()}
                self._live(server)
            except Crash:
                pass
            if server is not None:
                self._note(server)
            self._stop()
            if self.rng.random() < 0.05:
                self._foreign_store()
            if self.rot and (life == 0 or self.rng.random() < 0.4):
                self._rot()
            if self.rotted:
                break
        self._start()

    # -- a start ------------------------------------------------------------------------------

    def _start(self) -> SmallServer:
        lazy = self.rng.random() < 0.3
        settings = CheckpointSettings(
            extra_generations=self.rng.choice((0, 0, 1, 3)),
            compaction_bytes_max=self.rng.choice((8 << 20, 2000)),
            slice_ms=self.rng.choice((0.1, 2.0, 50.0)),
            compression_level=LEVEL,
        )
        try:
            server = SmallServer(
                self.disk,
                DIRECTORY,
                self.truth,
                entropy=self.rng.randbytes,
                settings=settings,
                log_options=LOG,
                lazy=True,
            )
        except Exception as error:
            raise Violation(f"a start failed: {error!r}") from error
        server.store.hot_lines = HOT_LINES
        self._judge(server, lazy)
        return server

    def _judge(self, server: SmallServer, lazy: bool) -> None:
        recovered = server.recovered
        report = recovered.report
        newest = recovered.generations[0] if recovered.generations else None
        self.outcome.from_checkpoint += newest is not None
        log_to = report.replay_to_lsn
        structure_to = log_to
        if report.checkpoint is not None:
            base = next(m for m in recovered.generations if m.number == report.checkpoint)
            structure_to = max(structure_to, base.structure_lsn)
        reached = {pane: max(log_to, found.lsn) for pane, found in recovered.panes.items()}
        self._trace(
            f"recovered to {log_to}, structure to {structure_to}, checkpoint {report.checkpoint}, "
            f"acknowledged {self.acknowledged}: {report.summary}"
        )
        if not self.rotted:
            promised = max(self.acknowledged, self.in_kernel)
            if min([structure_to, *reached.values()]) < promised:
                raise Violation(f"promised to {promised}, recovered to {structure_to}")
            if not report.complete and not self.durability_lost:
                raise Violation(f"false alarm: {report}")
        elif report.complete and min([structure_to, *reached.values()]) < self.acknowledged:
            raise Violation(
                f"silently lost: durable to {self.acknowledged}, recovered to {structure_to}"
            )
        if self.durability_lost and max(reached.values(), default=0) > structure_to:
            # A checkpoint without a log to bring its moments together: nothing of it was acknowledged.
            self.outcome.fuzzy += 1
            raise _Over
        self.truth.forget_lost(structure_to, lambda pane: reached.get(pane, structure_to))
        self.acknowledged = min(self.acknowledged, structure_to)
        self.in_kernel = min(self.in_kernel, structure_to)
        if not lazy:
            server.rebuild_all()
            loose = [p for p, lsn in reached.items() if self.durability_lost and lsn < structure_to]
            if loose and differences(server) and not differences(server, loose):
                self.outcome.fuzzy += 1
                raise _Over
            self._compare(server)

    def _compare(self, server: SmallServer) -> None:
        found = differences(server)
        if server.store.damages:
            found = found or server.store.damages
        broken = list(violations(server.state))
        if broken:
            raise Violation(f"the state is unsound: {broken}")
        if not found:
            return
        if not self.rotted:
            raise Violation("; ".join(found))
        report = server.recovered.report
        told = not report.complete or report.scrollback_lost_before
        if not told and not server.store.damages:
            raise Violation(f"not announced: {found}")
        self.outcome.announced += 1

    # -- a life -------------------------------------------------------------------------------

    def _live(self, server: SmallServer) -> None:
        rng, disk = self.rng, self.disk
        fault = rng.random()
        if fault < 0.6:
            disk.crash_in = rng.choice((rng.randint(0, 60), rng.randint(0, 400)))
        elif fault < 0.7:
            disk.fail_sync_chance = rng.choice((0.1, 0.5))
        elif fault < 0.78:
            disk.fail_write_chance = rng.choice((0.02, 0.3))
        elif fault < 0.85:
            disk.space = rng.randint(40 << 10, 160 << 10)
        elif fault < 0.9:
            disk.short_write_chance = 0.3
        for _ in range(rng.randint(10, 120)):
            if server.waiting and rng.random() < 0.3:
                server.rebuild(rng.choice(sorted(server.waiting)))
            if self.rot and rng.random() < 0.02:
                self._rot_in_place()
            action = rng.random()
            try:
                if action < 0.2:
                    self._checkpoint(server)
                elif action < 0.35:
                    server.sync()
                elif action < 0.38:
                    disk.fail_sync_chance = disk.fail_write_chance = 0.0
                    disk.space = None
                    server.pass_time(rng.randint(0, 3000))
                else:
                    self._change(server)
            except LogUnavailable:
                return
            self._note(server)

    def _change(self, server: SmallServer) -> None:
        rng, state = self.rng, server.state
        ready = sorted(server.terminals)
        action = rng.random()
        if not ready:
            if not state.sessions:
                server.commit(*new_session(state, rng.randint(3, 12), rng.randint(2, 9)))
        elif action < 0.75:
            self._output(server, rng.choice(ready))
        elif action < 0.79 and len(state.panes) < PANES_MAX:
            server.commit(*new_session(state, rng.randint(3, 12), rng.randint(2, 9)))
        elif action < 0.84 and len(state.panes) < PANES_MAX:
            self._commit(server, split_window(state, rng.choice(sorted(state.windows))))
        elif action < 0.87:
            self._commit(server, remove_pane(state, rng.choice(ready)))
        elif action < 0.92:
            window = rng.choice(sorted(state.windows))
            size = rng.randint(3, 12), rng.randint(2, 9)
            self._commit(server, resize_window(state, window, *size))
        elif action < 0.95:
            window = rng.choice(sorted(state.windows))
            server.commit(ev.ZoomChanged(window, not state.windows[window].zoomed))
        elif action < 0.97:
            server.commit(ev.HistoryCleared(rng.choice(ready)))
        else:
            server.commit(ev.PaneTitled(rng.choice(ready), f"t{rng.randint(0, 99)}"))

    def _commit(self, server: SmallServer, events: tuple[ev.AnyEvent, ...]) -> None:
        if events:
            server.commit(*events)

    def _output(self, server: SmallServer, pane: PaneId) -> None:
        rng = self.rng
        size = rng.choice((1, 5, 40, 40, 200, 800))
        data = rng.randbytes(size).translate(OUTPUT)
        if rng.random() < 0.1:
            data = b"\n" * rng.randint(1, 100)
        if server.output(pane, data) is None:
            # It ran on without the log: that is announced while it lasts.
            self.durability_lost = True

    def _checkpoint(self, server: SmallServer) -> None:
        """A checkpoint with other work between its steps."""
        rng = self.rng
        name = rng.choice(("", "", "", "kept"))
        run = CheckpointRun(server.series, server, "test", anew=bool(name))
        try:
            for step in run.steps():
                self._await_durable(server, step)
                if rng.random() < 0.3:
                    self._change(server)
                    self._note(server)
                step.run()
            if name and all(save.name != name for save in server.series.saves):
                with contextlib.suppress(OSError, PackDamaged):
                    server.series.saves.append(server.series.keep(run.result.manifest, name))
        except PackDamaged as damaged:
            raise Violation(f"a checkpoint fails because of rot: {damaged}") from damaged
        except OSError:
            self.outcome.failed_checkpoints += 1
            run.abandon()
            return
        except Crash:
            self.outcome.crashes_in_checkpoints += 1
            raise
        server.writer.segments.truncate_before(run.result.wal_before_lsn)
        self.outcome.checkpoints += 1
        self.outcome.purges += run.result.purge
        self.outcome.moved += run.result.bytes_moved
        self.outcome.blocks += run.result.blocks_written

    def _await_durable(self, server: SmallServer, step: Step) -> None:
        for _ in range(20):
            if server.writer.state.durable_lsn >= step.after_lsn:
                return
            if server.writer.state.durability is Durability.LOST:
                self.durability_lost = True
                return
            server.sync()
            self._note(server)
            server.pass_time(50)
        self.durability_lost = True

    def _note(self, server: SmallServer) -> None:
        # Numbers below the first of this life may be a checkpoint's, whose log was lost unacknowledged.
        first = server.recovered.next_lsn
        if server.writer.state.durable_lsn >= first:
            self.acknowledged = max(self.acknowledged, server.writer.state.durable_lsn)
        if server.writer.state.written_lsn >= first:
            self.in_kernel = max(self.in_kernel, server.writer.state.written_lsn)

    def _stop(self) -> None:
        if self.rng.random() < 0.4:
            self.disk.process_crash()
            self._trace(f"process crash at {self.in_kernel}")
        else:
            self.disk.power_loss()
            self.in_kernel = 0
            self._trace(f"power loss, acknowledged {self.acknowledged}")

    def _rot(self) -> None:
        """Damage: in files of checkpoints, to a whole directory, or to the helper files beside them."""
        rng = self.rng
        what = rng.random()
        if what < 0.1:
            self._lose_directory()
        elif what < 0.25:
            self._swap_helpers()
        else:
            self._rot_files()
        self.disk.settle()

    def _rot_in_place(self) -> None:
        """Bytes of what was stored change under a living server, which goes on all the same."""
        beside = f"{DIRECTORY}/checkpoints/pack-"
        packs = sorted(name for name in self.disk.names if name.startswith(beside))
        if packs:
            name = self.rng.choice(packs)
            self.disk.rot(name, self.rng.randrange(len(self.disk.content(name)) or 1))
            self.outcome.rotted_in_place += 1
            self._rotted(f"rot in place in {name}")

    def _lose_directory(self) -> None:
        """Somebody removed it with all that was in it."""
        lost = self.rng.choice(("wal", "checkpoints"))
        self.disk.lose_directory(f"{DIRECTORY}/{lost}")
        self._rotted(f"{lost} is gone")

    def _swap_helpers(self) -> None:
        """Two helper files change places, or one is as it was a life before."""
        rng, disk = self.rng, self.disk
        names = self._helpers()
        if len(names) > 1 and rng.random() < 0.5:
            one, other = rng.sample(names, 2)
            disk.names[one], disk.names[other] = disk.names[other], disk.names[one]
            self._rotted(f"{one} and {other} are swapped")
        elif self._older:
            name = rng.choice(sorted(self._older))
            disk.replace(name, self._older[name])
            self._rotted(f"{name} is an older one")

    def _foreign_store(self) -> None:
        """STORE names another store: one witness against all others, so that nobody is to notice anything."""
        path = f"{DIRECTORY}/{STORE_FILE}"
        others = sum(name.endswith(".wal") or "/MANIFEST-" in name for name in self.disk.names)
        if path in self.disk.names and others > 1:
            other = self.rng.randbytes(STORE_ID_BYTES).hex().encode()
            self.disk.replace(path, encode(STORE_FILE, other + b"\n"))
            self.disk.settle()
            self._trace("STORE is another store's")

    def _helpers(self) -> list[str]:
        """The files of the state directory itself."""
        return sorted(name for name in self.disk.names if name.count("/") == 1)

    def _rotted(self, what: str) -> None:
        self.rotted = True
        self.outcome.rotted += 1
        self._trace(what)

    def _rot_files(self) -> None:
        """Bits, cuts, whole files."""
        rng = self.rng
        names = sorted(name for name in self.disk.names if "/checkpoints/" in name)
        for name in rng.sample(names, min(len(names), rng.randint(1, 3))):
            content = self.disk.content(name)
            what = rng.random()
            if what < 0.15:
                del self.disk.names[name]
            elif what < 0.3:
                del content[rng.randint(0, len(content)) :]
            elif content:
                for _ in range(rng.randint(1, 3)):
                    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
            self._rotted(f"rot in {name}")

    def _trace(self, line: str) -> None:
        self.outcome.trace.append(line)


@contextlib.contextmanager
def _small_blocks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for module in (blocks, open_block):
            patch.setattr(module, "BLOCK_LINES_MAX", BLOCK_LINES_MAX)
            patch.setattr(module, "BLOCK_BYTES_MAX", BLOCK_BYTES_MAX)
        yield


def simulate(seed: int) -> Outcome:
    """Run one seed; every fourth one with rot. Raises Violation."""
    return CheckpointWorld.of_seed(seed).run()
