"""The default key bindings: those of tmux 3.3a, and two keys of fugue."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from fuguemux.language.copy_mode_keys import COPY_MODE_KEYS
from fuguemux.language.default_menus import (
    PANE_MENU,
    PANE_MOUSE_MENU,
    SESSION_MOUSE_MENU,
    WINDOW_MENU,
    WINDOW_MOUSE_MENU,
)


class Binding(NamedTuple):
    """A key and the text of the commands that it runs."""

    table: str
    key: str
    command: str
    repeat: bool = False
    """Whether the key works again without the prefix within `repeat-time`."""
    note: str = ""


def _key(
    key: str, command: str, note: str = "", *, repeat: bool = False, table: str = "prefix"
) -> Binding:
    return Binding(table, key, command, repeat, note)


_PREFIX: Final = (
    _key("C-b", "send-prefix", "Send the prefix key"),
    _key("C-o", "rotate-window", "Rotate through the panes"),
    _key("C-z", "suspend-client", "Suspend the current client"),
    _key("Space", "next-layout", "Select next layout"),
    _key("!", "break-pane", "Break pane to a new window"),
    _key('"', "split-window", "Split window vertically"),
    _key("#", "list-buffers", "List all paste buffers"),
    _key("$", 'command-prompt -I "#S" { rename-session "%%" }', "Rename current session"),
    _key("%", "split-window -h", "Split window horizontally"),
    _key("&", 'confirm-before -p "kill-window #W? (y/n)" kill-window', "Kill current window"),
    _key(
        "'",
        'command-prompt -T window-target -p index { select-window -t ":%%" }',
        "Prompt for window index to select",
    ),
    _key("(", "switch-client -p", "Switch to previous client"),
    _key(")", "switch-client -n", "Switch to next client"),
    _key(",", 'command-prompt -I "#W" { rename-window "%%" }', "Rename current window"),
    _key("-", "delete-buffer", "Delete the most recent paste buffer"),
    _key(".", 'command-prompt -T target { move-window -t "%%" }', "Move the current window"),
    _key("/", 'command-prompt -k -p key { list-keys -1N "%%" }', "Describe key binding"),
    _key("0", "select-window -t :=0", "Select window 0"),
    _key("1", "select-window -t :=1", "Select window 1"),
    _key("2", "select-window -t :=2", "Select window 2"),
    _key("3", "select-window -t :=3", "Select window 3"),
    _key("4", "select-window -t :=4", "Select window 4"),
    _key("5", "select-window -t :=5", "Select window 5"),
    _key("6", "select-window -t :=6", "Select window 6"),
    _key("7", "select-window -t :=7", "Select window 7"),
    _key("8", "select-window -t :=8", "Select window 8"),
    _key("9", "select-window -t :=9", "Select window 9"),
    _key(":", "command-prompt", "Prompt for a command"),
    _key(";", "last-pane", "Move to the previously active pane"),
    _key("*", "new-pane", "New floating pane"),
    _key(
        "@",
        'if-shell -F "#{pane_floating_flag}" { join-pane } { break-pane -W }',
        "Toggle pane between floating and tiled",
    ),
    _key("g", "switch-client -T move", "Move a floating pane"),
    _key("<", WINDOW_MENU),
    _key(">", PANE_MENU),
    _key("=", "choose-buffer -Z", "Choose a paste buffer from a list"),
    _key("?", "list-keys -N", "List key bindings"),
    _key("C", "customize-mode -Z", "Customize options"),
    _key("D", "choose-client -Z", "Choose a client from a list"),
    _key("E", "select-layout -E", "Spread panes out evenly"),
    _key("L", "switch-client -l", "Switch to the last client"),
    _key("M", "select-pane -M", "Clear the marked pane"),
    _key("[", "copy-mode", "Enter copy mode"),
    _key("]", "paste-buffer -p", "Paste the most recent paste buffer"),
    _key("c", "new-window", "Create a new window"),
    _key("d", "detach-client", "Detach the current client"),
    _key("f", 'command-prompt { find-window -Z "%%" }', "Search for a pane"),
    _key("i", "display-message", "Display window information"),
    _key("l", "last-window", "Select the previously current window"),
    _key("m", "select-pane -m", "Toggle the marked pane"),
    _key("n", "next-window", "Select the next window"),
    _key("o", "select-pane -t :.+", "Select the next pane"),
    _key("p", "previous-window", "Select the previous window"),
    _key("R", "recovery choose", "Choose among the panes of the last recovery"),
    _key("q", "display-panes", "Display pane numbers"),
    _key("r", "refresh-client", "Redraw the current client"),
    _key("s", "choose-tree -Zs", "Choose a session from a list"),
    _key("t", "clock-mode", "Show a clock"),
    _key("w", "choose-tree -Zw", "Choose a window from a list"),
    _key("x", 'confirm-before -p "kill-pane #P? (y/n)" kill-pane', "Kill the active pane"),
    _key("z", "resize-pane -Z", "Zoom the active pane"),
    _key("{", "swap-pane -U", "Swap the active pane with the pane above"),
    _key("}", "swap-pane -D", "Swap the active pane with the pane below"),
    _key("~", "show-messages", "Show messages"),
    _key(
        "DC",
        "refresh-client -c",
        "Reset so the visible part of the window follows the cursor",
        repeat=True,
    ),
    _key("PPage", "copy-mode -u", "Enter copy mode and scroll up"),
    _key("Up", "select-pane -U", "Select the pane above the active pane", repeat=True),
    _key("Down", "select-pane -D", "Select the pane below the active pane", repeat=True),
    _key("Left", "select-pane -L", "Select the pane to the left of the active pane", repeat=True),
    _key("Right", "select-pane -R", "Select the pane to the right of the active pane", repeat=True),
    _key("M-1", "select-layout even-horizontal", "Set the even-horizontal layout"),
    _key("M-2", "select-layout even-vertical", "Set the even-vertical layout"),
    _key("M-3", "select-layout main-horizontal", "Set the main-horizontal layout"),
    _key("M-4", "select-layout main-vertical", "Set the main-vertical layout"),
    _key("M-5", "select-layout tiled", "Select the tiled layout"),
    _key("M-r", "recovery view", "Look at the last screen of the program that ended here"),
    _key("M-n", "next-window -a", "Select the next window with an alert"),
    _key("M-o", "rotate-window -D", "Rotate through the panes in reverse"),
    _key("M-p", "previous-window -a", "Select the previous window with an alert"),
    _key("M-Up", "resize-pane -U 5", "Resize the pane up by 5", repeat=True),
    _key("M-Down", "resize-pane -D 5", "Resize the pane down by 5", repeat=True),
    _key("M-Left", "resize-pane -L 5", "Resize the pane left by 5", repeat=True),
    _key("M-Right", "resize-pane -R 5", "Resize the pane right by 5", repeat=True),
    _key("C-Up", "resize-pane -U", "Resize the pane up", repeat=True),
    _key("C-Down", "resize-pane -D", "Resize the pane down", repeat=True),
    _key("C-Left", "resize-pane -L", "Resize the pane left", repeat=True),
    _key("C-Right", "resize-pane -R", "Resize the pane right", repeat=True),
    _key("S-Up", "refresh-client -U 10", "Move the visible part of the window up", repeat=True),
    _key("S-Down", "refresh-client -D 10", "Move the visible part of the window down", repeat=True),
    _key("S-Left", "refresh-client -L 10", "Move the visible part of the window left", repeat=True),
    _key(
        "S-Right", "refresh-client -R 10", "Move the visible part of the window right", repeat=True
    ),
)

_TAKEN: Final = 'if-shell -F "#{||:#{pane_in_mode},#{mouse_any_flag}}" { send-keys -M }'
"""Begins a binding that leaves the mouse to a mode or a program, if there is one."""
_MENU_TAKEN: Final = (
    'if-shell -F -t = "#{||:#{mouse_any_flag},#{&&:#{pane_in_mode},'
    '#{?#{m/r:(copy|view)-mode,#{pane_mode}},0,1}}}" { select-pane -t = ; send-keys -M }'
)


def _selected(what: str) -> str:
    return (
        f"select-pane -t = ; {_TAKEN} {{ copy-mode -H ; send-keys -X {what} ; run-shell -d 0.3 ; "
        "send-keys -X copy-pipe-and-cancel }"
    )


_ROOT: Final = tuple(
    _key(key, command, table="root")
    for key, command in {
        "MouseDown1Pane": "select-pane -t = ; send-keys -M",
        "MouseDown1Status": "select-window -t =",
        "MouseDown2Pane": f"select-pane -t = ; {_TAKEN} {{ paste-buffer -p }}",
        "MouseDown3Pane": f"{_MENU_TAKEN} {{ {PANE_MOUSE_MENU} }}",
        "MouseDown3Status": WINDOW_MOUSE_MENU,
        "MouseDown3StatusLeft": SESSION_MOUSE_MENU,
        "MouseDrag1Pane": f"{_TAKEN} {{ copy-mode -M }}",
        "MouseDrag1Border": "resize-pane -M",
        "M-MouseDrag1Pane": "move-pane -M",
        "M-MouseDrag1Border": "move-pane -M",
        "WheelUpPane": f"{_TAKEN} {{ copy-mode -e }}",
        "WheelUpStatus": "previous-window",
        "WheelDownStatus": "next-window",
        "DoubleClick1Pane": _selected("select-word"),
        "TripleClick1Pane": _selected("select-line"),
        "M-MouseDown3Pane": PANE_MOUSE_MENU,
    }.items()
)

_QUARTER: Final = '-x "50%" -y "50%"'
_HALF: Final = {
    "Up": '-x "100%" -y "50%"',
    "Down": '-x "100%" -y "50%"',
    "Left": '-x "50%" -y "100%"',
    "Right": '-x "50%" -y "100%"',
}
_MOVES: Final = tuple(
    binding
    for key, position in {
        "1": "top-left",
        "2": "top-right",
        "3": "bottom-left",
        "4": "bottom-right",
        "Up": "top-centre",
        "Down": "bottom-centre",
        "Left": "centre-left",
        "Right": "centre-right",
    }.items()
    for binding in (
        _key(key, f"move-pane -P {position}", f"Move pane to {position}", table="move"),
        _key(
            f"M-{key}",
            f"resize-pane {_HALF.get(key, _QUARTER)} ; move-pane -P {position}",
            f"Move pane to {position} and resize",
            table="move",
        ),
    )
)
_MOVE: Final = (
    *_MOVES,
    _key(
        "0",
        'resize-pane -x "100%" -y "100%" ; move-pane -P top-left',
        "Move pane to fill the window",
        table="move",
    ),
)

_COPY_MODE: Final = tuple(_key(key, command, table=table) for table, key, command in COPY_MODE_KEYS)

DEFAULTS: Final[Mapping[tuple[str, str], Binding]] = {
    (binding.table, binding.key): binding for binding in (*_PREFIX, *_ROOT, *_COPY_MODE, *_MOVE)
}
