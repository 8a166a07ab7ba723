"""The name of what ran in a pane, for users: a program, a pipeline, a loop or jobs, but not a shell at its prompt."""

from typing import Any

import pytest
from msgspec.structs import replace

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ExitCause, Life, Pane, ProcessExit, Ran
from fuguemux.server.panes.program_names import ended_jobs, ended_program, is_shell
from tests.support.builders import session, state, window

PANE = state(session("a", window())).panes[PaneId(0)]
UNKNOWN_END = ProcessExit(None, None, ExitCause.SHUTDOWN_SUSPECT, 0)
SHUTDOWN_END = ProcessExit(None, 1, ExitCause.SHUTDOWN_SUSPECT, 0)


def ran(*foreground: bytes, argv: tuple[bytes, ...] = (), **changes: Any) -> Pane:
    """A pane in which these words were in the foreground."""
    changes = {"argv": argv, "foreground": foreground, "generation": 1, **changes}
    return replace(PANE, **changes)


@pytest.mark.parametrize(
    ("pane", "text"),
    [
        (ran(b"vim", b"my notes.md"), "vim 'my notes.md'"),
        (ran(b"vim", b"x", argv=(b"zsh",)), "vim x"),
        (ran(b"bash", b"tests.sh"), "bash tests.sh"),
        (ran(b"less", b"a\nb\x1b[1m"), r"less 'a\nb\x1b[1m'"),
        (ran(b"cat", b"\xff"), r"cat '\xff'"),
        (ran(b"make", pipeline=((b"tee", b"a b"), (b"less",))), "make | tee 'a b' | less"),
        (ran(b"nginx: master process"), "nginx: master process"),
        (ran(b"-zsh", ran=Ran.LOOP), "a loop in zsh"),
        (ran(b"rm", b"a", ran=Ran.BEGINNING), "rm a …"),
        (ran(argv=(b"make -j 4 && make test",)), "make -j 4 && make test"),
        (ran(argv=(b"less", b"a b")), "less 'a b'"),
        # Nothing but a shell.
        (ran(), ""),
        (ran(argv=(b"zsh", b"-l")), ""),
        (ran(b"bash"), ""),
        # Not its own command, but what an earlier start had put in place of that.
        (ran(argv=(b"vim x",), instead=()), ""),
        (ran(argv=(b"vim x",), instead=(b"psql -d x",)), "psql -d x"),
        (ran(b"top", argv=(b"vim x",), instead=()), "top"),
        # It ended before.
        (ran(b"top", life=Life.DEAD, exit=SHUTDOWN_END), ""),
        (ran(b"top", life=Life.SUSPENDED, exit=UNKNOWN_END), ""),
        (ran(b"top", generation=0), ""),
        # It ended with the machine.
        (ran(b"top", life=Life.SUSPENDED, exit=SHUTDOWN_END), "top"),
    ],
)
def test_the_program_that_ended(pane: Pane, text: str) -> None:
    assert ended_program(pane) == text


def test_a_long_command_line_is_cut() -> None:
    assert len(ended_program(ran(b"cat", b"x" * 5000))) == 200


def test_jobs_ended_too() -> None:
    jobs = ((b"sleep", b"1000"), (b"vim", b"a b"))
    assert ended_jobs(ran(jobs=jobs)) == ["sleep 1000", "vim 'a b'"]
    assert ended_jobs(ran(jobs=jobs, life=Life.DEAD)) == []


@pytest.mark.parametrize("words", [(b"",), (b"bash", b"-"), (b"bash", b"-s", b"x")])
def test_what_is_no_shell_at_its_prompt(words: tuple[bytes, ...]) -> None:
    assert not is_shell(words)
