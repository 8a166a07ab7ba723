"""Commands and files in one tmux and one fugue that all scripts share: outputs, errors and exit codes are the same.

Each script has sessions of its own and leaves the others alone.
"""

import re
from collections.abc import Iterator

import pytest

from tests.support.tmux_pair import TMUX, Pair, Shows

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]
Step = tuple[str, ...] | Shows

FILES = {
    "conditions.conf": """
set -g @a 1 ; %if 1 set -g @b 2 %endif ; set -g @c 3
%if 0 set -g @d 4 %else set -g @e 5 %endif
%hidden HID=secret
%if #{==:#{HID},secret}
set -gF @f "#{HID}"
%endif
bind -T files a { set -g @x 1 ; %if 1 set -g @y 1 %endif ; splitp -h }
bind -T files % set -g @p %
""",
    "word.conf": "set -g @g %abc\n",
    "inside.conf": "set -g @g 1 %if 1 foo %endif\n",
    "block.conf": "set -g @g 1\nif-shell -F 0 {\n z\n}\nset -g @g 2\n",
    "late.conf": "%if 1\nset -g @g 1 %endif\n",
}

MARKS = (
    "list-panes", "-a", "-f", "#{==:#S,marks}", "-F",
    "#I.#P #{pane_marked} #{window_marked_flag} #F #{session_marked} #{pane_marked_set} #{pane_input_off}",
)  # fmt: skip

SCRIPTS: dict[str, list[Step]] = {
    "aliases": [
        ("set", "-s", "command-alias[50]", "hello=set -g @hello"),
        ("set", "-s", "command-alias[51]", "two=set -g @one 1 ; set -g @two"),
        ("bind", "-T", "alias", "a", "hello", "1"),
        ("bind", "-T", "alias", "b", "hello 4 ; split-pane -h ; two 2"),
        ("bind", "-T", "alias", "c", "if-shell true { hello 3 }"),
        ("set-hook", "-g", "after-lock-server", "hello 2"),
        ("list-keys", "-T", "alias"),
        ("show-hooks", "-g", "after-lock-server"),
        ("if-shell", "-F", "1", "hello 3"),
        ("run-shell", "-C", "hello 4"),
        ("show", "-gqv", "@hello"),
        ("source-file", "DIRECTORY/conditions.conf"),
        ("list-keys", "-T", "files"),
    ],
    "files": [
        ("source-file", "DIRECTORY/conditions.conf"),
        *(("show", "-gqv", f"@{letter}") for letter in "abcdef"),
        ("source-file", "DIRECTORY/word.conf"),
        ("source-file", "DIRECTORY/inside.conf"),
        ("source-file", "DIRECTORY/late.conf"),
        ("source-file", "DIRECTORY/block.conf"),
        ("showenv", "-g", "HID"),
        ("showenv", "-gh", "HID"),
    ],
    "names": [
        ("new-session", "-d", "-s", "names", "sleep 100"),
        ("rename-window", "-t", "names:0", "a\tb\rc\nd\001e\\f"),
        ("display", "-p", "-t", "names:", "#W"),
        ("rename-session", "-t", "names", "x\ty\\z"),
        ("list-sessions", "-F", "#S", "-f", "#{m:x*,#S}"),
    ],
    "marks": [
        ("new-session", "-d", "-s", "marks", "sleep 100"),
        ("split-window", "-d", "-t", "marks:0", "sleep 100"),
        ("display", "-p", "-t", "~", "#P"),
        ("swap-pane", "-s", "{marked}", "-t", "marks:0.0"),
        ("join-pane", "-s", "~", "-t", "marks:0.0"),
        ("select-pane", "-m", "-t", "marks:0.1"),
        MARKS,
        ("display", "-p", "-t", "{marked}", "#P"),
        ("swap-pane", "-t", "marks:0.0"),
        MARKS,
        ("new-window", "-d", "-t", "marks:7", "sleep 100"),
        ("join-pane", "-t", "marks:7"),
        MARKS,
        ("select-pane", "-m", "-t", "marks:7.1"),
        MARKS,
        ("select-pane", "-m", "-t", "marks:0.0"),
        ("swap-window", "-t", "marks:7"),
        MARKS,
        ("select-pane", "-m", "-t", "marks:0.0"),
        ("select-pane", "-M"),
        MARKS,
        ("select-pane", "-m", "-t", "marks:0.0"),
        ("select-pane", "-m", "-t", "marks:0.0"),
        MARKS,
        ("select-pane", "-d", "-t", "marks:0.0"),
        MARKS,
        ("select-pane", "-e", "-t", "marks:0.0"),
        ("select-pane", "-m", "-t", "marks:0.0"),
        ("kill-pane", "-t", "~"),
        MARKS,
    ],
    "small commands": [
        ("server-access",),
        ("server-access", "-l"),
        ("server-access", "-a", "root"),
        ("run-shell", "-C", "set -g @shell '#{session_name}'"),
        ("show", "-gv", "@shell"),
        ("display", "-I", "-p", "x"),
        ("show-messages", "-t", "nobody"),
    ],
    "what -t names": [
        ("new-session", "-d", "-s", "targets", "sleep 100"),
        ("new-window", "-d", "-t", "targets:7", "sleep 100"),
        ("setw", "-t", "targets:7", "@w", "1"),
        ("setw", "-t", "targets", "@w", "2"),
        ("setw", "-t", "1", "@w", "1"),
        ("showw", "-t", "99"),
        ("showw", "-t", "targets:7", "-v", "@w"),
        ("setenv", "-t", "77", "A", "b"),
        ("setenv", "-t", "targets", "A", "b"),
        ("showenv", "-t", "targets", "A"),
        ("showenv", "-t", "nope"),
        ("list-panes", "-s", "-t", "targets:7", "-F", "#{window_index}"),
        ("list-panes", "-s", "-t", "none"),
        ("setenv", "-t", "targets", "-h", "HIDDEN", "x"),
        ("showenv", "-t", "targets", "-h"),
        ("showenv", "-t", "targets", "HIDDEN"),
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("pair"))
    for directory in (made.tmux.directory, made.fugue.directory):
        for name, text in FILES.items():
            (directory / name).write_text(text)
    start = "new-session -d -s main -x 80 -y 24 -n one cat ; set -g automatic-rename off"
    made.both(*start.split())
    yield made
    made.end()


@pytest.mark.parametrize("name", SCRIPTS)
def test_both_answer_the_same(pair: Pair, name: str) -> None:
    differences = []
    for step in SCRIPTS[name]:
        if isinstance(step, Shows):
            pair.wait(step)
            continue
        theirs, ours = pair.both(*step)
        if theirs != ours:
            differences.append(f"{step}\n  tmux:  {theirs}\n  fugue: {ours}")
    assert not differences, "\n".join(["", *differences])


def _usage(line: str) -> set[str]:
    """The letters of the flags without a value, and the other parts of a usage line."""
    first, *rest = re.findall(r"\[([^]]*)\]", line)
    return {*first, *rest}


def test_commands_are_listed_with_tmux_flags(pair: Pair) -> None:
    theirs, ours = (
        {line.split()[0]: line for line in answer[1].splitlines()}
        for answer in pair.both("list-commands")
    )
    shared = theirs.keys() & ours.keys()
    assert len(shared) > 80
    different = {name for name in shared if ours[name] != theirs[name]}
    assert different == {"break-pane", "move-pane"}, "these have flags for floating panes"
    for name in different:
        assert _usage(theirs[name]) < _usage(ours[name]), name
