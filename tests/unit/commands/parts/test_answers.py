"""What an answer becomes in the template of a prompt."""

import pytest

from fuguemux.commands.parts.answers import fill


@pytest.mark.parametrize(
    ("template", "answers", "command"),
    [
        ("%1", ['set -g @v "a b"'], 'set -g @v "a b"'),
        ("%1", ["set -g @w $HOME"], "set -g @w $HOME"),
        ("%1", ['display "#{pane_id}"'], 'display "#{pane_id}"'),
        ('rename-window "%%"', ['a "$b" \\c'], 'rename-window "a \\"\\$b\\" \\\\c"'),
        ('select-window -t ":%%"', ["3"], 'select-window -t ":3"'),
        ('display "x\\"" ; %1', ['say "it"'], 'display "x\\"" ; say "it"'),
        ("a %1 %2 %%", ["one", "two"], "a one two one"),
        ("a %% %% %%", ["one", "two"], "a one two %%"),
        ("50% of %3 and %0", ["one"], "50% of %3 and %0"),
        ('"%1" %1', ['"'], '"\\"" "'),
    ],
)
def test_an_answer_is_escaped_only_inside_quotes(
    template: str, answers: list[str], command: str
) -> None:
    assert fill(template, answers) == command
