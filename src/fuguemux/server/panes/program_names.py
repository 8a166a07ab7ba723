"""Names the program that ran in a pane as people know it: tells shells from programs, and joins words to one line."""

import shlex
from collections.abc import Sequence
from typing import Final

import msgspec

from fuguemux.model.state import Life, Pane, Ran

SHELLS: Final = frozenset(
    {b"sh", b"ash", b"bash", b"dash", b"fish", b"ksh", b"mksh", b"tcsh", b"zsh", b"nu", b"xonsh"}
)
VALUE_FOLLOWS: Final = frozenset({b"--rcfile", b"--init-file", b"-o", b"+o", b"-O", b"+O"})
"""Options of shells whose value is the next word."""
CHARACTERS_MAX: Final = 200


def program_of(pane: Pane) -> tuple[bytes, ...]:
    """The words of the program that ran, unless it was the pane's own shell; empty then."""
    if pane.foreground:
        return pane.foreground
    return () if runs_again(pane) else pane.argv


def program_text(pane: Pane) -> str:
    """The program that ran, as text for people. Empty if it was only the pane's own shell."""
    program = program_of(pane)
    if not program:
        return ""
    if not pane.foreground:
        return shown(command_line(program, is_line=is_one(pane)))
    match pane.ran:
        case Ran.LOOP:
            return f"a loop in {shown(name_of(program))}"
        case Ran.BEGINNING:
            return shown(f"{_line(program)} …")
        case Ran.COMMAND:
            return shown(" | ".join(map(_line, (program, *pane.pipeline))))


def ended_program(pane: Pane) -> str:
    """The program that ran last in a pane without a process, for people. Empty if there was none, or a shell."""
    pane = as_it_ran(pane)
    program = program_of(pane)
    if not _had_process(pane) or not program or (pane.ran is Ran.COMMAND and is_shell(program)):
        return ""
    return program_text(pane)


def as_it_ran(pane: Pane) -> Pane:
    """The pane with the command that was started last in it as its own command."""
    return pane if pane.instead is None else msgspec.structs.replace(pane, argv=pane.instead)


def ended_jobs(pane: Pane) -> list[str]:
    """The other jobs that the shell of a pane without a process had, for people."""
    return [shown(_line(job)) for job in pane.jobs] if _had_process(pane) else []


def _had_process(pane: Pane) -> bool:
    """Whether the pane had a process when a server last ran, or lost it to a shutdown.

    A pane that has been waiting since an earlier start has lost nothing since then: it is not known how its process
    ended.
    """
    waited = pane.life is Life.SUSPENDED and (
        pane.exit is None or (pane.exit.code is None and pane.exit.signal is None)
    )
    return pane.generation > 0 and pane.life is not Life.DEAD and not waited


def is_one(pane: Pane) -> bool:
    """Whether the pane's own command is one line for a shell, not a list of words."""
    return len(pane.argv) == 1


def runs_again(pane: Pane) -> bool:
    """Whether the pane's own command is started again without asking. That is so for shells only."""
    words = pane.argv[0].split() if is_one(pane) else pane.argv
    return not words or is_shell(words)


def is_shell(words: Sequence[bytes]) -> bool:
    """Whether these words start an interactive shell, not one that runs a script or a command."""
    if words[0].rpartition(b"/")[2].lstrip(b"-") not in SHELLS:
        return False
    before = b""
    for word in words[1:]:
        if word.startswith(b"--") or before in VALUE_FOLLOWS:
            before = b"" if before in VALUE_FOLLOWS else word
        elif word[:1] not in (b"-", b"+") or b"c" in word or word == b"-":
            return False
        else:
            before = word
    return True


def name_of(program: tuple[bytes, ...], *, is_line: bool = False) -> str:
    """The name of a program, without the path by which it was started."""
    first = program[0].split()[0] if is_line and program[0].split() else program[0]
    return first.rpartition(b"/")[2].lstrip(b"-").decode("utf-8", "replace")


def command_line(program: Sequence[bytes], *, is_line: bool = False) -> str:
    """Join the words to one line for a shell. `is_line`: the only word is such a line already, as a person gave it to
    the pane.

    The words of a process in the foreground are never such a line, whatever they look like: the process chose them.
    """
    words = [word.decode("utf-8", "surrogateescape") for word in program]
    return words[0] if is_line else shlex.join(words)


def _line(program: Sequence[bytes]) -> str:
    """The words for people. A program that wrote a title over its arguments has one word, with blanks in it."""
    return command_line(program, is_line=len(program) == 1)


def shown(text: str) -> str:
    """`text` for people: unprintable characters are escaped, long text is cut."""
    visible = "".join(c if c.isprintable() else _escaped(c) for c in text)
    return visible if len(visible) <= CHARACTERS_MAX else visible[: CHARACTERS_MAX - 1] + "…"


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is not part of a character
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "replace").decode()
