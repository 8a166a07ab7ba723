"""A full-screen program with text that is in no file: which one this machine has, and whether its last screen is back."""

import json
import shlex
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from demo.fugue import Fugue

TEXT = "three pages of unsaved text"
NAME = "#{window_name}"
"""By itself that of the program: fugue has noted what runs."""
DRAWN = (
    "import curses; curses.wrapper(lambda s: "
    f"(s.addstr(2, 4, {TEXT!r}, curses.A_BOLD), s.move(2, 10), s.refresh(), s.getch()))"
)


class Program(NamedTuple):
    """What runs in the pane. `keys`: what is typed into it, as send-keys takes it."""

    name: str
    argv: tuple[str, ...]
    keys: tuple[str, ...] = ()


def program(notes: Path) -> Program:
    """For a shell in the directory of `notes`: vim, or where that is missing another program that takes the whole screen."""
    if shutil.which("vim"):
        argv = ("vim", "-n", "-u", "NONE", "-i", "NONE", notes.name)
        return Program("vim", argv, ("i", TEXT, "Escape"))
    if shutil.which("nano"):
        return Program("nano", ("nano", "-I", notes.name), (TEXT,))
    if shutil.which("less"):
        notes.write_text(f"{TEXT}\n")
        return Program("less", ("less", notes.name))
    return Program("curses", (sys.executable, "-c", DRAWN))


class Unsaved(NamedTuple):
    """The pane, what runs in it, and what it showed last: with styles and as text."""

    pane: str
    program: Program
    styled: str = ""
    text: str = ""


def begin(
    fugue: Fugue, directory: Path, until: Callable[[str, Callable[[], object]], None]
) -> Unsaved:
    """Start the program in a window of its own and type into it."""
    chosen = program(directory / "notes.md")
    pane = fugue("new-window", "-dPF", "#{pane_id}", "-t", "work:", "-c", str(directory))
    until("shell", lambda: fugue.history(pane))
    shell = fugue("display-message", "-pt", pane, NAME)
    fugue("send-keys", "-t", pane, shlex.join(chosen.argv), "Enter")
    until(chosen.name, lambda: fugue("display-message", "-pt", pane, "#{alternate_on}") == "1")
    until("name for it", lambda: fugue("display-message", "-pt", pane, NAME) != shell)
    fugue("rename-window", "-t", pane, "unsaved")
    if chosen.keys:
        fugue("send-keys", "-t", pane, *chosen.keys)
    until("text on the screen", lambda: TEXT in fugue("capture-pane", "-pt", pane))
    return Unsaved(pane, chosen)


def looked_at(fugue: Fugue, unsaved: Unsaved) -> Unsaved:
    """With what it shows now."""
    styled = fugue("capture-pane", "-pet", unsaved.pane)
    return unsaved._replace(styled=styled, text=fugue("capture-pane", "-pt", unsaved.pane))


def differences(fugue: Fugue, unsaved: Unsaved) -> list[str]:
    """What is not as it should be after everything was killed: the report names the program, and its last screen is there."""
    report = json.loads(fugue("recovery", "--json"))["recovery"]
    ended = [f"%{each['pane']}" for each in report["programs_ended"]]
    found = []
    if unsaved.pane not in ended:
        found.append(f"the report does not name {unsaved.program.name} in {unsaved.pane}")
    if TEXT not in unsaved.text:
        found.append(f"{unsaved.program.name} does not show its text any more")
    for flags, before in ((("-e",), unsaved.styled), ((), unsaved.text)):
        after = fugue("recovery", "screen", *flags, unsaved.pane)
        if after != before:
            found.append(f"the last screen of {unsaved.pane} was {before!r}, is {after!r}")
    return found
