"""Runs the same dialogues in control mode with a real tmux and a real fugue, and compares what the clients are told.

One pair of servers serves all of them, so that ids count up alike. Output of programs is left out, because it comes in
pieces of any size; `tests/integration/test_control_client.py` looks at it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.control_pair import ControlPair, Outside, Second, Step
from tests.support.tmux_pair import TMUX, Pair

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(TMUX is None, reason="tmux is not installed"),
]

START = ("new-session", "-s", "main", "exec cat")
FLAGS = 'display-message -p "#{client_flags}"'

DIALOGUES: dict[str, tuple[tuple[str, ...], list[Step]]] = {
    "blocks": (
        START,
        [
            "list-sessions",
            "list-windows ; list-panes -F '#{pane_width}'",
            "nonsense",
            "list-sessions -Z",
            "has-session -t nope",
            "has-session -t nope ; list-sessions",
            "kill-pane -t :9",
            "rename-window one ; nonsense",
            "list-windows -F '#{window_name}'\nlist-sessions\nnonsense\nlist-panes -F '#{pane_height}'",
            "list-sessions # a comment",
            "display-message -p ''",
            "display-message -p 'äöü'",
            "show-buffer",
            "set-buffer abc",
            "show-buffer",
            "save-buffer -",
            "load-buffer -",
        ],
    ),
    "commands that run commands": (
        START,
        [
            "if-shell -F 1 'list-sessions ; list-windows -F x'",
            "if-shell -F 1 { display-message -p a ; display-message -p b }",
            "if-shell true 'display-message -p yes' 'display-message -p no'",
            "if-shell -F 1 'nonsense'",
            "set-hook -g after-list-windows 'display-message -p hooked'",
            "list-windows -F x",
            "set-hook -gu after-list-windows",
            "wait-for -S x ; wait-for x ; display-message -p woken",
            "set-option -s command-alias[50] both='display-message -p a ; display-message -p b'",
            "both",
            "set-option -su command-alias[50]",
        ],
    ),
    "windows": (
        START,
        [
            "new-window 'exec cat'",
            "new-window -d 'exec cat'",
            "new-window -n named 'exec cat'",
            "rename-window again",
            "rename-window -t :0 first",
            "select-window -t :0",
            "last-window",
            "next-window",
            "previous-window",
            "kill-window -t :2",
            "kill-window",
            "swap-window -s :0 -t :1",
            "move-window -s :1 -t :7",
            "select-window -t :7",
            "move-window -r",
        ],
    ),
    "windows in one go": (
        START,
        [
            "new-window 'exec cat'\nkill-window\nrename-window x\nrename-window y",
            "new-window -d 'exec cat' ; new-window -d 'exec cat' ; kill-window -a",
        ],
    ),
    "panes": (
        START,
        [
            "split-window 'exec cat'",
            "split-window -d -h 'exec cat'",
            "select-pane -t :.0",
            "select-pane -t :.0",
            "last-pane",
            "resize-pane -U 3",
            "resize-pane -Z",
            "resize-pane -Z",
            "select-layout tiled",
            "select-layout even-horizontal",
            "next-layout",
            "swap-pane -s :.0 -t :.1",
            "kill-pane -t :.0",
            "kill-pane",
            "split-window -P -F '#{pane_id}' 'exec cat'",
            "resize-window -x 90 -y 30",
        ],
    ),
    "other sessions": (
        START,
        [
            "new-session -d -s two 'exec cat'",
            "new-window -d -t two: 'exec cat'",
            "rename-window -t two:0 there",
            "split-window -d -t two:0 'exec cat'",
            "kill-window -t two:1",
            "rename-session -t two zwei",
            "rename-session mine",
            "link-window -s zwei:0 -t mine:5",
            "rename-window -t zwei:0 shared",
            "unlink-window -t mine:5",
            "switch-client -t zwei",
            "attach-session -t zwei",
            "kill-session -t mine",
            "new-session -s three 'exec cat'",
            "switch-client -l",
            "kill-session -t three",
        ],
    ),
    "made and closed in one go": (
        START,
        ["new-session -d -s two 'exec cat' ; rename-session -t two x ; kill-session -t x"],
    ),
    "facts about the client": (
        START,
        [
            "display-message -p '#{client_name} #{client_tty} #{client_control_mode} "
            "#{client_width} [#{client_height}] #{client_session} #{session_attached}'",
            "list-clients -F '#{client_flags} #{client_session} #{client_readonly}'",
            FLAGS,
            "refresh-client -f no-output",
            FLAGS,
            "refresh-client -f '!no-output,pause-after=5,wait-exit'",
            FLAGS,
            "refresh-client -f '!pause-after,!wait-exit'",
            FLAGS,
            "refresh-client -F ignore-size,nonsense",
            FLAGS,
            "refresh-client -f '!ignore-size,pause-after'",
            FLAGS,
            "switch-client -r",
            FLAGS,
            "switch-client -r",
            FLAGS,
            "refresh-client -f read-only",
            "refresh-client -f '!read-only'",
            FLAGS,
        ],
    ),
    "flags at the start": (
        ("new-session", "-s", "main", "-f", "no-output,pause-after=3", "exec cat"),
        [FLAGS],
    ),
    "sizes": (
        START,
        [
            "refresh-client -C 100x30",
            "list-windows -F '#{window_width}x#{window_height}'",
            "refresh-client -C 90,20",
            "new-window 'exec cat'",
            "list-windows -F '#{window_width}x#{window_height}'",
            "refresh-client -C nonsense",
            "refresh-client -C 0x5",
            "refresh-client -C 80000x5",
            "display-message -p '#{client_width}'",
            "set-option status off",
            "list-windows -F '#{window_width}x#{window_height}'",
            "refresh-client -C @99:",
            "set-option -g window-size smallest",
            "refresh-client -C 50x10",
            "list-windows -F '#{window_width}x#{window_height}'",
            "set-option -gu window-size",
        ],
    ),
    "flow control": (
        START,
        [
            "refresh-client -A nonsense",
            "refresh-client -A '%999:pause'",
            "set-environment -g x y ; refresh-client -A '%0:off'",
            "refresh-client -B name ; refresh-client -B name:what",
        ],
    ),
    "a second client": (
        START,
        [
            Second(("attach-session", "-t", "main")),
            "list-clients -F '#{client_flags}'",
            Second(None),
        ],
    ),
    "a second client in another session": (
        START,
        [
            Second(("new-session", "-s", "two", "exec cat")),
            "switch-client -t two",
            "rename-window both",
        ],
    ),
    "commands from outside": (
        START,
        [
            Outside(("new-window", "-t", "main", "exec cat")),
            Outside(("split-window", "-t", "main", "exec cat")),
            Outside(("rename-session", "-t", "main", "other")),
            Outside(("list-clients", "-F", "#{client_flags} #{client_control_mode}")),
            Outside(("new-session", "-d", "-s", "two", "exec cat")),
            Outside(("switch-client", "-c", "nonsense", "-t", "two")),
            Outside(("kill-window", "-t", "other:1")),
            Outside(("kill-session", "-t", "two")),
        ],
    ),
    "errors decide the exit code": (START, ["has-session -t nope"]),
    "parse errors do not": (START, ["nonsense"]),
    "detach": (START, ["list-sessions -F x\ndetach-client\nlist-sessions -F y"]),
    "an empty line detaches": (START, ["list-sessions -F x\n\nlist-sessions -F y"]),
    "the session is closed": (START, ["kill-session"]),
    "output of a shell command": (
        START,
        [
            "run-shell 'echo hi'",
            "send-keys -X cancel",
            "run-shell true",
            "run-shell 'sleep 0.1' ; display-message -p after",
            "run-shell -b true",
        ],
    ),
    "a mode": (START, ["copy-mode", "send-keys -X cancel", "clock-mode", "send-keys q"]),
    "closing what others show": (
        START,
        [
            "new-window 'exec cat' ; split-window 'exec cat'",
            "break-pane -n broken",
            "join-pane -t :0",
            "kill-pane -a",
            "respawn-pane -k 'exec cat'",
        ],
    ),
    "what iterm2 asks": (
        START,
        [
            "display-message -p '#{version}'",
            'list-sessions -F "\t"',
            "show-options -g -v status",
            "show-options -v -q -g set-titles",
            "show-options -s -v message-limit ; show-window-options -g aggressive-resize",
            "show-options -v -q @uservars",
            "set -q @iterm2_size 80,24",
            "show -v -q @iterm2_size",
            "list-windows -F '#{session_name}\t#{window_id}\t#{window_name}\t#{window_width}\t"
            "#{window_height}\t#{window_layout}\t#{window_flags}\t#{?window_active,1,0}'",
            "list-panes -F 'alternate_on=#{alternate_on}\tcursor_x=#{cursor_x}\tcursor_y=#{cursor_y}"
            "\tscroll_region_upper=#{scroll_region_upper}\tscroll_region_lower=#{scroll_region_lower}"
            "\tcursor_flag=#{cursor_flag}\tinsert_flag=#{insert_flag}\twrap_flag=#{wrap_flag}'",
            "capture-pane -peqJN -S -100",
            "capture-pane -peqJN -a -S -100",
            "capture-pane -p -P -C",
            "list-clients -F '#{client_session}'",
            "refresh-client -C 120,40",
            "refresh-client -f pause-after=120",
            "split-window -h 'exec cat'",
            "resize-pane -R 2",
            "clear-history",
            "select-pane -t :.0",
            "resize-window -x 100 -y 30",
            "set-option -t main -q @affinities a",
        ],
    ),
    "not attached": (("list-sessions", "-F", "x"), []),
    "not attached, and refused": (("has-session", "-t", "nope"), []),
    "not attached, with a change": (("new-session", "-d", "-s", "q", "exec cat"), []),
    "several commands at the start": (
        (*START, ";", "list-sessions", "-F", "#{session_name}", ";", "split-window", "exec cat"),
        [],
    ),
}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("control"))
    made.both("new-session", "-d", "-s", "base", "exec cat")
    # Without automatic names: when they change depends on how fast programs start.
    made.both("set-option", "-g", "automatic-rename", "off")
    yield made
    made.end()


@pytest.mark.parametrize("name", DIALOGUES)
def test_both_clients_are_told_the_same(pair: Pair, name: str, tmp_path: Path) -> None:
    words, steps = DIALOGUES[name]
    try:
        theirs, ours = ControlPair(pair).dialogue(words, steps)
        assert ours == theirs
    finally:
        pair.both("kill-session", "-a", "-t", "base")
