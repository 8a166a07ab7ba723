"""How long do others wait while one pane or one person does the worst that is known?

For each input a server with a quiet session of its own: somebody asks it `display-message -p x` again and again, one
command after the other, while the input is at work. Time is from `exec` to the exit of the command, as a shell sees it;
the idle row says how much of it is the command itself. Servers take turns, input by input. A command without an answer
within `TIMEOUT_SECONDS` ends the input: its row says "hangs".

`--fugue NAME=PROGRAM`, once or more, measures those instead of this tree's own: `before=…/fugue --fugue after=…/fugue`.
"""

import argparse
import contextlib
import itertools
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

from benchmarks.latency import percentile
from benchmarks.support import (
    FUGUE,
    HERE,
    TMUX,
    Multiplexer,
    end_all,
    json_line,
    table,
    until,
    workshop,
)
from benchmarks.worst_output import KINDS, LINE_CHARS

TIMEOUT_SECONDS: Final = 15.0
PAUSE_SECONDS: Final = 0.02
TARGET_P99_MS: Final = 100.0

REDOS: Final = "#{m/r:(a+)+$," + "a" * 40 + "b}"
WIDE: Final = "#{=10000:#{p10000:x}}" * 3_000
BUFFER_BYTES: Final = 16_000_000
LOOPS: Final = "#{W:#{P:#{W:#{P:#{s/a/b/:#{window_name}#{pane_id}}}}}}"


class Private(Multiplexer):
    """A server that may hang; `start` begins commands that nobody waits for."""

    def __init__(self, label: str, program: str, directory: Path) -> None:
        (directory / label).mkdir()
        (directory / label / "run").symlink_to((directory / "run").resolve() / label)
        super().__init__(program, directory / label)
        self.name = label
        self._begun: list[subprocess.Popen[bytes]] = []

    def start(self, *argv: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [*self._argv, *argv],
            env=self.environment,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._begun.append(process)
        return process

    def ask(self) -> float | None:
        """Milliseconds for a command of somebody else; None: no answer."""
        begun = time.perf_counter()
        process = subprocess.Popen(
            [*self._argv, "display-message", "-p", "x"],
            env=self.environment,
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return None
        return (time.perf_counter() - begun) * 1000

    def end(self) -> None:
        for process in self._begun:
            process.kill()
            process.wait()
        with contextlib.suppress(subprocess.SubprocessError):
            subprocess.run(
                [*self._argv, "kill-server"], env=self.environment, timeout=3, capture_output=True
            )
        end_all(self.directory)


Load = Callable[[Private], Iterator[None]]
"""Begins at its first step; each further step keeps it at work, between two commands of somebody else."""


def _again(server: Private, *argv: str) -> Iterator[None]:
    """The same command again as soon as it was answered."""
    while True:
        process = server.start(*argv)
        yield
        while process.poll() is None:
            yield


def _program(kind: str) -> str:
    return shlex.join([sys.executable, "-I", str(HERE / "worst_output.py"), kind])


def idle(_server: Private) -> Iterator[None]:
    while True:
        yield


def rep_bomb(server: Private) -> Iterator[None]:
    server("new-window", "-d", _program("repeat"))
    while True:
        yield


def big_line(server: Private) -> Iterator[None]:
    text = server.directory / "line"
    text.write_text("a" * LINE_CHARS + "\nend")
    server("new-window", "-d", "-n", "line", f"cat {shlex.quote(str(text))}; exec sleep 1000")

    def printed() -> bool:
        return server("capture-pane", "-p", "-t", ":line").endswith("end")

    until("long line", printed, 60.0)
    yield from _again(server, "capture-pane", "-p", "-J", "-S", "-", "-t", ":line")


def redos(server: Private) -> Iterator[None]:
    return _again(server, "display-message", "-p", REDOS)


def format_loops(server: Private) -> Iterator[None]:
    for _ in range(20):
        server("new-window", "-d", "exec sleep 1000")
    return _again(server, "display-message", "-p", LOOPS)


def big_source(server: Private) -> Iterator[None]:
    commands = server.directory / "many.conf"
    commands.write_text("set -g @a '#{pane_id} some text'\n" * 20_000)
    return _again(server, "source-file", str(commands))


def huge_sizes(server: Private) -> Iterator[None]:
    server("new-window", "-d", "-n", "huge", "exec sleep 1000")
    while True:
        for size in ("10000", "100"):
            process = server.start("resize-window", "-t", ":huge", "-x", size, "-y", size)
            while process.poll() is None:
                yield


def floods(server: Private) -> Iterator[None]:
    for kind in KINDS:
        server("new-window", "-d", "-n", kind, _program(kind))
    while True:
        yield


def one_flood(kind: str) -> Load:
    def load(server: Private) -> Iterator[None]:
        server("new-window", "-d", "-n", kind, _program(kind))
        while True:
            yield

    return load


def expensive_formats(server: Private) -> Iterator[None]:
    server("set-option", "-g", "@again", "#{E:@twice}#{E:@twice}")
    server("set-option", "-g", "@twice", "#{E:@again}#{E:@again}")
    server("set-option", "-g", "@long", "a" * 60_000)
    for text in itertools.cycle((WIDE, "#{E:@twice}", "#{w:@long}" * 60)):
        process = server.start("display-message", "-p", text)
        yield
        while process.poll() is None:
            yield


def expensive_list(server: Private) -> Iterator[None]:
    for _ in range(60):
        server("new-window", "-d", "exec sleep 1000")
    return _again(server, "list-panes", "-a", "-F", "#{W:#{P:#{pane_id}#{window_layout}}}")


def big_buffers(server: Private) -> Iterator[None]:
    text = server.directory / "text"
    text.write_bytes(b"some text\n" * (BUFFER_BYTES // 10))
    path = str(text)
    server("set-option", "-g", "buffer-limit", "3")
    while True:
        for argv in (
            ("load-buffer", "-b", "big", path),
            ("set-buffer", "-a", "-b", "big", "x"),
            ("set-buffer", "-b", "big", "-n", "other"),
        ):
            process = server.start(*argv)
            yield
            while process.poll() is None:
                yield


def long_sequence(server: Private) -> Iterator[None]:
    return _again(server, *["display-message", "-p", "x;"] * 6_000)


def long_text(server: Private) -> Iterator[None]:
    return _again(server, "if-shell", "-F", "1", "start-server 'x y'\n" * 3_000)


LOADS: Final[dict[str, Load]] = {
    "idle": idle,
    "REP in a loop": rep_bomb,
    "capture of an 8 MB line": big_line,
    "backtracking format": redos,
    "format loops": format_loops,
    "source-file of 20,000 lines": big_source,
    "huge sizes": huge_sizes,
    "expensive formats": expensive_formats,
    "list with expensive lines": expensive_list,
    "buffers of 16 MiB": big_buffers,
    "sequence of 6,000 commands": long_sequence,
    "text of 57 KB": long_text,
    "20 panes of the worst output": floods,
}


def measure(server: Private, load: Load, seconds: float) -> tuple[list[float], bool]:
    """Milliseconds of others' commands under `load`, and whether one was not answered."""
    times: list[float] = []
    try:
        server("new-session", "-d", "-s", "a", "-x", "100", "-y", "30", "exec sleep 1000")
        work = load(server)
        next(work)
        time.sleep(0.3)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            took = server.ask()
            if took is None:
                return times, True
            times.append(took)
            next(work)
            time.sleep(PAUSE_SECONDS)
    except (subprocess.TimeoutExpired, RuntimeError, TimeoutError) as problem:
        print(f"{server.name}: {type(problem).__name__}: {str(problem)[:200]}", file=sys.stderr)
        return times, True
    finally:
        server.end()
    return times, False


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="3 s for each input")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each input and server")
    parser.add_argument("--fugue", action="append", metavar="NAME=PROGRAM")
    parser.add_argument("--only", action="append", choices=list(LOADS), help="this input")
    parser.add_argument("--kinds", action="store_true", help="each kind of output by itself")
    parser.add_argument("--no-tmux", action="store_true")
    asked = parser.parse_args(argv)
    seconds = 3.0 if asked.quick else asked.seconds
    programs = dict(entry.split("=", 1) for entry in asked.fugue or [f"fugue={FUGUE}"])
    if TMUX and not asked.no_tmux:
        programs["tmux"] = TMUX
    loads = {kind: one_flood(kind) for kind in KINDS} if asked.kinds else LOADS
    rows: list[tuple[object, ...]] = []
    results: dict[str, dict[str, dict[str, float | bool]]] = {}
    for name, load in loads.items():
        if asked.only and name not in asked.only:
            continue
        for label, program in programs.items():
            with workshop() as directory:
                times, hung = measure(Private(label, program, directory), load, seconds)
            numbers: dict[str, float | bool] = {"count": len(times), "hangs": hung}
            if times:
                numbers |= {f"p{p}": round(percentile(times, p), 1) for p in (50, 99)}
                numbers["max"] = round(max(times), 1)
            results.setdefault(name, {})[label] = numbers
            row = (
                name,
                label,
                len(times),
                *(numbers.get(k, "-") for k in ("p50", "p99")),
                "hangs" if hung else numbers["max"],
            )
            print(*row, sep="\t", file=sys.stderr, flush=True)
            rows.append(row)
    table(("others' commands, milliseconds", "server", "count", "p50", "p99", "longest"), rows)
    json_line("fairness", target_p99_ms=TARGET_P99_MS, seconds=seconds, results=results)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.umask(0o077)
    main()
