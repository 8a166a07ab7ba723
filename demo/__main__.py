"""`make demo`: build sessions on real shells, SIGKILL the server, then everything, and compare with what was there before.

An editor with unsaved text is one of the programs: what it showed last comes back, too.
Works in a directory of its own and touches no session of yours. Exits 0 only if all of it is back.
"""

import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from demo import unsaved as last_screen
from demo.fugue import Fugue, Shape, differences
from demo.unsaved import Unsaved

SCREEN = ("-x", "120", "-y", "36")
COUNTER = "n=0; while :; do n=$((n+1)); echo tick $n; read -t 0.002 <> <(:); done"
COLOURS = (
    "for i in $(seq 1 400); do printf '\\033[3%dm%s \\033[1;4mline %d\\033[0m\\n' $((i % 8)) "
    "colour $i; done"
)
DEADLINE_SECONDS = 20.0
SHOWN_ROWS = 4
"""Of the last screen."""


def say(text: str) -> None:
    print(text, flush=True)


def until(what: str, condition: object) -> None:
    """Wait for `condition()` to be true. Raises SystemExit after the deadline."""
    end = time.monotonic() + DEADLINE_SECONDS
    assert callable(condition)
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"demo: FAILED: no {what} within {DEADLINE_SECONDS:.0f} s")
        time.sleep(0.02)


def build(fugue: Fugue, project: Path) -> dict[str, str]:
    """Two sessions, five windows, eight panes. Returns the pane ids by what they do."""
    work = ("-s", "work", "-n", "edit", "-c", str(project), *SCREEN)
    edit = fugue("new-session", "-dPF", "#{pane_id}", *work, "-e", "PROJECT=fugue demo")
    fugue("set-option", "-g", "history-limit", "100000")
    side = fugue("split-window", "-hPF", "#{pane_id}", "-t", edit, "-c", str(project / "src"))
    fugue("split-window", "-v", "-l", "9", "-t", side)
    count = fugue(
        "new-window", "-dPF", "#{pane_id}", "-t", "work:", "-n", "count", "--", "bash", "--norc"
    )
    colours = fugue("split-window", "-hPF", "#{pane_id}", "-t", count, "-l", "40")
    ops = ("-s", "ops", "-n", "env", "-c", "/tmp", "-e", "STAGE=production", *SCREEN)
    env = fugue("new-session", "-dPF", "#{pane_id}", *ops)
    fugue("new-window", "-d", "-t", "ops:", "-n", "empty")
    fugue("new-window", "-d", "-t", "ops:", "-n", "notes", "-c", str(project))
    fugue("rename-window", "-t", "work:edit", "code")
    fugue("select-pane", "-t", edit, "-T", "the editor's pane")
    fugue("select-window", "-t", "ops:notes")
    fugue("resize-pane", "-t", colours, "-Z")
    for pane, line in (
        (edit, 'cd src && echo "$PROJECT in $PWD"'),
        (count, COUNTER),
        (colours, COLOURS),
        (env, "echo stage is $STAGE"),
    ):
        fugue("send-keys", "-t", pane, line, "Enter")
    until("output of the environment", lambda: "stage is production" in fugue.history(env))
    until("coloured output", lambda: "line 400" in fugue.history(colours))
    until("counter", lambda: "tick 200" in fugue.history(count))
    until("directory", lambda: "fugue demo in" in fugue.history(edit))
    return {"edit": edit, "count": count, "colours": colours, "env": env}


def ticks(fugue: Fugue, pane: str) -> list[int]:
    """The numbers that the counter printed, in order."""
    return [
        int(number) for number in re.findall(r"^tick (\d+)$", fugue.history(pane), re.MULTILINE)
    ]


def missing_or_doubled(numbers: list[int]) -> str:
    """What is wrong with numbers that should be 1, 2, 3 and so on; empty if nothing."""
    for expected, number in enumerate(numbers, 1):
        if number != expected:
            return f"line {expected} of the counter says {number}"
    return "" if numbers else "the counter is gone"


def kill_server(fugue: Fugue, panes: dict[str, str]) -> list[str]:
    """(a) The server alone: the processes run on and no line is missing."""
    before = Shape.of(fugue)
    seen = len(ticks(fugue, panes["count"]))
    server = int(fugue("display-message", "-p", "#{pid}"))
    started = time.monotonic()
    os.kill(server, signal.SIGKILL)
    until(
        "new server",
        lambda: fugue.try_line("display-message", "-p", "#{pid}") not in ("", str(server)),
    )
    say(f"    a new server answers after {(time.monotonic() - started) * 1000:.0f} ms")
    until("more of the counter", lambda: len(ticks(fugue, panes["count"])) > seen + 200)
    numbers = ticks(fugue, panes["count"])
    say(
        f"    the counter continued from {seen} to {numbers[-1]}; the same {len(before.pids)} processes are running"
    )
    wrong = missing_or_doubled(numbers)
    return differences(before, Shape.of(fugue), same_processes=True) + ([wrong] if wrong else [])


def kill_everything(fugue: Fugue, panes: dict[str, str], unsaved: Unsaved) -> list[str]:
    """(b) Server, keeper and shells: hierarchy, layout, names, directories, environment and scrollback come back.

    What was in no file comes back as the last screen of its program.
    """
    fugue("send-keys", "-t", panes["count"], "C-c")
    until("end of the counter", lambda: fugue.history(panes["count"]).rstrip().endswith("$"))
    before, unsaved = Shape.of(fugue, texts=True), last_screen.looked_at(fugue, unsaved)
    del before.texts[unsaved.pane]  # a new shell is there; its last screen is compared instead
    counted = len(ticks(fugue, panes["count"]))
    victims = [
        *before.pids.values(),
        fugue.keeper_pid(),
        int(fugue("display-message", "-p", "#{pid}")),
    ]
    for victim in reversed(victims):
        os.kill(victim, signal.SIGKILL)
    until(
        "end of all processes",
        lambda: not any(Path(f"/proc/{victim}").exists() for victim in victims),
    )
    started = time.monotonic()
    fugue("list-sessions")
    say(
        f"    killed {len(victims)} processes; everything answers again after {(time.monotonic() - started) * 1000:.0f} ms"
    )
    wrong = differences(before, Shape.of(fugue, texts=True), same_processes=False)
    wrong += last_screen.differences(fugue, unsaved)
    numbers = ticks(fugue, panes["count"])
    if len(numbers) != counted or missing_or_doubled(numbers):
        wrong.append(f"{counted} lines of the counter before, {len(numbers)} after")
    fugue("send-keys", "-t", panes["env"], "clear; echo again $STAGE", "Enter")
    until(
        "the environment in the new shell",
        lambda: "again production" in fugue.history(panes["env"]),
    )
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    statuses = {f"%{pane['pane']}": pane["status"] for pane in report["panes"]}
    say(f"    recovery says: {report['summary']}")
    wrong += [f"{pane} is {found}" for pane, found in statuses.items() if found != "respawned"]
    if set(statuses) != set(before.pids):
        wrong.append(f"the report tells of {sorted(statuses)}")
    return wrong


def main() -> int:
    program = Path(sys.prefix) / "bin" / "fugue"
    directory = Path(tempfile.mkdtemp(prefix="fugue-demo-"))
    fugue = Fugue(program, directory)
    failures: list[str] = []
    try:
        project = directory / "project"
        (project / "src").mkdir(parents=True)
        say(
            "1. create two sessions, six windows and nine panes with real shells; one pane has text that is in no file"
        )
        panes = build(fugue, project)
        unsaved = last_screen.begin(fugue, project, until)
        if unsaved.program.name != "vim":
            say(f"    vim is not installed here: {unsaved.program.name} takes its place")
        say(
            fugue(
                "list-panes",
                "-a",
                "-F",
                "    #{session_name}:#{window_name}.#{pane_index} #{pane_id} #{pane_width}x#{pane_height} pid #{pane_pid}",
            )
        )
        say("2. kill the server with SIGKILL")
        failures += kill_server(fugue, panes)
        say("3. kill the server, the keeper and every shell with SIGKILL")
        failures += kill_everything(fugue, panes, unsaved)
        say("4. the report: fugue recovery")
        say(fugue("recovery"))
        say(f"5. the last screen of {unsaved.program.name}: fugue recovery screen {unsaved.pane}")
        rows = fugue("recovery", "screen", unsaved.pane).splitlines()
        say("\n".join(f"    {row}".rstrip() for row in rows[:SHOWN_ROWS]))
        say(f"    … {len(rows)} rows, compared byte for byte; in the pane, C-b M-r shows them")
        fugue("kill-server")
    finally:
        fugue.end()
        shutil.rmtree(directory, ignore_errors=True)
    for failure in failures:
        say(f"DIFFERENT: {failure}")
    say("demo: FAILED" if failures else "demo: everything is back")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
