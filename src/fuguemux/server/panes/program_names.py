"""What ran in a pane, by the name that a person gave it: shells told from programs, words as one line."""

import shlex
from collections.abc import Sequence
from typing import Final

import msgspec

from fuguemux.model.state import Life, Pane, Ran

SHELLS: Final = frozenset(
    {b"sh", b"ash", b"bash", b"dash", b"fish", b"ksh", b"mksh", b"tcsh", b"zsh", b"nu", b"xonsh"}
)
VALUE_FOLLOWS: Final = frozenset({b"--rcfile", b"--init-file", b"-o", b"+o", b"-O", b"+O"})
"""Options of shells that take the next word."""
CHARACTERS_MAX: Final = 200


def program_of(pane: Pane) -> tuple[bytes, ...]:
    """The words of the program that ran, other than the pane's own shell; empty: there was none."""
    if pane.foreground:
        return pane.foreground
    return () if runs_again(pane) else pane.argv


def program_text(pane: Pane) -> str:
    """What ran, for people; empty: nothing but the pane's own shell."""
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
    """The program that a pane without a process had when that was last there, for people; empty: none, or a shell."""
    pane = as_it_ran(pane)
    program = program_of(pane)
    if not _had_process(pane) or not program or (pane.ran is Ran.COMMAND and is_shell(program)):
        return ""
    return program_text(pane)


def as_it_ran(pane: Pane) -> Pane:
    """The pane with what was started last in it as its command."""
    return pane if pane.instead is None else msgspec.structs.replace(pane, argv=pane.instead)


def ended_jobs(pane: Pane) -> list[str]:
    """Likewise, what else its shell had running."""
    return [shown(_line(job)) for job in pane.jobs] if _had_process(pane) else []


def _had_process(pane: Pane) -> bool:
    """Whether the pane had a process when there was last a server for it, or lost it to a shutdown.

    A pane that waits since an earlier start has lost nothing since: of that nobody knows how its process ended.
    """
    waited = pane.life is Life.SUSPENDED and (
        pane.exit is None or (pane.exit.code is None and pane.exit.signal is None)
    )
    return pane.generation > 0 and pane.life is not Life.DEAD and not waited


def is_one(pane: Pane) -> bool:
    """Whether the pane's own command is one line for a shell, and no list of words."""
    return len(pane.argv) == 1


def runs_again(pane: Pane) -> bool:
    """Whether the pane's own command is started again without asking: nothing but a shell is."""
    words = pane.argv[0].split() if is_one(pane) else pane.argv
    return not words or is_shell(words)


def is_shell(words: Sequence[bytes]) -> bool:
    """Whether these words start a shell that asks for commands, and not one that runs a script or a command."""
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
    """How a program is called, whatever path it was started by."""
    first = program[0].split()[0] if is_line and program[0].split() else program[0]
    return first.rpartition(b"/")[2].lstrip(b"-").decode("utf-8", "replace")


def command_line(program: Sequence[bytes], *, is_line: bool = False) -> str:
    """The words as one line for a shell. `is_line`: the one word is such a line already, which a person gave the pane.

    The words of a process in the foreground are never that, whatever they look like: the process chose them.
    """
    words = [word.decode("utf-8", "surrogateescape") for word in program]
    return words[0] if is_line else shlex.join(words)


def _line(program: Sequence[bytes]) -> str:
    """The words for people. A program that wrote a title over its arguments has one, with blanks in it."""
    return command_line(program, is_line=len(program) == 1)


def shown(text: str) -> str:
    """`text` for people: what is not printable is escaped, what is long is cut."""
    visible = "".join(c if c.isprintable() else _escaped(c) for c in text)
    return visible if len(visible) <= CHARACTERS_MAX else visible[: CHARACTERS_MAX - 1] + "…"


def _escaped(character: str) -> str:
    if "\udc80" <= character <= "\udcff":  # a byte that is no character
        return f"\\x{ord(character) - 0xDC00:02x}"
    return character.encode("unicode_escape", "replace").decode()
