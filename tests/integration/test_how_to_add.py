"""Follows the steps in ARCHITECTURE.md for a new command in a copy of the sources, and runs that command."""

import re
import shutil
import subprocess
import sys
import textwrap
import venv
from pathlib import Path

import pytest

from tests.support.running import Running

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^ *```python\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def steps() -> tuple[str, str]:
    """The name of the module in the first step for a command, and its text."""
    page = (ROOT / "ARCHITECTURE.md").read_text()
    section = page[page.index("### A command") : page.index("### An event")]
    named = re.search(r"`commands/(\w+)\.py`:", section)
    block = FENCE.search(section)
    assert named is not None
    assert block is not None
    return named[1], textwrap.dedent(block[1])


def with_lines(table: str, name: str) -> str:
    """The table of commands with the two lines of the second step, each before the first line that comes after it."""
    lines = table.splitlines()
    for new in (f"    {name},", f"    {name}.COMMAND,"):
        kind = re.compile(r"    \w+\.COMMAND," if new.endswith("COMMAND,") else r"    \w+,")
        at = next(
            at
            for at, line in enumerate(lines)
            if kind.fullmatch(line) and line.strip() > new.strip()
        )
        lines.insert(at, new)
    return "\n".join(lines) + "\n"


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A program that runs a copy of the sources with one command more. Its processes find that copy by a venv of its own."""
    name, text = steps()
    copy = tmp_path / "src" / "fuguemux"
    shutil.copytree(ROOT / "src" / "fuguemux", copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "commands" / f"{name}.py").write_text(text)
    table = copy / "commands" / "table.py"
    table.write_text(with_lines(table.read_text(), name))
    venv.create(tmp_path / "venv", symlinks=True)
    python = tmp_path / "venv" / "bin" / "python"
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    (tmp_path / "venv" / "lib" / version / "site-packages" / "copy.pth").write_text(
        f"{tmp_path / 'src'}\n{packages}\n"
    )
    program = tmp_path / "fugue"
    program.write_text(f'#!/bin/sh\nexec {python} -m fuguemux "$@"\n')
    program.chmod(0o755)
    return program


def test_a_command_that_is_added_as_the_page_says_works(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.running.PROGRAM", str(installed))
    fugue = Running(tmp_path)
    try:
        fugue("new-session", "-d", "-s", "work", "-x", "80", "-y", "24")
        assert fugue("pane-count", "-t", "work:0") == "1"
        fugue("split-window", "-t", "work:0")
        assert fugue("pane-count", "-t", "work") == "2"
        refused = fugue.run("pane-count", "-t", "nowhere")
        assert (refused.returncode, refused.stderr) == (1, "can't find window: nowhere\n")
        manual = subprocess.run(
            [installed, "help"], capture_output=True, text=True, check=True, env=fugue.environment
        )
        assert "pane-count" in manual.stdout
    finally:
        fugue.end()
