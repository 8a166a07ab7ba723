"""Runs generated cases against tmux and fugue: `python -m tests.differential.run --cases 1500`, or one: `--seed 7`.

Prints what differed, and at the end one line of JSON with the rate of equal cases for each kind. `--keep` stores the
scripts that differed below `cases/`, up to the line that differed, so that the suite repeats them from then on.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import SystemRandom

from tests.differential.generate import KINDS, script
from tests.differential.programs import Both, Difference, Words, both

CASES = Path(__file__).parent / "cases"


def read_case(path: Path) -> list[Words]:
    """The script of a kept case: a line of JSON words for each command. Lines with # are comments."""
    lines = path.read_text("utf-8").splitlines()
    return [tuple(json.loads(line)) for line in lines if line and not line.startswith("#")]


def keep(seed: int, kind: str, lines: list[Words], found: Difference) -> None:
    """Store a script up to the line that differed."""
    until = lines[: lines.index(found.line) + 1]
    text = "".join(json.dumps(list(words), ensure_ascii=False) + "\n" for words in until)
    (CASES / f"{kind}-{seed}").write_text(text, "utf-8")


def run(
    servers: Both, seeds: list[int], *, quiet: bool, store: bool
) -> tuple[Counter[str], Counter[str]]:
    """How many cases of each kind ran, and how many of them differed."""
    ran: Counter[str] = Counter()
    differed: Counter[str] = Counter()
    for seed in seeds:
        kind, lines = script(seed)
        ran[kind] += 1
        found = servers.case(lines)
        if found is None:
            continue
        differed[kind] += 1
        if not quiet:
            print(f"seed {seed} ({kind}): {found}", flush=True)
        if store:
            keep(seed, kind, lines, found)
    return ran, differed


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare fugue with tmux by generated scripts.")
    parser.add_argument("--cases", type=int, default=1500)
    parser.add_argument("--first", type=int, help="the first seed; a new one if absent")
    parser.add_argument("--seed", type=int, help="one seed alone")
    parser.add_argument("--kind", choices=KINDS)
    parser.add_argument("--keep", action="store_true", help="store the scripts that differ")
    parser.add_argument("--quiet", action="store_true", help="print the rates alone")
    options = parser.parse_args()
    first = options.first if options.first is not None else SystemRandom().randrange(1 << 32)
    seeds = list(range(first, first + options.cases))
    if options.kind:
        number, of = list(KINDS).index(options.kind), len(KINDS)
        first += (number - first) % of
        seeds = list(range(first, first + options.cases * of, of))
    if options.seed is not None:
        seeds = [options.seed]
        for words in script(options.seed)[1]:
            print(json.dumps(list(words), ensure_ascii=False))
    with tempfile.TemporaryDirectory() as directory, both(Path(directory)) as servers:
        ran, differed = run(servers, seeds, quiet=options.quiet, store=options.keep)
    total = ran.total()
    rates = {kind: f"{ran[kind] - differed[kind]}/{ran[kind]}" for kind in ran}
    same = total - differed.total()
    print(
        json.dumps({"first": seeds[0], "cases": total, "same": same, "rate": same / total, **rates})
    )
    return 0 if same == total else 1


if __name__ == "__main__":
    sys.exit(main())
