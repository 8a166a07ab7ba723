"""No option is taken and ignored: the code reads it, or setting it is answered by a line that says so."""

import re
from pathlib import Path

import pytest

from fuguemux.commands import select_pane, set_option
from fuguemux.commands.table import TABLE
from fuguemux.model.effects import Tell
from fuguemux.options.table import BY_NAME, OPTIONS
from fuguemux.options.without_effect import WITHOUT_EFFECT, said
from tests.support.builders import session, state
from tests.support.folding import run

SOURCES = Path(__file__).parents[3] / "src" / "fuguemux"
NOT_READERS = {
    SOURCES / "options" / f"{name}.py"
    for name in (
        *("server_scope", "session_scope", "window_scope", "hook_names", "table", "themes"),
        "without_effect",
    )
}
"""The modules that name options without reading them: the table, the themes and the list of those without effect."""
COMPOSED = re.compile(
    r"(status-(left|right)(-length|-style)?|window-status(-\w+)?-(format|style)|(main|other)-pane-\w+)$"
)
"""Names that the code puts together."""
READ_FOR_LESS = frozenset(("window-active-style", "window-style"))
"""Options that are read, but not for what they are made for: formats, the preview of a tree, and select-pane -g."""


def unread() -> set[str]:
    """The options and hooks that only the table names."""
    text = "\n".join(
        path.read_text("utf-8") for path in SOURCES.rglob("*.py") if path not in NOT_READERS
    )
    return {
        option.name
        for option in OPTIONS
        if not option.name.startswith("after-")
        and not COMPOSED.match(option.name)
        and not re.search(rf"[\"'{{:]{re.escape(option.name)}[\"'}}\[]", text)
    }


def test_each_option_is_read_or_said_to_have_no_effect() -> None:
    assert unread() | READ_FOR_LESS == set(WITHOUT_EFFECT)


@pytest.mark.parametrize("name", WITHOUT_EFFECT)
def test_setting_one_without_effect_is_answered_by_a_line(name: str) -> None:
    option = BY_NAME[name]
    value = {
        "flag": "off" if option.default == "on" else "on",
        "choice": next((choice for choice in option.choices if choice != option.default), ""),
        "number": "7",
        "key": "C-h",
        "command": "list-keys",
        "style": "fg=red",
        "colour": "red",
        "string": "red",
    }[option.kind]
    outcome = run(set_option.COMMAND, state(session("a")), "-g", name, value)
    if option.default == value:
        outcome = run(set_option.COMMAND, state(session("a")), "-g", name, "green")
    assert outcome.decision.effects == (Tell(said(name)),)
    assert said(name).startswith(f"option {name} has no effect in fugue: ")


def test_the_default_of_one_is_taken_without_a_word() -> None:
    outcome = run(set_option.COMMAND, state(session("a")), "-g", "xterm-keys", "on")
    assert outcome.decision.effects == ()


def test_one_with_an_effect_is_taken_without_a_word() -> None:
    outcome = run(set_option.COMMAND, state(session("a")), "-g", "mouse", "on")
    assert outcome.decision.effects == ()


def test_the_style_of_a_pane_is_answered_as_well() -> None:
    outcome = run(select_pane.COMMAND, state(session("a")), "-t", "a", "-P", "bg=red")
    assert outcome.decision.effects == (Tell(said("window-style")),)
    assert TABLE.find("select-pane") is select_pane.COMMAND
