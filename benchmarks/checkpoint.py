"""Do checkpoints stall the server, what do they cost, and how quick is it all to read back?

incremental   bytes of a checkpoint after 1 % of the panes changed, against a full one; time that its steps hold the loop
memory        server memory for 100,000 styled lines of history, fugue and tmux with the same text in the same run
disk          bytes on disk per byte of scrollback, for a log, `ls` and test output
recovery      the time to a state that can be answered from, and to all screens, from a checkpoint and a log behind it
reading       the first screen of line 0 of a long history, and searching all of it
growth        disk use of a state directory against the bytes its panes have produced

Prints tables and, last, one line of JSON. `--quick` is smaller and takes a minute. Times that steps hold the loop are
of the thread's own processor time, so that other work on the machine does not count.
"""

import argparse
import os
import random
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.support import (
    FUGUE,
    TMUX,
    Multiplexer,
    cpu_seconds,
    json_line,
    median,
    table,
    until,
    workshop,
)
from fuguemux.model.events import AnyEvent, SessionCreated, WindowCreated
from fuguemux.model.ids import PaneId, SessionId, WindowId
from fuguemux.model.layout import leaf
from fuguemux.model.live import CaptureRequest
from fuguemux.model.state import ServerState
from fuguemux.persistence.checkpoint.checkpoint import CheckpointRun, CheckpointSettings
from fuguemux.persistence.checkpoint.series import CheckpointSeries
from fuguemux.persistence.recovery.recovery import recover
from fuguemux.persistence.recovery.replay import Replay
from fuguemux.persistence.scrollback.pack_reader import PackReader
from fuguemux.persistence.scrollback.pattern import Pattern
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.storage.serialization import encode_events
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import Record, RecordType
from fuguemux.persistence.wal.writer import LogWriter
from fuguemux.server.panes.capture import capture, history_row_count
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.panes.panes import Panes
from fuguemux.server.panes.rebuild import rebuild
from fuguemux.server.storage.checkpointer import PaneSources
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator

COLUMNS, ROWS = 80, 24
STORE_ID = bytes(range(16))
MIB = 1 << 20
WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "while",
    "servers",
    "log",
    "requests",
    "and",
    "tests",
    "pass",
]
SHARE_INCREMENTAL_MAX = 0.05
STALL_MS_MAX = 5.0
MEMORY_SHARE_MAX = 0.3
DISK_SHARE_MAX = 0.25


def now_ms() -> int:
    return time.time_ns() // 1_000_000


# -- text -------------------------------------------------------------------------------------


def log_lines(count: int, seed: int) -> list[bytes]:
    """Lines of a server's log, with colours."""
    rng = random.Random(seed)
    return [
        (
            f"\x1b[2m2026-11-{rng.randint(1, 28):02} 12:{number // 60 % 60:02}:{number % 60:02}\x1b[0m "
            f"\x1b[{rng.choice((32, 33, 31, 36))}m{rng.choice(('INFO', 'WARN', 'ERROR', 'DEBUG'))}\x1b[0m "
            f"worker-{rng.randint(1, 16)} {' '.join(rng.choices(WORDS, k=5))} id={rng.randint(0, 1 << 32):08x}"
        ).encode()
        for number in range(count)
    ]


def ls_lines(count: int, seed: int) -> list[bytes]:
    """A long `ls -l --color`."""
    rng = random.Random(seed)
    return [
        (
            f"-rw-r--r-- 1 user group {rng.randint(1, 1 << 24):9} Nov {rng.randint(1, 30):2} 12:{number % 60:02} "
            f"\x1b[0m\x1b[01;{rng.choice((32, 34, 36))}m{rng.choice(WORDS)}-{number}.{rng.choice(('py', 'c', 'md'))}\x1b[0m"
        ).encode()
        for number in range(count)
    ]


def runner_lines(count: int, seed: int) -> list[bytes]:
    """What a test runner prints."""
    rng = random.Random(seed)
    return [
        (
            f"tests/unit/{rng.choice(WORDS)}/test_{rng.choice(WORDS)}.py::test_{'_'.join(rng.choices(WORDS, k=4))} "
            f"\x1b[32mPASSED\x1b[0m\x1b[32m [{number * 100 // count:3}%]\x1b[0m"
        ).encode()
        for number in range(count)
    ]


# -- a server's persistence without a server ---------------------------------------------------


class Bench:
    """Panes with real terminals, a store, a log and a series of checkpoints in a directory."""

    def __init__(self, directory: Path, panes: int, limit_lines: int) -> None:
        self.directory = str(directory)
        self.storage = RealStorage()
        for name in ("wal", "checkpoints"):
            self.storage.make_directory(f"{self.directory}/{name}")
        (directory / "STORE").write_text(STORE_ID.hex() + "\n")
        log = scan(self.storage, f"{self.directory}/wal", 1, store_id=STORE_ID)
        log.finish()
        self.writer = LogWriter.start(
            self.storage,
            f"{self.directory}/wal",
            log,
            clock_ms=now_ms,
            monotonic_ms=now_ms,
            entropy=os.urandom,
            on_durability=lambda *_: None,
        )
        self.store = ScrollbackStore(PackReader(self.storage, f"{self.directory}/checkpoints"))
        self.panes = Panes(GhosttyEmulator, self.store, lambda _t: None, lambda _s, _p: limit_lines)
        self.state = self._build(panes)
        self.sources = PaneSources(
            self.panes, lambda: self.state, lambda: None, lambda: self.writer.state.next_lsn - 1
        )
        self.series = CheckpointSeries(
            self.storage,
            f"{self.directory}/checkpoints",
            self.store,
            store_id=STORE_ID,
            now_ms=now_ms,
            monotonic=time.monotonic,
            settings=CheckpointSettings(scrollback_persistence_lines=limit_lines),
        )
        self.stalls_ms: list[float] = []

    def _build(self, count: int) -> ServerState:
        replay = Replay(ServerState(), 0, {})
        events: list[AnyEvent] = [SessionCreated(SessionId(0), "bench", b"/", now_ms())]
        for number in range(count):
            pane = PaneId(number)
            layout = leaf(pane, COLUMNS, ROWS)
            events.append(
                WindowCreated(WindowId(number), "w", SessionId(0), number, pane, layout, now_ms())
            )
        payload = encode_events(events)
        lsn = self.writer.append(RecordType.STRUCTURE, payload)
        self.writer.write()
        replay.take(Record(lsn or 1, RecordType.STRUCTURE, 0, now_ms(), payload))
        self.panes.published(ServerState(), replay.state, events, 1)
        return replay.state

    def feed(self, pane: int, data: bytes) -> None:
        """Output of a pane: logged, shown, archived."""
        terminal = self.panes.get(PaneId(pane))
        assert terminal is not None
        for at in range(0, len(data), 1 << 16):
            chunk = data[at : at + (1 << 16)]
            lsn = self.writer.append_output(pane, terminal.read_offset, memoryview(chunk))
            self.writer.write()
            terminal.read_offset += len(chunk)
            terminal.emulator.feed(chunk)
            terminal.take_archive()
            terminal.lsn = lsn or self.writer.state.next_lsn - 1
            if self.writer.state.next_lsn % 64 == 0:
                self.sync()

    def sync(self) -> None:
        """Make the log durable, and prepare its next segment."""
        job = self.writer.sync_job()
        if job is not None:
            job.run()
            self.writer.sync_done(job, None)
        chore = self.writer.segments.chore()
        if chore is not None:
            chore.run()
            self.writer.segments.chore_done(chore, None)

    def checkpoint(self, *, between: Callable[[], None] = lambda: None) -> Any:
        """One checkpoint; how long each step on the loop took goes to `stalls_ms`."""
        run = CheckpointRun(self.series, self.sources, "bench")
        for step in run.steps():
            self.sync()
            before = time.thread_time_ns()
            step.run()
            if not step.blocking:
                self.stalls_ms.append((time.thread_time_ns() - before) / 1e6)
                between()
        self.writer.segments.truncate_before(run.result.wal_before_lsn)
        return run.result

    def terminals(self) -> list[PaneTerminal]:
        return list(self.panes)


def share(values: Iterable[float], part: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def disk_bytes(directory: str) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(directory) if entry.is_file())


# -- the questions ------------------------------------------------------------------------------


def incremental(directory: Path, panes: int, lines: int) -> dict[str, float]:
    """A full checkpoint, then one after 1 % of the panes changed, then some with busy panes."""
    bench = Bench(directory, panes, lines)
    for number in range(panes):
        bench.feed(number, b"\r\n".join(log_lines(lines, number)) + b"\r\n")
    full = bench.checkpoint()
    bench.stalls_ms.clear()
    for number in range(max(1, panes // 100)):
        bench.feed(number, b"\r\n".join(log_lines(20, number)) + b"\r\n")
    little = bench.checkpoint()
    bench.stalls_ms.clear()
    busy = range(0, panes, max(1, panes // 20))
    text = {number: b"\r\n".join(log_lines(2000, 1000 + number)) for number in busy}
    for _ in range(5):
        for number in busy:
            bench.feed(number, text[number])
        bench.checkpoint()
    result = {
        "full_bytes": full.new_bytes,
        "incremental_bytes": little.new_bytes,
        "incremental_share": round(little.new_bytes / full.new_bytes, 4),
        "stall_p99_ms": round(share(bench.stalls_ms, 0.99), 2),
        "stall_max_ms": round(max(bench.stalls_ms), 2),
        "steps": len(bench.stalls_ms),
    }
    print(
        f"### Incremental: {panes} panes x {lines} lines, 1 % changed; stalls with 20 busy panes\n"
    )
    table(
        ("full", "incremental", "share", "target", "stall p99", "stall max", "target"),
        [
            (
                f"{full.new_bytes:,} B",
                f"{little.new_bytes:,} B",
                f"{result['incremental_share']:.2%}",
                f"<= {SHARE_INCREMENTAL_MAX:.0%}",
                f"{result['stall_p99_ms']} ms",
                f"{result['stall_max_ms']} ms",
                f"p99 <= {STALL_MS_MAX} ms",
            )
        ],
    )
    return result


def resident(pid: int) -> int:
    """Private and shared pages of a process, in bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) << 10
    raise OSError(f"process {pid} has no VmRSS")


def memory(directory: Path, lines: int, panes: int) -> dict[str, float]:
    """What a server's memory grows by, with the text in its panes' history."""
    source = directory / "text"
    source.write_bytes(b"\n".join(log_lines(lines, 7)) + b"\n")
    grown: dict[str, int] = {}
    for program in filter(None, (FUGUE, TMUX)):
        server = Multiplexer(program, directory, [f"set -g history-limit {lines}"])
        try:
            server("new-session", "-d", "-x", "160", "-y", "50", "sleep 1000")
            before = resident(server.server_pid())
            grown[server.name] = _fill(server, source, 1, lines) - before
            if program == FUGUE and panes > 1:
                grown["many"] = _fill(server, source, panes - 1, lines)
        finally:
            server.end()
    result: dict[str, float] = {f"{name}_bytes": count for name, count in grown.items()}
    rows = [(name, f"{count / MIB:.1f} MiB") for name, count in grown.items() if name != "many"]
    if "tmux" in grown:
        result["share"] = round(grown["fugue"] / grown["tmux"], 3)
        rows.append(("fugue / tmux", f"{result['share']} (target <= {MEMORY_SHARE_MAX})"))
    if "many" in grown:
        rows.append(
            (f"fugue, {panes} panes, whole server", f"{grown['many'] / MIB:.0f} MiB (target < 400)")
        )
    print(f"### Memory for {lines:,} styled lines in a pane\n")
    table(("server", "memory"), rows)
    return result


def _fill(server: Multiplexer, source: Path, panes: int, lines: int) -> int:
    """Memory once some more panes have printed the text and things have settled."""
    for _ in range(panes):
        name = server(
            "new-window",
            "-d",
            "-P",
            "-F",
            "#{pane_id}",
            f"cat '{source}'; printf the-end; sleep 1000",
        )
        until(
            "end of the text",
            lambda name=name: "the-end" in server("capture-pane", "-p", "-t", name),  # type: ignore[misc]  # bound now
            300,
        )
    if server.name == "fugue":
        server("checkpoint")
    time.sleep(12)  # idle panes are compacted
    return resident(server.server_pid())


def disk(directory: Path, lines: int) -> dict[str, float]:
    """Bytes on disk per byte of scrollback, of the checkpoint's packs."""
    result: dict[str, float] = {}
    rows = []
    kinds: tuple[tuple[str, Callable[[int, int], list[bytes]]], ...] = (
        ("log", log_lines),
        ("ls", ls_lines),
        ("tests", runner_lines),
    )
    for name, make in kinds:
        (directory / name).mkdir()
        bench = Bench(directory / name, 1, lines)
        bench.feed(0, b"\r\n".join(make(lines, 3)) + b"\r\n")
        done = bench.checkpoint()
        raw = bench.store.pane(PaneId(0)).sizes().raw_bytes
        result[name] = round(done.new_bytes / raw, 3)
        rows.append((name, f"{raw:,} B", f"{done.new_bytes:,} B", result[name], DISK_SHARE_MAX))
    print(f"### Disk: {lines:,} lines\n")
    table(("text", "scrollback", "on disk", "share", "target <="), rows)
    return result


def recovery(directory: Path, panes: int, lines: int, tail_bytes: int) -> dict[str, float]:
    """A checkpoint of many panes, a long log behind it, and the time it takes to be back."""
    bench = Bench(directory, panes, lines)
    for number in range(panes):
        bench.feed(number, b"\r\n".join(log_lines(lines, number)) + b"\r\n")
    bench.checkpoint()
    text = b"\r\n".join(log_lines(600, 99))
    for number in range(tail_bytes // len(text)):
        bench.feed(number % panes, text)
    bench.sync()
    started = time.monotonic()
    used = time.process_time()
    recovered = recover(
        RealStorage(),
        bench.directory,
        now_ms=now_ms,
        monotonic=time.monotonic,
        new_store_id=STORE_ID,
        read_only=True,
    )
    answering, answering_cpu = time.monotonic() - started, time.process_time() - used
    for pane, found in recovered.panes.items():
        found_store = recovered.store.pane(pane)
        found_store.limit_lines = lines
        rebuild(found, found_store, GhosttyEmulator).emulator.close()
    screens, screens_cpu = time.monotonic() - started, time.process_time() - used
    assert recovered.report.complete, recovered.report.summary
    for terminal in bench.terminals():
        terminal.close()
    real = real_start(directory, panes)
    print(
        f"### Recovery: {panes} panes x {lines} lines, {tail_bytes / MIB:.0f} MiB of log behind\n"
    )
    table(
        ("", "time", "processor", "target"),
        [
            ("state known", f"{answering:.2f} s", f"{answering_cpu:.2f} s", ""),
            ("all screens, one after the other", f"{screens:.2f} s", f"{screens_cpu:.2f} s", ""),
            (
                "from the command that starts a server to the answer of another",
                f"{real['answer_s']:.2f} s",
                f"{real['answer_cpu_s']:.2f} s",
                "<= 0.5 s",
            ),
            (
                "… to all screens, there asked for again and again",
                f"{real['server_screens_s']:.2f} s",
                f"{real['server_screens_cpu_s']:.2f} s",
                "<= 2 s",
            ),
        ],
    )
    return {
        **real,
        "state_s": round(answering, 3),
        "screens_s": round(screens, 3),
        "state_cpu_s": round(answering_cpu, 3),
        "screens_cpu_s": round(screens_cpu, 3),
    }


def real_start(directory: Path, panes: int) -> dict[str, float]:
    """The same state in a real server, from the start of the command: its first answer, and the last screen."""
    server = Multiplexer(FUGUE, directory)
    state = Path(server.environment["XDG_STATE_HOME"]) / "fugue" / "default"
    state.mkdir(mode=0o700, parents=True)
    for name in ("wal", "checkpoints"):
        shutil.copytree(directory / name, state / name)
    shutil.copy(directory / "STORE", state)
    os.sync()
    config = Path(server.environment["XDG_CONFIG_HOME"]) / "fugue" / "config.toml"
    config.parent.mkdir(mode=0o700)
    config.write_text('[server]\nhistory_limit = 10000\n[persistence]\nrestore_policy = "none"\n')
    try:
        started = time.monotonic()
        server("start-server")
        assert len(server("list-windows", "-a").splitlines()) == panes
        answer = time.monotonic() - started
        pid = server.server_pid()
        answer_cpu = cpu_seconds(pid)

        left = server.screens_waiting()
        until("all screens", lambda: not server.screens_waiting(), 300)
        screens = time.monotonic() - started
        print(f"{left} of {panes} screens were still to be rebuilt at the first answer.\n")
        return {
            "answer_s": round(answer, 3),
            "answer_cpu_s": round(answer_cpu, 3),
            "server_screens_s": round(screens, 3),
            "server_screens_cpu_s": round(cpu_seconds(pid), 3),
        }
    finally:
        server.end()


def reading(directory: Path, lines: int) -> dict[str, float]:
    """Line 0, and searches, of a long history that is on disk."""
    bench = Bench(directory, 1, lines)
    for part in range(0, lines, 50_000):
        bench.feed(0, b"\r\n".join(log_lines(min(50_000, lines - part), part)) + b"\r\n")
    bench.checkpoint()
    scrollback = bench.store.pane(PaneId(0))
    result: dict[str, float] = {}
    rows = []

    def timed(name: str, target_s: float, work: Callable[[], object]) -> None:
        times = []
        for _ in range(3):
            started = time.thread_time()
            work()
            times.append(time.thread_time() - started)
        result[name] = round(median(times), 4)
        rows.append((name, f"{result[name] * 1000:.0f} ms", f"< {target_s * 1000:.0f} ms"))

    terminal = bench.panes.get(PaneId(0))
    assert terminal is not None
    terminal.emulator.resize(200, ROWS)  # as wide as the text and its styles
    far = -history_row_count(terminal)
    oldest = CaptureRequest(start="first", end=far + 40)
    assert capture(terminal, oldest).count(b"\n") == 41
    timed("first screen", 0.05, lambda: capture(terminal, oldest))
    for name, pattern in (
        ("text, not there", Pattern("no such words")),
        ("text, ignoring case", Pattern("NO SUCH WORDS", ignore_case=True)),
        ("expression", Pattern("id=dead[0-9]+beef", regex=True)),
        ("expression without a fixed text", Pattern("(deadbeef|beefdead)[0-9]", regex=True)),
    ):
        timed(name, 1.0, lambda pattern=pattern: list(scrollback.search(pattern)))  # type: ignore[misc]  # bound now
    print(f"### Reading far back in {len(scrollback):,} styled lines\n")
    table(("what", "processor time", "target"), rows)
    return result


def growth(directory: Path, lines: int, panes: int, limit_lines: int) -> list[tuple[int, int]]:
    """Disk use as the panes go on and on."""
    bench = Bench(directory, panes, limit_lines)
    texts = [log_lines(1000, seed) for seed in range(8)]
    curve: list[tuple[int, int]] = []
    produced = 0
    rounds = lines // (panes * 1000)
    for turn in range(rounds):
        for number in range(panes):
            text = texts[(turn + number) % len(texts)]
            bench.panes.get(PaneId(number)).scrollback.append(text)  # type: ignore[union-attr]  # every pane is there
            bench.panes.get(PaneId(number)).lsn += 1  # type: ignore[union-attr]  # a change like any other
            bench.writer.append_output(number, 0, b"x")
            produced += sum(map(len, text))
        if turn % 5 == 4 or turn == rounds - 1:
            bench.writer.write()
            bench.checkpoint()
            curve.append((produced, disk_bytes(f"{bench.directory}/checkpoints")))
    print(f"### Growth: {lines:,} lines over {panes} panes, history-limit {limit_lines:,}\n")
    step = max(1, len(curve) // 10)
    shown = [*curve[::step], curve[-1]]
    table(
        ("produced", "on disk"), [(f"{a / MIB:,.0f} MiB", f"{b / MIB:,.1f} MiB") for a, b in shown]
    )
    return curve


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="smaller, about a minute")
    parser.add_argument("--only", help="one of the questions")
    chosen = parser.parse_args(argv)
    quick = chosen.quick
    questions: dict[str, Callable[[Path], Any]] = {
        "incremental": lambda d: incremental(d, 200, 1_000 if quick else 10_000),
        "memory": lambda d: memory(d, 100_000, 3 if quick else 100),
        "disk": lambda d: disk(d, 20_000 if quick else 100_000),
        "recovery": lambda d: recovery(d, 200, 1_000 if quick else 10_000, 64 * MIB),
        "reading": lambda d: reading(d, 100_000 if quick else 1_000_000),
        "growth": lambda d: growth(d, 1_000_000 if quick else 10_000_000, 50, 10_000),
    }
    results: dict[str, Any] = {}
    for name, question in questions.items():
        if chosen.only in (None, name):
            with workshop() as directory:
                results[name] = question(directory)
    json_line("checkpoint", quick=quick, **results)


if __name__ == "__main__":
    main()
