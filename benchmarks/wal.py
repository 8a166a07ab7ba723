"""How fast is the log? Everything in one interleaved run, as ratios against peers.

raw      one pwrite of n framed records and one fdatasync, in a zero-filled file: the limit
fugue    the log writer behind the flusher, n tasks that each wait for their own record
sqlite   WAL, synchronous=FULL, n threads with a connection each, one insert per transaction
batched  the same with one connection and n inserts per transaction
okaywal  0.3.1 with its default configuration, n threads (needs cargo)

Prints tables, what is wanted beside what was found, and, last, one line of JSON with medians and ratios.
`python -m benchmarks.wal --quick` takes one to two minutes; the full run takes about six.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from fuguemux.persistence.storage.files import RealStorage
from fuguemux.persistence.wal.reader import scan
from fuguemux.persistence.wal.record import RecordType, record_bytes, record_header
from fuguemux.persistence.wal.segment import fill_with_zeros
from fuguemux.persistence.wal.writer import LogWriter
from fuguemux.server.storage.flusher import Flusher

PEER = Path(__file__).parent / "peers" / "okaywal"
BINARY = PEER / "target" / "release" / "okaywal-peer"
REPLAY_BYTES = 128 << 20
TARGETS = {  # ratio of records per second, fugue to the peer
    "okaywal": {1: 0.5, 4: 0.9, 16: 1.0, 64: 2.0},
    "sqlite": {1: 1.0, 4: 5.0, 16: 25.0},
    "batched": {4: 1.2, 16: 1.2, 64: 1.2},
    "raw": {16: 0.4},
}


class Speed(NamedTuple):
    """Records per second, and the time one committer waited, in seconds."""

    rate: float
    p50: float
    p99: float


Contestant = Callable[[str, int, int, float], Speed]


def speed(times: list[float], took: float) -> Speed:
    times.sort()
    return Speed(len(times) / took, times[len(times) // 2], times[len(times) * 99 // 100])


def wall_ms() -> int:
    return time.time_ns() // 1_000_000


def raw(directory: str, committers: int, size: int, seconds: float) -> Speed:
    storage = RealStorage()
    file = storage.create(f"{directory}/raw")
    need = (record_bytes(size) * committers + 4095) // 4096 * 4096
    room = max(16 << 20, need)
    fill_with_zeros(storage, file, room)
    storage.fsync(file)
    payload = b"x" * size
    offset, times = 0, []
    started = time.perf_counter()
    lsn = 1
    while (begun := time.perf_counter()) < started + seconds:
        if offset + need > room:
            offset = 0  # the limit does not include making new segments
        parts = []
        for _ in range(committers):
            parts += [record_header(1, 0, lsn, 1, 0, payload, 7), payload]
            lsn += 1
        storage.pwrite(file, b"".join(parts), offset)
        os.fdatasync(file)
        offset += need
        times.append(time.perf_counter() - begun)
    took = time.perf_counter() - started
    os.close(file)
    result = speed(times, took)
    return Speed(result.rate * committers, result.p50, result.p99)


def start_writer(directory: str) -> LogWriter:
    log = scan(RealStorage(), directory)
    log.finish()
    return LogWriter.start(
        RealStorage(), directory, log, clock_ms=wall_ms, monotonic_ms=wall_ms, entropy=os.urandom
    )


def fugue(directory: str, committers: int, size: int, seconds: float) -> Speed:
    writer = start_writer(f"{directory}/wal")
    payload = b"x" * size

    async def run() -> Speed:
        flusher = Flusher(writer, asyncio.get_running_loop())
        times: list[float] = []
        clock = time.perf_counter
        started = clock()
        until = started + seconds

        async def committer() -> None:
            while (begun := clock()) < until:
                await flusher.wait_durable(writer.append(RecordType.STRUCTURE, payload))
                times.append(clock() - begun)
                if writer.segments.count > 8 and writer.segments.truncate_before(
                    writer.state.durable_lsn
                ):
                    flusher.start_chores()

        await asyncio.gather(*(committer() for _ in range(committers)))
        result = speed(times, clock() - started)
        await flusher.close()
        return result

    result = asyncio.run(run())
    writer.close()
    return result


def connect(directory: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{directory}/s.db", isolation_level=None, timeout=60)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS log (lsn INTEGER PRIMARY KEY, data BLOB)")
    return connection


def sqlite(directory: str, committers: int, size: int, seconds: float) -> Speed:
    connect(directory).close()
    payload = b"x" * size
    times: list[float] = []
    until = time.perf_counter() + seconds

    def committer() -> None:
        connection = connect(directory)
        while (begun := time.perf_counter()) < until:
            connection.execute("INSERT INTO log (data) VALUES (?)", (payload,))
            times.append(time.perf_counter() - begun)
        connection.close()

    started = time.perf_counter()
    threads = [threading.Thread(target=committer) for _ in range(committers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return speed(times, time.perf_counter() - started)


def batched(directory: str, committers: int, size: int, seconds: float) -> Speed:
    connection = connect(directory)
    rows = [(b"x" * size,)] * committers
    times: list[float] = []
    started = time.perf_counter()
    while (begun := time.perf_counter()) < started + seconds:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO log (data) VALUES (?)", rows)
        connection.execute("COMMIT")
        times.append(time.perf_counter() - begun)
    result = speed(times, time.perf_counter() - started)
    connection.close()
    return Speed(result.rate * committers, result.p50, result.p99)


def peer(*arguments: object) -> dict[str, float]:
    line = subprocess.run(
        [str(BINARY), *map(str, arguments)], check=True, capture_output=True, text=True
    ).stdout
    answer: dict[str, float] = json.loads(line)
    return answer


def okaywal(directory: str, committers: int, size: int, seconds: float) -> Speed:
    return Speed(**peer("commit", f"{directory}/okaywal", committers, size, seconds))


def build_okaywal() -> bool:
    """Whether the peer can be measured; says why not."""
    if BINARY.exists():
        return True
    if shutil.which("cargo") is None:
        print("okaywal is left out: cargo is not installed")
        return False
    built = subprocess.run(["cargo", "build", "--release", "--quiet"], cwd=PEER, check=False)
    if built.returncode:
        print("okaywal is left out: it did not build")
    return built.returncode == 0


# -- the other questions -------------------------------------------------------------------------


def barrier(directory: str, size: int, seconds: float) -> Speed:
    """Output handed to the kernel before it is shown, with a sync every 50 ms beside it."""
    writer = start_writer(f"{directory}/wal")
    chunk = memoryview(os.urandom(size))

    async def run() -> Speed:
        flusher = Flusher(writer, asyncio.get_running_loop(), interval_ms=50)
        times: list[float] = []
        offset, until = 0, time.perf_counter() + seconds
        while (begun := time.perf_counter()) < until:
            writer.append_output(1, offset, chunk)
            flusher.write()
            times.append(time.perf_counter() - begun)
            offset += size
            await asyncio.sleep(0.0005)
        await flusher.close()
        return speed(times, seconds)

    result = asyncio.run(run())
    writer.close()
    return result


def thread_hop(directory: str, size: int, seconds: float) -> Speed:
    """The same by way of a writer thread."""
    writer = start_writer(f"{directory}/hop")
    chunk = memoryview(os.urandom(size))

    async def run() -> Speed:
        loop = asyncio.get_running_loop()
        times: list[float] = []
        offset, until = 0, time.perf_counter() + seconds
        while (begun := time.perf_counter()) < until:
            writer.append_output(1, offset, chunk)
            await loop.run_in_executor(None, writer.write)
            times.append(time.perf_counter() - begun)
            offset += size
            await asyncio.sleep(0.0005)
        return speed(times, seconds)

    result = asyncio.run(run())
    writer.close()
    return result


def framing(size: int) -> float:
    """Seconds of CPU per record for append, without any I/O."""
    with tempfile.TemporaryDirectory(dir=base()) as directory:
        writer = start_writer(f"{directory}/wal")
        payload, count = b"x" * size, 8_000_000 // (size + 100)
        begun = time.thread_time()
        for _ in range(count):
            writer.append(RecordType.STRUCTURE, payload)
        took = time.thread_time() - begun
        writer.write()
        writer.close(clean=False)
    return took / count


def fill_log(directory: str, size: int) -> int:
    writer = start_writer(directory)
    payload = msgspec.msgpack.encode([b"x" * size])
    records = REPLAY_BYTES // record_bytes(len(payload))
    for number in range(records):
        writer.append(RecordType.STRUCTURE, payload)
        if number % max(1, (1 << 20) // size) == 0:
            job = writer.sync_job()
            if job is not None:
                job.run()
                writer.sync_done(job, None)
        chore = writer.segments.chore()
        if chore is not None:
            chore.run()
            writer.segments.chore_done(chore, None)
    writer.close()
    return records


def replay(directory: str) -> float:
    decode = msgspec.msgpack.Decoder().decode
    begun = time.perf_counter()
    for record in scan(RealStorage(), directory).records():
        decode(record.payload)
    return time.perf_counter() - begun


def cpu_seconds(who: int) -> float:
    usage = resource.getrusage(who)
    return usage.ru_utime + usage.ru_stime


def replays(repeats: int, with_okaywal: bool) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds for 128 MiB, checked and decoded: on the clock (medians), and of CPU (the least, which load disturbs less)."""
    found: dict[str, float] = {}
    cpu: dict[str, float] = {}
    for size in (256, 4096):
        with tempfile.TemporaryDirectory(dir=base()) as directory:
            records = fill_log(f"{directory}/wal", size)
            if with_okaywal:
                peer("fill", f"{directory}/okaywal", size, records)
            ours: list[float] = []
            theirs: list[float] = []
            ours_cpu: list[float] = []
            theirs_cpu: list[float] = []
            for _ in range(repeats):
                before = cpu_seconds(resource.RUSAGE_SELF)
                ours.append(replay(f"{directory}/wal"))
                ours_cpu.append(cpu_seconds(resource.RUSAGE_SELF) - before)
                if with_okaywal:
                    before = cpu_seconds(resource.RUSAGE_CHILDREN)
                    theirs.append(peer("replay", f"{directory}/okaywal")["seconds"])
                    theirs_cpu.append(cpu_seconds(resource.RUSAGE_CHILDREN) - before)
        found[f"fugue {size}"] = statistics.median(ours)
        cpu[f"fugue {size}"] = min(ours_cpu)
        if theirs:
            found[f"okaywal {size}"] = statistics.median(theirs)
            cpu[f"okaywal {size}"] = min(theirs_cpu)
    return found, cpu


# -- the run -------------------------------------------------------------------------------------


def base() -> str:
    """Where the measured files go: a real disk, if the temporary directory is one."""
    return os.environ.get("FUGUE_BENCH_DIR", tempfile.gettempdir())


def measure(
    contestants: dict[str, Contestant], committers: int, size: int, seconds: float, repeats: int
) -> dict[str, Speed]:
    """Medians over interleaved repetitions."""
    runs: dict[str, list[Speed]] = {name: [] for name in contestants}
    for repeat in range(repeats):
        names = list(contestants)
        for name in names[repeat % len(names) :] + names[: repeat % len(names)]:
            with tempfile.TemporaryDirectory(dir=base()) as directory:
                runs[name].append(contestants[name](directory, committers, size, seconds))
    return {
        name: Speed(*(statistics.median(column) for column in zip(*speeds, strict=True)))
        for name, speeds in runs.items()
    }


def show(committers: int, size: int, found: dict[str, Speed]) -> dict[str, float]:
    """One row of the table; the ratios in it."""
    ours = found["fugue"]
    ratios = {
        f"rate_vs_{name}": round(ours.rate / other.rate, 3)
        for name, other in found.items()
        if name != "fugue"
    }
    ratios["p50_vs_raw"] = round(ours.p50 / found["raw"].p50, 3)
    cells = [
        f"{name} {each.rate:>9,.0f}/s p50 {each.p50 * 1e6:>7,.0f} p99 {each.p99 * 1e6:>9,.0f}"
        for name, each in found.items()
    ]
    print(f"{size:>8} B x{committers:<3}" + " | ".join(cells), flush=True)
    return ratios


def verdict(result: dict[str, Any]) -> None:
    """What is wanted beside what was found, as a table."""
    rows: list[tuple[str, str, float, bool]] = []

    def at_least(what: str, found: float | None, wanted: float) -> None:
        if found is not None:
            rows.append((what, f">= {wanted}", found, found >= wanted))

    def at_most(what: str, found: float | None, wanted: float) -> None:
        if found is not None:
            rows.append((what, f"<= {wanted}", found, found <= wanted))

    at_most("256 B x1: p50 against raw", result.get("256x1", {}).get("p50_vs_raw"), 2.0)
    for size in (256, 4096, 1 << 20):
        for name, targets in TARGETS.items():
            if size > 256 and name != "okaywal":
                continue
            for committers, wanted in targets.items():
                ratio = result.get(f"{size}x{committers}", {}).get(f"rate_vs_{name}")
                wanted = 1.5 if size > 4096 else wanted
                at_least(f"{size} B x{committers}: rate against {name}", ratio, wanted)
    at_most("barrier, 200 B, p50 in us", result["barrier_p50_us"], 50)
    at_most("barrier, 200 B, p99 in us", result["barrier_p99_us"], 500)
    at_least("barrier: a hop to a thread against it", result["barrier_thread_hop_vs_inline"], 3)
    at_most("CPU to append 256 B in us", result["append_256_us"], 1.5)
    for size in (256, 4096):
        ratio = result.get(f"replay_{size}_vs_okaywal")
        at_least(f"replay of 128 MiB, {size} B, against okaywal", ratio, 1.0)
    print("\n| | wanted | found | |\n|---|---|---|---|")
    for what, wanted, found, met in rows:
        print(f"| {what} | {wanted} | {found:.2f} | {'met' if met else 'missed'} |")
    print(f"load average {' '.join(f'{each:.1f}' for each in os.getloadavg())}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the write-ahead log against its peers.")
    parser.add_argument("--quick", action="store_true", help="two sizes, short runs")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.4)
    parser.add_argument("--committers", type=int, nargs="*", default=[1, 4, 16, 64])
    parser.add_argument("--sizes", type=int, nargs="*", default=[256, 4096, 65536, 1 << 20])
    options = parser.parse_args()
    if options.quick:
        options.sizes, options.seconds = [256, 1 << 20], 0.2
    with_okaywal = build_okaywal()
    contestants: dict[str, Contestant] = {
        "raw": raw,
        "fugue": fugue,
        "sqlite": sqlite,
        "batched": batched,
    }
    if with_okaywal:
        contestants["okaywal"] = okaywal
    begun = time.perf_counter()
    result: dict[str, Any] = {
        "bench": "wal",
        "python": sys.version.split()[0],
        "repeats": options.repeats,
    }
    print("records per second and the time one committer waits, in microseconds; medians")
    for size in options.sizes:
        for committers in options.committers:
            if size >= 1 << 20 and committers > 16:
                continue
            entered = dict(contestants)
            if committers > 16:
                del entered[
                    "sqlite"
                ]  # its threads wait for each other for seconds, and nothing is asked of it
            found = measure(entered, committers, size, options.seconds, options.repeats)
            result[f"{size}x{committers}"] = show(committers, size, found)
    with tempfile.TemporaryDirectory(dir=base()) as directory:
        shown = barrier(directory, 200, 3 * options.seconds)
        hop = thread_hop(directory, 200, 3 * options.seconds)
    cpu = framing(256)
    print(
        f"barrier, 200 B: p50 {shown.p50 * 1e6:.0f} p99 {shown.p99 * 1e6:.0f} us; "
        f"by a thread p50 {hop.p50 * 1e6:.0f}; append of 256 B {cpu * 1e6:.2f} us of CPU"
    )
    result["barrier_p50_us"] = round(shown.p50 * 1e6, 1)
    result["barrier_p99_us"] = round(shown.p99 * 1e6, 1)
    result["barrier_thread_hop_vs_inline"] = round(hop.p50 / shown.p50, 2)
    result["append_256_us"] = round(cpu * 1e6, 2)
    times, cpu_times = replays(options.repeats, with_okaywal)
    for name, took in times.items():
        print(
            f"replay of 128 MiB, {name} B: {took * 1000:.0f} ms, {cpu_times[name] * 1000:.0f} of CPU"
        )
    for size in (256, 4096):
        if f"okaywal {size}" in times:
            ratio = times[f"okaywal {size}"] / times[f"fugue {size}"]
            result[f"replay_{size}_vs_okaywal"] = round(ratio, 2)
            ratio = cpu_times[f"okaywal {size}"] / cpu_times[f"fugue {size}"]
            result[f"replay_{size}_cpu_vs_okaywal"] = round(ratio, 2)
    verdict(result)
    result["seconds"] = round(time.perf_counter() - begun)
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
