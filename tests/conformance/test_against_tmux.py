"""Runs the same command lines with a real tmux and a real fugue, and compares outputs, errors and exit codes.

The scripts leave out differences by design, which docs/tmux-differences.md lists.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.tmux_pair import TMUX, Pair, Shows

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = Pair(tmp_path)
    yield made
    made.end()


Step = tuple[str, ...] | Shows
# Without automatic names: until the shell of a pane runs, tmux may call its window "tmux".
START: tuple[str, ...] = (
    "new-session", "-d", "-s", "main", "-x", "80", "-y", "24", "exec sh",
    ";", "set-option", "-g", "automatic-rename", "off",
)  # fmt: skip
SHAPE = (
    "list-panes", "-a", "-F",
    "#{session_id} #{session_name} #{window_id} #{window_index} #{window_name} #{window_layout} "
    "#{window_flags} #{pane_id} #{pane_index} #{pane_active} #{pane_width}x#{pane_height} "
    "#{pane_at_top}#{pane_at_left}#{pane_at_right}#{pane_at_bottom} #{pane_dead}",
)  # fmt: skip

SCRIPTS: dict[str, list[Step]] = {
    "without a server": [
        ("list-sessions",),
        ("has-session", "-t", "main"),
        ("kill-server",),
        ("nonsense",),
        ("list-windows", "-Z"),
    ],
    "sessions": [
        START,
        ("list-sessions",),
        ("has-session", "-t", "main"),
        ("has-session", "-t=mai"),
        ("has-session", "-t", "mai"),
        ("has-session", "-t", "=none"),
        ("new-session", "-d", "-s", "main"),
        ("new-session", "-d", "-s", "two", "-n", "w", "-P", "-F", "#{session_id} #{window_id} #{pane_id}"),
        ("new-session", "-d", "-s", "a.b:c", "-P"),
        ("new-session", "-d", "-s", ""),
        ("rename-session", "-t", "two", "zwei"),
        ("rename-session", "-t", "zwei", "main"),
        ("list-sessions", "-F", "#{session_name} #{session_windows} #{session_attached} #{?session_grouped,g,n}"),
        ("list-sessions", "-f", "#{==:#{session_name},zwei}", "-F", "#S"),
        ("kill-session", "-t", "nobody"),
        ("kill-session", "-t", "zwei"),
        ("kill-session", "-a", "-t", "main"),
        ("ls", "-F", "#{session_id}:#{session_name}"),
    ],
    "windows": [
        START,
        ("new-window", "-d", "-n", "one", "-P", "-F", "#{window_index} #{window_id} #{pane_id}"),
        ("new-window", "-t", "main:5", "-n", "five", "exec sh"),
        ("new-window", "-t", "main:5", "-n", "again", "exec sh"),
        ("neww", "-d", "-k", "-t", "main:5", "-n", "killed", "exec sh"),
        ("new-window", "-a", "-t", "main:0", "-n", "after", "exec sh"),
        ("rename-window", "-t", "main:0", "zero"),
        ("list-windows", "-F", "#{window_index}:#{window_name}#{window_flags}"),
        ("select-window", "-t", "main:1"),
        ("last-window", "-t", "main"),
        ("next-window", "-t", "main"),
        ("previous-window", "-t", "main"),
        ("select-window", "-t", "main:9"),
        ("swap-window", "-s", "main:0", "-t", "main:5"),
        ("move-window", "-s", "main:5", "-t", "main:8"),
        ("move-window", "-r", "-t", "main"),
        ("list-windows", "-F", "#{window_index}:#{window_name}"),
        ("kill-window", "-t", "main:zero"),
        ("kill-window", "-t", "main:77"),
        ("list-windows", "-t", "nobody"),
        SHAPE,
    ],
    "panes": [
        START,
        ("split-window", "-h", "-d", "-P", "-F", "#{pane_id}", "exec sh"),
        ("split-window", "-v", "-l", "5", "-t", "%0", "exec sh"),
        ("split-window", "-b", "-l", "30%", "-t", "%1", "exec sh"),
        ("split-window", "-f", "-h", "-l", "10", "exec sh"),
        SHAPE,
        ("resize-pane", "-t", "%0", "-x", "20"),
        ("resize-pane", "-t", "%0", "-D", "2"),
        ("resize-pane", "-Z", "-t", "%1"),
        SHAPE,
        ("select-pane", "-t", "%2"),
        ("select-pane", "-L"),
        ("last-pane",),
        ("swap-pane", "-s", "%0", "-t", "%2"),
        ("rotate-window",),
        ("select-layout", "tiled"),
        SHAPE,
        ("select-layout", "main-vertical"),
        ("break-pane", "-d", "-s", "%1", "-P", "-F", "#{window_id} #{pane_id}"),
        ("join-pane", "-d", "-s", "%1", "-t", "%0"),
        ("kill-pane", "-t", "%3"),
        ("kill-pane", "-t", "%99"),
        ("select-pane", "-t", "main:0.7"),
        ("split-window", "-l", "2000", "-t", "%0", "exec sh"),
        ("respawn-pane", "-t", "%0"),
        SHAPE,
        ("kill-pane", "-a", "-t", "%0"),
        SHAPE,
    ],
    "errors": [
        START,
        ("lis",),
        ("st",),
        ("sta",),
        ("nonsense", "x"),
        ("list-sessions", "-Z"),
        ("list-sessions", "extra"),
        ("select-pane", "-t", "a:b.c"),
        ("show-options", "-g", "nonsense"),
        ("set-option", "-g", "nonsense", "1"),
        ("set-option", "-g", "status", "perhaps"),
        ("set-option", "-g", "history-limit", "-1"),
        ("set-option", "-g", "history"),
        ("show-options", "-gq", "nonsense"),
        ("set-option", "-gq", "nonsense", "1"),
        ("set-option", "-g", "status-", "1"),
        ("display-message", "-p", "-t", "nobody", "x"),
        ("capture-pane", "-p", "-t", "nobody"),
        ("send-keys", "-t", "%55", "x"),
        ("wait-for", "-U", "nothing"),
        ("show-buffer",),
        ("show-buffer", "-b", "none"),
        ("delete-buffer", "-b", "none"),
        ("paste-buffer", "-b", "none"),
        ("load-buffer", "/nonexistent/file"),
        ("source-file", "/nonexistent/file"),
        ("bind-key", "NoSuchKey", "x"),
        ("if-shell",),
    ],
    "options": [
        START,
        ("set-option", "-g", "history-limit", "50000"),
        ("set-option", "-t", "main", "status", "off"),
        ("set-option", "-w", "-t", "main", "automatic-rename", "off"),
        ("set-option", "-g", "@mine", "a b"),
        ("set-option", "-ga", "@mine", "c"),
        ("set-option", "-p", "@pane", "1"),
        ("set-option", "-s", "escape-time", "10"),
        ("show-options", "-g", "history-limit"),
        ("show-options", "-gv", "history-limit"),
        ("show-options", "-t", "main"),
        ("show-options", "-v", "status"),
        ("show-options", "-gv", "@mine"),
        ("show-options", "-g", "@mine"),
        ("show-options", "-p"),
        ("show-options", "-wv", "automatic-rename"),
        ("show-window-options", "-t", "main"),
        ("show-options", "-sv", "escape-time"),
        ("show-options", "-A", "history-limit"),
        ("set-option", "-gu", "@mine"),
        ("show-options", "-gv", "@mine"),
        ("set-option", "-g", "status-left", "#[fg=red]x '$y' \"z\""),
        ("show-options", "-g", "status-left"),
        ("set-option", "-g", "status-style", "fg=colour3,bold"),
        ("show-options", "-gv", "status-style"),
        ("set-option", "-go", "@once", "1"),
        ("set-option", "-go", "@once", "2"),
        ("set-hook", "-g", "after-new-window", "display-message -p hooked"),
        ("show-hooks", "-g", "after-new-window"),
        ("new-window", "-d", "exec sh"),
        ("set-hook", "-gu", "after-new-window"),
        ("show-hooks", "-g", "after-new-window"),
    ],
    "environment": [
        START,
        ("set-environment", "-t", "main", "A", "x y"),
        ("set-environment", "-g", "B", "2"),
        ("set-environment", "-r", "-t", "main", "C"),
        ("show-environment", "-t", "main", "A"),
        ("show-environment", "-s", "-t", "main", "A"),
        ("show-environment", "-g", "B"),
        ("show-environment", "-t", "main", "C"),
        ("show-environment", "-t", "main", "NONE"),
        ("set-environment", "-u", "-t", "main", "A"),
        ("show-environment", "-t", "main", "A"),
        ("set-environment", "A=B", "x"),
        ("set-environment", "-t", "main", "A"),
        ("set-environment", "-gh", "H", "1"),
        ("show-environment", "-g", "H"),
        ("show-environment", "-gh", "H"),
        ("set-environment", "-g", "S", "1"),
        ("set-environment", "-h", "-t", "main", "S", "2"),
        ("show-environment", "-h", "-t", "main"),
        ("display-message", "-p", "-t", "main", "#{H} #{S}"),
        ("split-window", "-t", "main", "-e", "E=e", "echo [$E$H$S] | tr a-z A-Z; exec sh"),
        Shows("main:.1", "[E]"),
    ],
    "keys and capture": [
        START,
        Shows("main", "$"),
        ("send-keys", "-t", "main", "printf '\\033[31mred\\033[0m plain\\n'", "Enter"),
        Shows("main", "\nred plain\n$"),
        ("capture-pane", "-p", "-t", "main"),
        ("send-keys", "-t", "main", "-l", "echo Enter"),
        ("send-keys", "-t", "main", "Enter"),
        Shows("main", "\nEnter\n$"),
        ("send-keys", "-t", "main", "seq 1 50", "C-m"),
        Shows("main", "\n50\n$"),
        ("capture-pane", "-p", "-t", "main", "-S", "-3"),
        ("capture-pane", "-p", "-t", "main", "-S", "-", "-E", "2"),
        ("capture-pane", "-p", "-J", "-S", "-5", "-E", "-1"),
        ("display-message", "-p", "#{history_size} #{cursor_x} #{cursor_y} #{pane_in_mode}"),
        ("clear-history", "-t", "main"),
        ("display-message", "-p", "#{history_size}"),
        ("capture-pane", "-b", "kept", "-t", "main", "-S", "0", "-E", "1"),
        ("show-buffer", "-b", "kept"),
    ],
    "formats": [
        START,
        Shows("main", "$"),  # until the shell runs its command may be called "tmux"
        ("rename-window", "named"),
        ("display-message", "-p", "#S #I #P #W #F #D #T #{version}"),
        ("display-message", "-p", "#{?session_attached,yes,no} #{==:a,a} #{!=:a,b} #{m:ma*,#S}"),
        ("display-message", "-p", "#{=3:session_name} #{p8:session_name}|"),
        ("display-message", "-p", "#{e|+|:1,2} #{s/a/b/:session_name} #{no_such} ##"),
        ("display-message", "-p", "#{&&:1,0} #{||:1,0} #{l:#S} #{q:session_name}"),
        ("display-message", "-p", "#{W:#{window_index} }#{P:#{pane_id} }#{S:#{session_name} }"),
        ("list-windows", "-a", "-F", "#{session_name}\t#{window_index}\t#{?window_active,1,0}"),
        ("list-panes", "-F", "#{pane_width} #{pane_height} #{pane_current_command}"),
        ("list-clients",),
        ("display-message", "-p", "-t", "main:0.0", "#{pane_start_command} #{window_zoomed_flag}"),
    ],
    "buffers": [
        START,
        ("set-buffer", "first"),
        ("set-buffer", "-b", "named", "second"),
        ("set-buffer", "-a", "-b", "named", " more"),
        ("list-buffers",),
        ("show-buffer",),
        ("show-buffer", "-b", "named"),
        ("set-buffer", "-b", "named", "-n", "renamed"),
        ("list-buffers", "-F", "#{buffer_name} #{buffer_size} #{buffer_sample}"),
        ("save-buffer", "-b", "renamed", "-"),
        ("delete-buffer", "-b", "renamed"),
        ("list-buffers",),
        ("paste-buffer", "-d", "-t", "main"),
        ("list-buffers",),
    ],
    "sequences and shells": [
        (*START, ";", "set-option", "history-limit", "9", ";", "display-message", "-p", "#S"),
        ("display-message", "-p", "a;", "display-message", "-p", "b"),
        ("display-message", "-p", "a\\;"),
        ("has-session", "-t", "none", ";", "display-message", "-p", "never"),
        ("display-message", "-p", "never", ";", "nonsense"),
        ("set-option", "-g", "@never", "1", ";", "has-session", "-x"),
        ("set-option", "-g", "@never", "1", ";", "set-option", "-g"),
        ("show-options", "-gqv", "@never"),
        ("run-shell", "-C", "display-message -p x ; nonsense"),
        ("run-shell", "-C", "display-message -p x ; has-session -x"),
        ("run-shell", "-C", "display-message -p x ; has-session -t none ; display-message -p y"),
        ("if-shell", "true", "display-message -p yes", "display-message -p no"),
        ("if-shell", "false", "display-message -p yes", "display-message -p no"),
        ("if-shell", "-F", "#{==:#S,main}", "display-message -p yes"),
        ("wait-for", "-S", "done"),
        ("wait-for", "done"),
        ("list-keys", "-T", "prefix", "c"),
        ("bind-key", "-n", "F5", "display-message", "hi there"),
        ("list-keys", "-T", "root", "F5"),
        ("unbind-key", "-n", "F5"),
        ("show-options", "-v", "history-limit"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", SCRIPTS)
def test_both_answer_the_same(pair: Pair, name: str) -> None:
    differences = []
    for step in SCRIPTS[name]:
        if isinstance(step, Shows):
            pair.wait(step)
            continue
        theirs, ours = pair.both(*step)
        if theirs != ours:
            differences.append(f"{' '.join(step)}\n  tmux:  {theirs}\n  fugue: {ours}")
    assert not differences, "\n".join(["", *differences])


def test_buffers_come_from_stdin(pair: Pair) -> None:
    assert pair.both(*START)[1][0] == 0
    for words in (("load-buffer", "-b", "x", "-"), ("show-buffer", "-b", "x")):
        theirs, ours = pair.both(*words, stdin="from stdin\n")
        assert ours == theirs


def test_files_of_commands(pair: Pair) -> None:
    text = 'set -g @a 1\nhas-session -t none ; set -g @b 1\nset -g @c "x y" # comment\nif -F 1 {\n set -g @d 1\n}\n'
    for directory in (pair.tmux.directory, pair.fugue.directory):
        (directory / "good.conf").write_text(text)
        (directory / "bad.conf").write_text("set -g @e 1\nnonsense\n")
        (directory / "worse.conf").write_text("set -g @e 1\nset -Z @e 1\n")
    steps: list[tuple[str, ...]] = [
        START,
        ("source-file", "good.conf"),
        ("source-file", "bad.conf"),
        ("source-file", "worse.conf"),
    ]
    steps += [("show-options", "-gqv", f"@{letter}") for letter in "abcde"]
    for step in steps:
        theirs, ours = pair.both(*step)
        assert ours == theirs, step


def test_the_environment_of_a_pane_names_its_server(pair: Pair) -> None:
    pair.fugue(*START)
    pair.fugue("split-window", "-d", "-t", "main", "exec sh")
    inside = {"FUGUE": f"{pair.fugue.runtime}/fugue/default,1,0", "FUGUE_PANE": "%1"}
    here = pair.fugue("display-message", "-p", "#{pane_id}", **inside)
    elsewhere = pair.fugue(
        "-S", str(pair.fugue.runtime / "fugue" / "default"), "display-message", "-p", "#{pane_id}",
        **{**inside, "FUGUE": "/elsewhere,1,0"},
    )  # fmt: skip
    assert (here, elsewhere) == ("%1", "%0")
