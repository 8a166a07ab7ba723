"""How long does a command take, and how long the first one, which starts the server? Against tmux, interleaved.

`list-sessions` on a running server, and a cold `new-session -d` in a directory without state. Medians in milliseconds.

`--fugue NAME=PROGRAM`, twice or more, compares builds with each other instead.
"""

import argparse
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.support import (
    FUGUE,
    TMUX,
    Multiplexer,
    add_builds_option,
    builds,
    json_line,
    median,
    table,
    workshop,
)

TARGETS_MS = {"list-sessions": 40.0, "cold new-session": 400.0}


def milliseconds(server: Multiplexer, *argv: str) -> float:
    begun = time.perf_counter()
    server(*argv)
    return (time.perf_counter() - begun) * 1000


def cold(name: str, program: str, directory: Path) -> float:
    """A first new-session, in a place of its own."""
    directory.mkdir()
    (directory / "run").symlink_to((directory.parent / "run").resolve() / directory.name)
    server = Multiplexer(program, directory, name=name)
    try:
        return milliseconds(server, "new-session", "-d", "-s", "a")
    finally:
        server.end()


def interpreter(python: str) -> float:
    """The bare interpreter: what no program in Python can go below."""
    begun = time.perf_counter()
    subprocess.run([python, "-I", "-S", "-c", "pass"], check=True)
    return (time.perf_counter() - begun) * 1000


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    add_builds_option(parser)
    arguments = parser.parse_args(argv)
    quick = arguments.quick
    warm_rounds, cold_rounds = (11, 5) if quick else (41, 9)
    programs = builds(arguments.fugue) or {
        Path(program).name: program for program in (FUGUE, TMUX) if program
    }
    times: dict[tuple[str, str], list[float]] = {}
    with workshop() as directory:
        for round_number in range(cold_rounds):
            for name, program in programs.items():
                took = cold(name, program, directory / f"{name}-{round_number}")
                times.setdefault(("cold new-session", name), []).append(took)
        servers = [Multiplexer(program, directory, name=name) for name, program in programs.items()]
        try:
            for server in servers:
                server("new-session", "-d", "-s", "a")
                server("list-sessions")
            for _ in range(warm_rounds):
                for server in servers:
                    took = milliseconds(server, "list-sessions")
                    times.setdefault(("list-sessions", server.name), []).append(took)
                bare = interpreter(str(Path(FUGUE).parent / "python"))
                times.setdefault(("list-sessions", "python"), []).append(bare)
        finally:
            for server in servers:
                server.end()
    names = (*(programs if arguments.fugue else ("fugue", "tmux")), "python")
    rows = []
    for question, target in TARGETS_MS.items():
        found = {name: values for (asked, name), values in times.items() if asked == question}
        cells = [
            f"{median(found[name]):.1f} ({min(found[name]):.1f}-{max(found[name]):.1f})"
            if name in found
            else "-"
            for name in names
        ]
        rows.append((question, *cells, f"< {target:.0f}"))
    table(("milliseconds, median (range)", *names[:-1], "bare python", "target"), rows)
    medians = {
        f"{name} {question}_ms": round(median(values), 1)
        for (question, name), values in times.items()
    }
    json_line("startup", rounds=[warm_rounds, cold_rounds], results=medians)


if __name__ == "__main__":
    main()
