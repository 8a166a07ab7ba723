"""Whole sequences of commands, compared word by word with the answers of tmux 3.3a for the same sessions.

The lines of a transcript begin with `$` (a command, as a shell would parse it), `>` (standard output), `!` (standard
error) or `?` (the exit code of a command that failed without a message).
"""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.commands import table
from fuguemux.language import command_lines
from fuguemux.model.apply import apply
from fuguemux.model.decision import Expand, Refused
from fuguemux.model.invariants import violations
from fuguemux.model.state import ServerState
from tests.support.builders import request, session, state, window
from tests.support.fake_live import FakeLive

TRANSCRIPTS = Path(__file__).parent / "transcripts"

DIFFERENT = {
    # A flag that lacks its value is taken as given by tmux 3.3a, which then crashes or does something else.
    "lsw -F",
    # tmux calls a malformed index ambiguous or not by chance.
    "set -g @a[0] x",
    # tmux then speaks of a pane as if it were in a window where it is not.
    "display -p -t a.%2 '#S:#I.#P'",
}


def sessions() -> ServerState:
    return state(
        session("a", window("win"), window("two", panes=2, at=5)),
        session("alpha", window("bb"), window("win")),
        session("b", window("bb")),
    )


def steps(text: str) -> Iterator[tuple[str, list[str]]]:
    """Each command with the lines of its answer, marks included."""
    command, answer = "", list[str]()
    for line in text.splitlines():
        if line.startswith("$ "):
            if command:
                yield command, answer
            command, answer = line[2:], []
        else:
            answer.append(line)
    yield command, answer


def answered(now: ServerState, line: str) -> tuple[ServerState, list[str]]:
    answer: list[str] = []
    live = FakeLive()
    for argv in command_lines.parse(shlex.split(line)):
        try:
            decision = table.decide(now, live, request(*argv))
        except Refused as refusal:
            answer += [f"! {part}" for part in str(refusal).split("\n")]
            break
        for event in decision.events:
            now = apply(now, event)
        assert list(violations(now)) == []
        for shown in decision.reply.lines:
            assert not isinstance(shown, Expand)
            answer += [f"> {part}" for part in shown.split("\n")]
        if decision.reply.error:
            answer.append(f"! {decision.reply.error}")
    return now, answer


@pytest.mark.parametrize("name", sorted(path.stem for path in TRANSCRIPTS.glob("*.txt")))
def test_answers_as_tmux_does(name: str) -> None:
    now = sessions()
    wrong: list[str] = []
    for line, expected in steps((TRANSCRIPTS / f"{name}.txt").read_text("utf-8")):
        now, answer = answered(now, line)
        if answer != expected and line not in DIFFERENT:
            wrong += [f"$ {line}", *(f"  tmux  {part}" for part in expected)]
            wrong += [f"  fugue {part}" for part in answer]
    assert not wrong, "\n" + "\n".join(wrong)
