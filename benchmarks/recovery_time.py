"""How soon is everything back? From SIGKILL to the first redrawn frame, to the first echoed key; and from cold.

Warm: an attached client looks at `cat`; the server alone is killed. Cold: server, keeper and every shell are killed; then a
client attaches, which starts both. tmux keeps nothing, so beside the cold start stands what scripts can do with tmux alone:
every pane's text saved to a file before the kill (`capture-pane -e`), and after it made anew by one command file in which each
pane prints its file. tmux-resurrect does more than that, one process per step; it is no package of a registry.
"""

import argparse
import json
import os
import shlex
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.support import (
    COLUMNS,
    FUGUE,
    HISTORY_LINES,
    ROWS,
    TMUX,
    Attached,
    Multiplexer,
    json_line,
    median,
    table,
    until,
    workshop,
)

MARK = b"here-is-the-frame"
FRAME_SECONDS_MAX = 120.0
TARGETS_MS = {"warm 10": 500, "warm 200": 1500, "cold 200": 2000}


class Watcher:
    """Waits for bytes in what a client draws."""

    def __init__(self, client: Attached) -> None:
        self._wanted = b""
        self._tail = b""
        self._found = threading.Event()
        client.seen = self._seen

    def _seen(self, data: bytes) -> None:
        text = self._tail + data
        if self._wanted and self._wanted in text:
            self._found.set()
        self._tail = text[-len(MARK) :]

    def expect(self, wanted: bytes) -> None:
        self._found.clear()
        self._tail = b""
        self._wanted = wanted

    def wait(self, since: float) -> float:
        """Milliseconds from `since` until the expected bytes came."""
        if not self._found.wait(FRAME_SECONDS_MAX):
            raise TimeoutError(f"no {self._wanted!r} within {FRAME_SECONDS_MAX:.0f} s")
        return (time.perf_counter() - since) * 1000


def fill(server: Multiplexer, panes: int, lines: int) -> None:
    """So many panes, one a window, each with its lines; the first is looked at and echoes."""
    shown = f"seq 1 {lines}; echo {MARK.decode()}; exec cat"
    server("new-session", "-d", "-s", "a", "-x", str(COLUMNS), "-y", str(ROWS), shown)
    for _ in range(panes - 1):
        server("new-window", "-d", "-t", "a:", shown)
    last = f"a:{panes - 1}"
    until("text", lambda: MARK.decode() in server("capture-pane", "-p", "-t", last), 300)
    until("text", lambda: MARK.decode() in server("capture-pane", "-p", "-t", "a:0"), 300)


def warm(server: Multiplexer, rounds: int) -> tuple[list[float], list[float], list[float]]:
    """Milliseconds to the first frame, to the first echo, and to all screens, a kill each."""
    frames, echoes, screens = [], [], []
    client = server.attach()
    try:
        watcher = Watcher(client)
        for number in range(rounds):
            pid = server.server_pid()
            time.sleep(0.5)
            watcher.expect(MARK)
            begun = time.perf_counter()
            os.kill(pid, signal.SIGKILL)
            frames.append(watcher.wait(begun))
            key = chr(0x100 + number).encode()
            watcher.expect(key)
            client.type(key)
            echoes.append(watcher.wait(begun))
            until("all screens", lambda: not server.screens_waiting())
            screens.append((time.perf_counter() - begun) * 1000)
            until("recovery's checkpoint", lambda: settled(server))
    finally:
        client.close()
    return frames, echoes, screens


def settled(server: Multiplexer) -> bool:
    return server("display-message", "-p", "#{pid}") != "" and "recovery" in server("status")


def cold(server: Multiplexer) -> float:
    """Milliseconds from the start of a client to the frame, after everything was killed."""
    pid = server.server_pid()
    panes = [int(each) for each in server("list-panes", "-a", "-F", "#{pane_pid}").split()]
    keeper = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    server("checkpoint")
    for each in (keeper, pid, *panes):
        os.kill(each, signal.SIGKILL)
    until("end", lambda: not any(map(runs, (keeper, pid))))
    return attach_time(server)


def attach_time(server: Multiplexer) -> float:
    begun = time.perf_counter()
    client = server.attach()
    try:
        watcher = Watcher(client)
        watcher.expect(MARK)
        client.type(b"\x02r")  # in case the frame came before anybody looked
        return watcher.wait(begun)
    finally:
        client.close()


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def scripted(server: Multiplexer, panes: int) -> tuple[float, float]:
    """tmux with scripts: milliseconds of a save, and from the start of a new server to the first frame."""
    begun = time.perf_counter()
    files = []
    for number in range(panes):
        file = server.directory / f"pane-{number}"
        file.write_text(server("capture-pane", "-e", "-p", "-S", "-", "-t", f"a:{number}"))
        files.append(file)
    saving = (time.perf_counter() - begun) * 1000
    pid = server.server_pid()
    os.kill(pid, signal.SIGKILL)
    until("end", lambda: not runs(pid))
    commands = [
        shlex.join(["new-window", "-d", "-t", "a:", f"cat {file}; exec cat"]) for file in files[1:]
    ]
    script = server.directory / "restore.conf"
    script.write_text("\n".join(commands) + "\n")
    begun = time.perf_counter()
    server(
        *("new-session", "-d", "-s", "a", "-x", str(COLUMNS), "-y", str(ROWS)),
        f"cat {files[0]}; exec cat",
    )
    server("source-file", str(script))
    attach_time(server)
    return saving, (time.perf_counter() - begun) * 1000


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and 20 panes for 200")
    quick = parser.parse_args(argv).quick
    rounds, many = (2, 20) if quick else (5, 200)
    found: dict[str, float] = {}
    for panes in (10, many):
        with workshop() as directory:
            server = Multiplexer(FUGUE, directory)
            try:
                fill(server, panes, 100)
                frames, echoes, screens = warm(server, rounds)
                found[f"warm {panes}, frame"] = median(frames)
                found[f"warm {panes}, key echoed"] = median(echoes)
                found[f"warm {panes}, all screens"] = median(screens)
            finally:
                server.end()
    with workshop() as directory:
        server = Multiplexer(FUGUE, directory)
        try:
            fill(server, many, HISTORY_LINES)
            found[f"cold {many}, frame"] = median([cold(server) for _ in range(min(rounds, 3))])
        finally:
            server.end()
    if TMUX:
        with workshop() as directory:
            server = Multiplexer(TMUX, directory)
            try:
                fill(server, many, HISTORY_LINES)
                saving, restoring = scripted(server, many)
                found[f"tmux and scripts {many}, save"] = saving
                found[f"tmux and scripts {many}, frame"] = restoring
            finally:
                server.end()
    rows = [
        (name, f"{value:.0f}", str(TARGETS_MS.get(name.partition(",")[0], "")))
        for name, value in found.items()
    ]
    table(("from SIGKILL, milliseconds (median)", "measured", "wanted at most"), rows)
    json_line("recovery", rounds=rounds, results=json.loads(json.dumps(found)))


if __name__ == "__main__":
    main()
