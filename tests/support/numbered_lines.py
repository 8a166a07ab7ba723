"""Panes whose programs write numbered lines, and the check that each line was shown once, in order, and none is
missing."""

import re
import select
import time
from pathlib import Path

from tests.support.running import Attached, Running, until

WRITER = r"""
import os, sys, time
name, lines, seconds, stop = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), sys.argv[4]
number = 0
out = sys.stdout
while not os.path.exists(stop):
    for _ in range(lines):
        number += 1
        out.write("%s line %d of many\n" % (name, number))
    out.flush()
    time.sleep(seconds)
out.write("%s end %d\n" % (name, number))
out.flush()
time.sleep(1000)
"""


def writer_command(
    fugue: Running, name: str, *, lines: int, seconds: float, stop: Path
) -> list[str]:
    """The command line of a program that writes `lines` lines every `seconds` until the file `stop` exists."""
    script = fugue.directory / "writer.py"
    if not script.exists():  # another writer may be reading it
        script.write_text(WRITER)
    return ["python3", str(script), name, str(lines), str(seconds), str(stop)]


def wait_for_end(fugue: Running, pane: str, name: str) -> None:
    """Wait until the program in `pane` was stopped and has shown the number of its lines."""
    until(f"end of {name}", lambda: f"{name} end " in fugue.screen(pane))


def newest_shown(text: str, name: str) -> int:
    """The number of the newest whole line of `name` in `text`. 0: there is none."""
    return max(map(int, re.findall(rf"\b{name} line (\d+) of many", text)), default=0)


def wrong_line(text: str, name: str, *, ended: bool = False, last: int = 0) -> str:
    """The first line that is wrong. Empty: all are right, at least up to line `last`.

    The last line may be incomplete until the program has ended. Text after it may come from another program.
    """
    lines = text.rstrip("\n").splitlines()
    for number, line in enumerate(lines, 1):
        if line == f"{name} line {number} of many":
            continue
        if ended and line == f"{name} end {number - 1}":
            return ""
        if not ended and number > last:
            return ""
        return f"{line!r} instead of line {number} of {name}"
    if ended:
        return f"the end of {name} is missing behind {len(lines)} lines"
    return (
        ""
        if len(lines) >= last
        else f"{name} ends with line {len(lines)} of {last} that were shown"
    )


def watch(person: Attached, shown: dict[str, int], seconds: float) -> None:
    """Watch for `seconds`, and note the newest line of each pane that was on the screen."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        select.select([], [], [], 0.01)
        text = person.text()
        for name in shown:
            shown[name] = max(shown[name], newest_shown(text, name))
