"""Parsing flags as tmux does, and finding commands by name."""

import pytest

from fuguemux.commands import table
from fuguemux.commands.command import Command
from fuguemux.language.canonical import canonical
from fuguemux.language.invocation import Invocation, Usage
from fuguemux.language.language import parse_file
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.effects import RunCommands
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import options
from tests.support.builders import request, session, state
from tests.support.fake_live import FakeLive


def nothing(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    return Decision()


COMMAND = Command("try", "t", "dPt:e:", "[-dP] [-e x] [-t target]", (0, 2), nothing, "Try.")


def parsed(*words: str) -> Invocation:
    return COMMAND.invocation(request("try", *words), table.TABLE)


def test_letters_may_be_joined_and_a_value_may_follow_directly_or_as_a_word() -> None:
    given = parsed("-dPtx", "-t", "y", "-e", "A=1", "-eB=2", "rest")
    assert given.flags.has("d")
    assert given.flags.has("P")
    assert given.flags.value("t") == "y"
    assert given.flags.values("e") == ("A=1", "B=2")
    assert given.flags.value("z") is None
    assert given.arguments == ("rest",)


def test_flags_end_at_two_dashes_and_at_the_first_word() -> None:
    assert parsed("--", "-d").arguments == ("-d",)
    assert parsed("a", "-d").arguments == ("a", "-d")
    assert parsed("-", "x").arguments == ("-", "x")
    assert parsed("-t=name").flags.value("t") == "=name"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-z",), "command try: unknown flag -z"),
        (("-!",), "command try: invalid flag -!"),
        (("-e",), "command try: -e expects an argument"),
        (("a", "b", "c"), "command try: too many arguments (need at most 2)"),
    ],
)
def test_refusals_have_the_words_of_tmux(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(Refused) as refusal:
        parsed(*words)
    assert str(refusal.value) == message


def test_usage_is_told_on_request() -> None:
    with pytest.raises(Usage, match=r"usage: try \[-dP\]"):
        parsed("-?")


def test_names_aliases_and_unique_prefixes() -> None:
    assert table.find("neww").name == "new-window"
    assert table.find("new-w").name == "new-window"
    assert table.find("has").name == "has-session"
    with pytest.raises(Refused, match=r"^ambiguous command: list-, could be: list-buffers, "):
        table.find("list-")
    with pytest.raises(Refused, match=r"^unknown command: bogus$"):
        table.find("bogus")


def test_every_row_is_sound() -> None:
    names = [row.name for row in table.COMMANDS]
    aliases = [row.alias for row in table.COMMANDS if row.alias]
    assert len(set(names)) == len(names)
    assert len(set(aliases)) == len(aliases)
    assert not set(names) & set(aliases)
    for row in table.COMMANDS:
        assert row.help.endswith("."), row.name


def test_an_alias_of_several_commands_runs_them() -> None:
    now = state(session("a", options={}))
    now = ServerState(
        sessions=now.sessions,
        windows=now.windows,
        panes=now.panes,
        server_options={"command-alias": "", "command-alias[0]": "two=list-sessions ; kill-pane"},
    )
    decision = table.decide(now, FakeLive(), request("two", "-a"))
    assert decision.effects == (RunCommands("list-sessions ; kill-pane -a"),)


def test_the_canonical_form_has_full_names_and_flags_in_order() -> None:
    argv = parse_file("neww -n 'a b' -Pd -c /x -- vim")[0].argv
    assert canonical(table.find("neww"), argv) == (
        *("new-window", "-Pd", "-c", "/x", "-n", "a b"),
        "vim",
    )
    argv = parse_file("send -t %0 -- -x")[0].argv
    assert canonical(table.find("send"), argv) == ("send-keys", "-t", "%0", "--", "-x")


@pytest.mark.parametrize(
    ("word", "near"), [("new-sesion", "new-session"), ("atach", "attach"), ("bogus", ""), ("q", "")]
)
def test_what_may_have_been_meant_is_behind_tmuxs_words(word: str, near: str) -> None:
    with pytest.raises(Refused) as refused:
        table.find(word)
    said = f"unknown command: {word}"
    assert str(refused.value) == refused.value.told(as_tmux=True) == said
    assert refused.value.told() == (f"{said}; did you mean {near}?" if near else said)


def test_an_option_that_may_have_been_meant_is_named() -> None:
    with pytest.raises(Refused) as refused:
        options.match("statsu-left")
    assert refused.value.told() == "invalid option: statsu-left; did you mean status-left?"
