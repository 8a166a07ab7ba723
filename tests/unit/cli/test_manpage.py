"""The page of `man fugue` agrees with the table of commands, and a formatter reports no mistakes."""

import os
import subprocess
from pathlib import Path

from fuguemux.cli import manpage, manual
from fuguemux.client import arguments
from fuguemux.commands.table import COMMANDS
from tests.support.faults import require

PAGE = Path(__file__).parents[3] / "docs" / "fugue.1"


def shown() -> str:
    """The page as a terminal shows it, wide enough that no line is broken."""
    done = subprocess.run(
        ["man", "--warnings=all", "--local-file", str(PAGE)],
        env={**os.environ, "MANWIDTH": "400", "LC_ALL": "C.UTF-8", "MAN_KEEP_FORMATTING": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout


def test_the_page_is_made_from_the_table() -> None:
    assert PAGE.read_text() == manpage.document(), (
        "run: python -m fuguemux.cli.manpage > docs/fugue.1"
    )
    assert PAGE.read_bytes().isascii()


def test_it_can_be_shown_and_names_everything() -> None:
    require(programs=["man"])
    text = shown()
    for command in COMMANDS:
        called = f"{command.name} ({command.alias})" if command.alias else command.name
        assert f"\n       {called} {command.usage}".rstrip() in text, command.name
        assert command.help in text
    for name, usage, _ in manual.OWN:
        assert f"\n       {name} {usage}".rstrip() in text
    for section in ("NAME", "SYNOPSIS", "OPTIONS", "FILES", "ENVIRONMENT", "EXIT STATUS"):
        assert f"\n{section}\n" in text


def test_every_flag_before_the_command_is_explained() -> None:
    explained = " ".join(flag + text for flag, _, text in manpage.FLAGS)
    for letter in {*arguments._PLAIN, *arguments._TAKES_VALUE, "h"}:
        assert f"-{letter}" in explained, letter


def test_text_is_no_request_and_no_escape() -> None:
    assert manpage._text(".so /etc/passwd") == "\\&.so /etc/passwd"
    assert manpage._text("a\\b") == "a\\eb"
    assert manpage._text("'x' -y") == "\\(aqx\\(aq \\-y"
    assert manpage._quoted('C-b "') == '"C\\-b """'
