"""How soon does a typed key show while another pane floods? And how long does the server's loop hold anybody up?

Two panes side by side: the left one prints a log without end, in the right one `cat` echoes. Keys are typed on an attached client
one at a time; each is a character that never was on the screen before, so its bytes in what the client draws are the echo.
Fugue and tmux take turns. Then the server runs with a selector that times every tick of its loop (see timed_server.py).
"""

import argparse
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks import materials
from benchmarks.support import (
    COLUMNS,
    FUGUE,
    HERE,
    ROWS,
    TMUX,
    Attached,
    Multiplexer,
    json_line,
    table,
    until,
    workshop,
)

FIRST_CHARACTER = 0x100
KEYS_PER_LINE = 30
KEY_PAUSE_SECONDS = 0.02
ECHO_SECONDS_MAX = 5.0
TICK_TARGET_MS = 2.0


def percentile(values: Sequence[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


class Typist:
    """Types on a client and times the echoes."""

    def __init__(self, client: Attached) -> None:
        self._client = client
        self._wanted = b""
        self._tail = b""
        self._echoed = threading.Event()
        self._count = 0
        client.seen = self._seen

    def _seen(self, data: bytes) -> None:
        text = self._tail + data
        if self._wanted and self._wanted in text:
            self._echoed.set()
        self._tail = text[-8:]

    def key(self) -> float:
        """Milliseconds until the next new character shows."""
        self._echoed.clear()
        self._wanted = chr(FIRST_CHARACTER + self._count).encode()
        self._count += 1
        begun = time.perf_counter()
        self._client.type(self._wanted)
        if not self._echoed.wait(ECHO_SECONDS_MAX):
            return ECHO_SECONDS_MAX * 1000
        took = (time.perf_counter() - begun) * 1000
        if self._count % KEYS_PER_LINE == 0:
            self._client.type(b"\r")
        return took

    def keys(self, count: int) -> Iterator[float]:
        """Type so many, with a pause after each."""
        for _ in range(count):
            yield self.key()
            time.sleep(KEY_PAUSE_SECONDS)


def flood_argv(path: Path) -> list[str]:
    return ["sh", "-c", f"while :; do cat {shlex.quote(str(path))}; done"]


def set_up(server: Multiplexer) -> Attached:
    """Two panes, the right one active, the left one silent until it is respawned."""
    server("new-session", "-d", "-s", "a", "-x", str(COLUMNS), "-y", str(ROWS), "sleep", "1000")
    server("split-window", "-h", "-t", "a", "cat")
    return server.attach()


def echoes(
    directory: Path, path: Path, keys: int, rounds: int
) -> dict[str, dict[str, list[float]]]:
    """Milliseconds by contestant, idle and while the other pane floods."""
    servers = [Multiplexer(program, directory) for program in (FUGUE, TMUX) if program]
    clients: list[Attached] = []
    found: dict[str, dict[str, list[float]]] = {}
    try:
        clients.extend(set_up(server) for server in servers)
        typists = [Typist(client) for client in clients]
        for mode in ("idle", "flood"):
            for _ in range(rounds):
                for server, typist in zip(servers, typists, strict=True):
                    if mode == "flood":
                        server("respawn-pane", "-k", "-t", "a:0.0", shlex.join(flood_argv(path)))
                        time.sleep(0.5)
                    times = found.setdefault(server.name, {}).setdefault(mode, [])
                    times.extend(typist.keys(keys))
                    if mode == "flood":
                        server("respawn-pane", "-k", "-t", "a:0.0", "sleep 1000")
    finally:
        for client in clients:
            client.close()
        for server in servers:
            server.end()
    return found


def tick_times(directory: Path, path: Path, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of the server's ticks with one flooding pane, detached, then attached: in time and in CPU time."""
    place = directory / "ticks"
    place.mkdir()
    (place / "run").symlink_to((directory / "run").resolve() / "ticks")
    server = Multiplexer(FUGUE, place)
    output = place / "ticks.json"
    socket = Path(server.environment["XDG_RUNTIME_DIR"]) / "fugue" / "default"
    socket.parent.mkdir(mode=0o700)
    process = subprocess.Popen(
        [sys.executable, str(HERE / "timed_server.py"), str(output), "-L", "default"],
        env=server.environment,
        cwd=place,
    )
    found: dict[str, list[float]] = {}
    client: Attached | None = None

    def collect() -> list[list[float]]:
        output.unlink(missing_ok=True)
        os.kill(process.pid, signal.SIGUSR2)
        until("tick times", output.exists)
        ticks: list[list[float]] = json.loads(output.read_text())
        return ticks

    try:
        until("server", socket.exists)
        server(
            "new-session", "-d", "-s", "a", "-x", str(COLUMNS), "-y", str(ROWS), *flood_argv(path)
        )
        for mode in ("detached", "attached"):
            if mode == "attached":
                client = server.attach()
            time.sleep(1.0)
            collect()
            time.sleep(seconds)
            for kind, times in zip(("time", "CPU time"), zip(*collect(), strict=True), strict=True):
                found[f"{mode}, {kind}"] = list(times)
    finally:
        if client is not None:
            client.close()
        server.end()
        process.kill()
        process.wait()
    return found


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer keys")
    quick = parser.parse_args(argv).quick
    keys, rounds, seconds = (20, 2, 3.0) if quick else (30, 5, 10.0)
    with workshop() as directory:
        path = materials.write(directory, "log", 8 << 20)
        found = echoes(directory, path, keys, rounds)
        ticks = tick_times(directory, path, seconds)
    rows = [
        (name, mode, *(f"{percentile(times, percent):.1f}" for percent in (50, 90, 99)))
        for name, modes in found.items()
        for mode, times in modes.items()
    ]
    table(("key to echo, milliseconds", "other pane", "p50", "p90", "p99"), rows)
    rows = [
        (
            mode,
            str(len(times)),
            *(f"{percentile(times, percent):.2f}" for percent in (50, 99)),
            f"{max(times):.1f}",
        )
        for mode, times in ticks.items()
    ]
    table(("ticks of the loop, milliseconds", "count", "p50", "p99", "longest"), rows)
    numbers = {
        f"{name} {mode}_ms": {
            f"p{percent}": round(percentile(times, percent), 2) for percent in (50, 90, 99)
        }
        for name, modes in (*found.items(), ("ticks", ticks))
        for mode, times in modes.items()
    }
    json_line("latency", keys=keys * rounds, tick_target_ms=TICK_TARGET_MS, results=numbers)


if __name__ == "__main__":
    main()
