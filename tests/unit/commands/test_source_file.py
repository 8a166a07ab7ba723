"""The command source-file: which commands run, what is printed, and the errors in a file."""

from fuguemux.commands import table
from fuguemux.commands.source_file import LONG_CHARS_MIN
from fuguemux.model.decision import Decision
from fuguemux.model.effects import RunFileCommands, RunLongTexts
from fuguemux.model.live import LiveView
from tests.support.builders import request, session, state
from tests.support.fake_live import FakeLive

STATE = state(session("work"))


def live(**files: str | None) -> FakeLive:
    fake = FakeLive()
    fake.documents["files"] = [
        {"path": path, "error": "No such file or directory"}
        if text is None
        else {"path": path, "text": text}
        for path, text in files.items()
    ]
    return fake


def source(facts: LiveView, *words: str) -> Decision:
    return table.decide(STATE, facts, request("source-file", *words))


def test_the_commands_of_a_file_run_in_order() -> None:
    decision = source(live(f="set -g @a 1\nsplit-window -h ; display 'a b'\n"), "f")
    assert decision.effects == (
        RunFileCommands(
            (
                (("set", "-g", "@a", "1"), 1, "f"),
                (("split-window", "-h"), 2, "f"),
                (("display", "a b"), 2, "f"),
            )
        ),
    )
    assert decision.reply.exit_code == 0


def test_a_file_with_an_unknown_command_runs_nothing_and_names_the_line() -> None:
    decision = source(live(f="set -g @a 1\n\nbogus\n"), "f")
    assert decision.effects == ()
    assert decision.reply.lines == ("f:3: unknown command: bogus",)
    assert decision.reply.exit_code == 1


def test_the_other_files_run_when_one_is_wrong() -> None:
    decision = source(live(bad='display "', good="display x"), "*")
    assert decision.effects == (RunFileCommands(((("display", "x"), 1, "good"),)),)
    assert str(decision.reply.lines[0]).startswith("bad:1: ")


def test_a_missing_file_is_an_error_unless_quiet() -> None:
    assert source(live(nope=None), "nope").reply.error == "nope: No such file or directory"
    assert source(FakeLive(), "nope").reply.exit_code == 1
    assert source(live(nope=None), "-q", "nope").reply.exit_code == 0


def test_parse_only_and_verbose() -> None:
    facts = live(f="display 'a b'\nset -g @a 1")
    decision = source(facts, "-nv", "f")
    assert decision.effects == ()
    assert decision.reply.lines == ('f:1: display "a b"', "f:2: set -g @a 1")


def test_conditions_are_formats_and_aliases_are_known() -> None:
    text = "%if #{==:#{session_name},work}\nsplitp\n%else\nkill-server\n%endif\n"
    assert source(live(f=text), "f").effects == (RunFileCommands(((("splitp",), 2, "f"),)),)


def test_a_long_file_is_taken_apart_later_and_what_comes_before_it_runs_first() -> None:
    long = "display x\n" * LONG_CHARS_MIN
    decision = source(live(a="display a", b=long, c="display c"), "*")
    texts = (("b", long), ("c", "display c"))
    before = RunFileCommands(((("display", "a"), 1, "a"),))
    assert decision.effects == (before, RunLongTexts(texts))
    assert source(live(b=long), "-nv", "b").effects == (
        RunLongTexts((("b", long),), run=False, verbose=True),
    )
