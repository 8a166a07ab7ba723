"""The commands run-shell, if-shell, pipe-pane and wait-for."""

import pytest

from fuguemux.commands import if_shell, pipe_pane, run_shell, wait_for
from fuguemux.formats.formats import FormatContext, expand
from fuguemux.model.decision import Refused
from fuguemux.model.effects import IfShell, PipePane, RunCommands, RunShell, WaitFor, WaitMode
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.state import Pipe, ServerState
from tests.support.builders import session, state
from tests.support.fake_live import NOW_MS, FakeLive
from tests.support.folding import run

STATE = state(session("a"))
PANE = PaneId(0)


def test_a_shell_command_is_a_format_and_runs_where_the_requester_is() -> None:
    outcome = run(run_shell.COMMAND, STATE, "-b", "echo #{session_name}")
    assert outcome.effects == (RunShell("echo a", True, b"/tmp", ClientId(1), PANE),)


def test_a_delay_in_seconds() -> None:
    (effect,) = run(run_shell.COMMAND, STATE, "-d", "1.5", "true").effects
    assert isinstance(effect, RunShell)
    assert effect.delay_ms == 1500
    with pytest.raises(Refused, match=r"^invalid delay time: x$"):
        run(run_shell.COMMAND, STATE, "-d", "x", "true")


def test_without_sessions_too() -> None:
    outcome = run(run_shell.COMMAND, ServerState(), "true")
    assert outcome.effects == (RunShell("true", False, b"/tmp", ClientId(1)),)
    assert run(run_shell.COMMAND, STATE).effects == ()


def test_commands_of_fugue() -> None:
    outcome = run(run_shell.COMMAND, STATE, "-C", "kill-pane")
    assert outcome.effects == (RunCommands("kill-pane"),)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("1", "then", "else"), "then"),
        (("", "then", "else"), "else"),
        (("0", "then", "else"), "else"),
        (("#{session_name}", "then"), "then"),
    ],
)
def test_if_by_a_format(words: tuple[str, ...], expected: str) -> None:
    assert run(if_shell.COMMAND, STATE, "-F", *words).effects == (RunCommands(expected),)


def test_if_by_a_shell_command() -> None:
    outcome = run(if_shell.COMMAND, STATE, "-b", "test -f x", "then", "else")
    assert outcome.effects == (
        IfShell("test -f x", "then", "else", True, b"/tmp", ClientId(1), PANE),
    )
    assert run(if_shell.COMMAND, STATE, "-F", "0", "then").effects == ()
    with pytest.raises(Refused) as refused:
        run(if_shell.COMMAND, STATE, "true")
    assert str(refused.value) == "command if-shell: too few arguments (need at least 2)"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("cat > #{pane_id}",), Pipe("cat > %0", NOW_MS)),
        (("-I", "date"), Pipe("date", NOW_MS, out=False, into=True)),
        (("-IO", "cat"), Pipe("cat", NOW_MS, into=True)),
        (("-o", "cat"), Pipe("cat", NOW_MS)),
        (("cat >>%Y-#S",), Pipe("cat >>2023-a", NOW_MS)),
    ],
)
def test_pipes(words: tuple[str, ...], expected: Pipe) -> None:
    outcome = run(pipe_pane.COMMAND, STATE, *words)
    assert outcome.effects == (PipePane(PANE, expected),)
    assert outcome.state.panes[PANE].pipe == expected
    context = FormatContext(outcome.state, FakeLive(), pane=PANE)
    assert expand("#{pane_pipe}", context) == "1"


def test_a_pipe_that_is_open_is_closed_by_toggling_or_without_a_command() -> None:
    piped = run(pipe_pane.COMMAND, STATE, "-o", "cat").state
    for words in (("-o", "cat"), ()):
        outcome = run(pipe_pane.COMMAND, piped, *words)
        assert outcome.effects == (PipePane(PANE, None),)
        assert outcome.state == STATE
    assert run(pipe_pane.COMMAND, STATE).decision.events == ()


@pytest.mark.parametrize(
    ("words", "mode"),
    [(("x",), "wait"), (("-S", "x"), "signal"), (("-L", "x"), "lock"), (("-U", "x"), "unlock")],
)
def test_channels(words: tuple[str, ...], mode: WaitMode) -> None:
    assert run(wait_for.COMMAND, ServerState(), *words).effects == (WaitFor("x", mode),)
