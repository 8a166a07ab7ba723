"""How fast does a pane take output? `cat` of files, detached and attached, against tmux and a bare PTY reader.

Every contestant prints the same file once per round, in turn; the pane's program itself measures from the start of `cat` to
the answer to a cursor query behind it, so that everything was interpreted. Persistence is on, the state is on the disk, and
both multiplexers keep the same number of lines. Prints tables and one line of JSON.

`--fugue NAME=PROGRAM`, twice or more, compares builds with each other instead: wall and processor time of each against the first.
"""

import argparse
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import materials
from benchmarks.support import (
    COLUMNS,
    FUGUE,
    HISTORY_LINES,
    ROWS,
    TMUX,
    Attached,
    Fifos,
    Multiplexer,
    RawReader,
    add_builds_option,
    builds,
    cpu_seconds,
    json_line,
    median,
    table,
    workshop,
)

LOG_BYTES = 100 << 20
OTHER_BYTES = 16 << 20
QUICK_LOG_BYTES = 24 << 20
QUICK_OTHER_BYTES = 4 << 20
TARGETS = {"detached": (2.0, 2.5), "attached": (2.0, 2.5)}
MIB = 1 << 20


@dataclass
class Runs:
    """What one contestant did with one file in one mode."""

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    shown: list[int] = field(default_factory=list)


@dataclass
class Contestant:
    """A server with one pane that prints on demand."""

    server: Multiplexer | RawReader
    fifos: Fifos
    client: Attached | None = None

    @property
    def name(self) -> str:
        return self.server.name

    def run(self, path: Path, runs: Runs) -> None:
        pid = self.server.server_pid()
        cpu, shown = cpu_seconds(pid), self.client.bytes if self.client else 0
        runs.seconds.append(self.fifos.measure(path))
        runs.cpu.append(cpu_seconds(pid) - cpu)
        runs.shown.append(self.client.bytes - shown if self.client else 0)


def contestants(directory: Path, programs: Mapping[str, str]) -> list[Contestant]:
    """Servers by name, and a reader of nothing but the PTY."""
    found: list[Contestant] = []
    for name, program in programs.items():
        server = Multiplexer(program, directory, name=name)
        fifos = Fifos(directory, server.name)
        server("new-session", "-d", "-s", "b", "-x", str(COLUMNS), "-y", str(ROWS), *fifos.argv)
        found.append(Contestant(server, fifos))
    fifos = Fifos(directory, "raw")
    found.append(Contestant(RawReader(directory, fifos), fifos))
    for each in found:
        each.fifos.measure(None)
    return found


def measure(
    players: list[Contestant], files: dict[str, Path], rounds: dict[str, int]
) -> dict[tuple[str, str, str], Runs]:
    """Runs by (material, mode, contestant). Interleaved: all contestants in every round."""
    results: dict[tuple[str, str, str], Runs] = {}
    for mode in ("detached", "attached"):
        for player in players:
            if mode == "attached" and isinstance(player.server, Multiplexer):
                player.client = player.server.attach()
        for material, path in files.items():
            for _ in range(rounds[material]):
                for player in players:
                    key = (material, mode, player.name)
                    player.run(path, results.setdefault(key, Runs()))
    return results


def report(
    results: dict[tuple[str, str, str], Runs], files: dict[str, Path]
) -> dict[str, dict[str, float]]:
    """Print a table per mode; the numbers for the JSON line."""
    numbers: dict[str, dict[str, float]] = {}
    for mode in ("detached", "attached"):
        rows = []
        for material, path in files.items():
            size = path.stat().st_size / MIB
            rate: dict[str, float] = {}
            per_cpu: dict[str, float] = {}
            shown: dict[str, float] = {}
            for (one, where, name), runs in results.items():
                if (one, where) == (material, mode):
                    rate[name] = size / median(runs.seconds)
                    per_cpu[name] = size / max(median(runs.cpu), 0.01)
                    shown[name] = median(runs.shown) / MIB
            line = {
                "fugue_mb_s": rate["fugue"],
                "raw_mb_s": rate["raw"],
                "of_raw": rate["fugue"] / rate["raw"],
                "fugue_mb_cpu_s": per_cpu["fugue"],
                "fugue_shown_mb": shown["fugue"],
            }
            if "tmux" in rate:
                line |= {
                    "tmux_mb_s": rate["tmux"],
                    "wall_ratio": rate["fugue"] / rate["tmux"],
                    "tmux_mb_cpu_s": per_cpu["tmux"],
                    "cpu_ratio": per_cpu["fugue"] / per_cpu["tmux"],
                    "tmux_shown_mb": shown["tmux"],
                }
            numbers[f"{material}.{mode}"] = {name: round(value, 2) for name, value in line.items()}
            rows.append((material, *_row(line)))
        print(f"{mode}, MiB per second, {HISTORY_LINES} lines kept\n")
        table(
            (
                "file",
                "fugue",
                "tmux",
                "raw reader",
                "fugue/tmux",
                "fugue/raw",
                "fugue MiB/CPU-s",
                "tmux MiB/CPU-s",
                "ratio",
                "shown MiB fugue",
                "tmux",
            ),
            rows,
        )
    return numbers


def compare(
    results: dict[tuple[str, str, str], Runs], files: dict[str, Path], names: Iterable[str]
) -> dict[str, dict[str, float]]:
    """Print how much wall and processor time builds take, the first one being 1; the numbers for the JSON line."""
    first, *others = names
    numbers: dict[str, dict[str, float]] = {}
    rows = []
    for mode in ("detached", "attached"):
        for material, path in files.items():
            size = path.stat().st_size / MIB
            base = results[material, mode, first]
            line = {
                f"{first}_ms_per_mib": median(base.seconds) / size * 1000,
                f"{first}_cpu_ms_per_mib": median(base.cpu) / size * 1000,
            }
            for name in others:
                runs = results[material, mode, name]
                line[f"{name}_wall"] = median(runs.seconds) / median(base.seconds)
                line[f"{name}_cpu"] = sum(runs.cpu) / sum(base.cpu)
            numbers[f"{material}.{mode}"] = {name: round(value, 3) for name, value in line.items()}
            rows.append((material, mode, *numbers[f"{material}.{mode}"].values()))
    head = [f"{first}, ms per MiB", "CPU ms per MiB"]
    for name in others:
        head += [f"{name}: wall", "CPU"]
    table(("file", "mode", *head), rows)
    return numbers


def _row(line: dict[str, float]) -> list[str]:
    names = (
        "fugue_mb_s",
        "tmux_mb_s",
        "raw_mb_s",
        "wall_ratio",
        "of_raw",
        "fugue_mb_cpu_s",
        "tmux_mb_cpu_s",
        "cpu_ratio",
        "fugue_shown_mb",
        "tmux_shown_mb",
    )
    digits = {"wall_ratio": 2, "of_raw": 2, "cpu_ratio": 2, "fugue_shown_mb": 2, "tmux_shown_mb": 2}
    return [f"{line[name]:.{digits.get(name, 1)}f}" if name in line else "-" for name in names]


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller files")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", nargs="*", default=list(materials.MATERIALS), metavar="FILE")
    add_builds_option(parser)
    arguments = parser.parse_args(argv)
    compared = builds(arguments.fugue)
    programs = compared or {"fugue": FUGUE, **({"tmux": TMUX} if TMUX else {})}
    log_bytes = QUICK_LOG_BYTES if arguments.quick else LOG_BYTES
    other_bytes = QUICK_OTHER_BYTES if arguments.quick else OTHER_BYTES
    with workshop() as directory:
        files = {
            name: materials.write(directory, name, log_bytes if name == "log" else other_bytes)
            for name in arguments.only
        }
        players = contestants(directory, programs)
        try:
            results = measure(players, files, dict.fromkeys(files, arguments.rounds))
        finally:
            for player in players:
                if player.client is not None:
                    player.client.close()
                player.server.end()
                player.fifos.close()
        numbers = compare(results, files, compared) if compared else report(results, files)
    json_line("throughput", rounds=arguments.rounds, quick=arguments.quick, results=numbers)


if __name__ == "__main__":
    main()
