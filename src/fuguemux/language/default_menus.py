"""The menus that the default keys and the right mouse button open: commands with the text of tmux 3.3a's own bindings.

Other people's configurations unbind and copy these bindings by their text, so that the text is part of the interface.
"""

from typing import Final

_LINE: Final = ("", "", "")
"""A line between groups of rows."""
_COPYING: Final = "#{?#{m/r:(copy|view)-mode,#{pane_mode}}"
_OTHERS: Final = "#{?#{>:#{window_panes},1},,-}"
_NEIGHBOURS: Final = "#{?#{>:#{session_windows},1},,-}"
_MARK: Final = ("#{?pane_marked,Unmark,Mark}", "m", "select-pane -m")
_SEARCH_WORD: Final = (
    f'if-shell -F "{_COPYING},0,1}}" "copy-mode -t=" ; '
    'send-keys -X -t = search-backward "#{q:mouse_word}"'
)
_RENAME_WINDOW: Final = 'command-prompt -F -I "#W" { rename-window -t "#{window_id}" "%%" }'

_PANE_ROWS: Final = (
    (f"{_COPYING},Go To Top,}}", "<", "send-keys -X history-top"),
    (f"{_COPYING},Go To Bottom,}}", ">", "send-keys -X history-bottom"),
    _LINE,
    ("#{?mouse_word,Search For #[underscore]#{=/9/...:mouse_word},}", "C-r", _SEARCH_WORD),
    (
        "#{?mouse_word,Type #[underscore]#{=/9/...:mouse_word},}",
        "C-y",
        'copy-mode -q ; send-keys -l "#{q:mouse_word}"',
    ),
    (
        "#{?mouse_word,Copy #[underscore]#{=/9/...:mouse_word},}",
        "c",
        'copy-mode -q ; set-buffer "#{q:mouse_word}"',
    ),
    ("#{?mouse_line,Copy Line,}", "l", 'copy-mode -q ; set-buffer "#{q:mouse_line}"'),
    _LINE,
    ("Horizontal Split", "h", "split-window -h"),
    ("Vertical Split", "v", "split-window -v"),
    _LINE,
    (f"{_OTHERS}Swap Up", "u", "swap-pane -U"),
    (f"{_OTHERS}Swap Down", "d", "swap-pane -D"),
    ("#{?pane_marked_set,,-}Swap Marked", "s", "swap-pane"),
    _LINE,
    ("Kill", "X", "kill-pane"),
    ("Respawn", "R", "respawn-pane -k"),
    _MARK,
    (f"{_OTHERS}#{{?window_zoomed_flag,Unzoom,Zoom}}", "z", "resize-pane -Z"),
)
_WINDOW_ROWS: Final = (
    (f"{_NEIGHBOURS}Swap Left", "l", "swap-window -t :-1"),
    (f"{_NEIGHBOURS}Swap Right", "r", "swap-window -t :+1"),
    ("#{?pane_marked_set,,-}Swap Marked", "s", "swap-window"),
    _LINE,
    ("Kill", "X", "kill-window"),
    ("Respawn", "R", "respawn-window -k"),
    _MARK,
    ("Rename", "n", _RENAME_WINDOW),
    _LINE,
    ("New After", "w", "new-window -a"),
    ("New At End", "W", "new-window"),
)
_SESSION_ROWS: Final = (
    ("Next", "n", "switch-client -n"),
    ("Previous", "p", "switch-client -p"),
    _LINE,
    ("Renumber", "N", "move-window -r"),
    ("Rename", "n", 'command-prompt -I "#S" { rename-session "%%" }'),
    _LINE,
    ("New Session", "s", "new-session"),
    ("New Window", "w", "new-window"),
)


def _menu(title: str, place: str, rows: tuple[tuple[str, str, str], ...]) -> str:
    """The text of `display-menu`. `place`: its flags -t, -x and -y."""
    words = [f'display-menu -T "#[align=centre]{title}" {place}']
    for label, key, command in rows:
        if not label:
            words.append("''")
            continue
        quoted = f'"{label}"' if " " in label or "#" in label else label
        words += [quoted, key, f"{{ {command} }}"]
    return " ".join(words)


_PANE: Final = "#{pane_index} (#{pane_id})"
_WINDOW: Final = "#{window_index}:#{window_name}"
PANE_MENU: Final = _menu(_PANE, "-x P -y P", _PANE_ROWS)
WINDOW_MENU: Final = _menu(_WINDOW, "-x W -y W", _WINDOW_ROWS)
PANE_MOUSE_MENU: Final = _menu(_PANE, "-t = -x M -y M", _PANE_ROWS)
WINDOW_MOUSE_MENU: Final = _menu(_WINDOW, "-t = -x W -y W", _WINDOW_ROWS)
SESSION_MOUSE_MENU: Final = _menu("#{session_name}", "-t = -x M -y W", _SESSION_ROWS)
