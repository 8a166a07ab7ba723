"""The keys of copy mode, as in tmux 3.3a: one table for the style of emacs, one for vi. The option `mode-keys` chooses."""

from typing import Final

_EMACS: Final = {
    "begin-selection": "C-Space",
    "start-of-line": "C-a Home",
    "cursor-left": "C-b Left",
    "cancel": "C-c Escape q",
    "end-of-line": "C-e End",
    "cursor-right": "C-f Right",
    "clear-selection": "C-g",
    "copy-pipe-end-of-line-and-cancel": "C-k",
    "cursor-down": "C-n Down",
    "cursor-up": "C-p Up",
    "page-down": "C-v Space NPage",
    "copy-pipe-and-cancel": "C-w M-w",
    "search-reverse": "N",
    "rectangle-toggle": "R",
    "search-again": "n",
    "page-up": "PPage M-v",
    "history-top": "M-<",
    "history-bottom": "M->",
    "top-line": "M-R",
    "previous-word": "M-b",
    "next-word-end": "M-f",
    "back-to-indentation": "M-m",
    "middle-line": "M-r",
    "previous-paragraph": "M-{",
    "next-paragraph": "M-}",
    "halfpage-up": "M-Up",
    "halfpage-down": "M-Down",
    "scroll-up": "C-Up",
    "scroll-down": "C-Down",
    "jump-reverse": ",",
    "jump-again": ";",
    "toggle-position": "P",
    "set-mark": "X",
    "jump-to-mark": "M-x",
    "refresh-from-pane": "r",
    "previous-matching-bracket": "M-C-b",
    "next-matching-bracket": "M-C-f",
}
"""Which keys do what."""
_INCREMENTAL: Final = 'command-prompt -i -I "#{pane_search_string}" -T search'
_EMACS_PROMPTS: Final = {
    "F": 'command-prompt -1 -p "(jump backward)" { send-keys -X jump-backward "%%" }',
    "T": 'command-prompt -1 -p "(jump to backward)" { send-keys -X jump-to-backward "%%" }',
    "f": 'command-prompt -1 -p "(jump forward)" { send-keys -X jump-forward "%%" }',
    "g": 'command-prompt -p "(goto line)" { send-keys -X goto-line "%%" }',
    "t": 'command-prompt -1 -p "(jump to forward)" { send-keys -X jump-to-forward "%%" }',
    "C-s": _INCREMENTAL + ' -p "(search down)" { send-keys -X search-forward-incremental "%%" }',
    "C-r": _INCREMENTAL + ' -p "(search up)" { send-keys -X search-backward-incremental "%%" }',
}
_VI: Final = {
    "page-up": "C-b PPage",
    "cancel": "C-c q",
    "halfpage-down": "C-d",
    "scroll-down": "C-e J C-Down",
    "page-down": "C-f NPage",
    "cursor-left": "C-h h BSpace Left",
    "copy-pipe-and-cancel": "C-j Enter",
    "halfpage-up": "C-u",
    "rectangle-toggle": "C-v v",
    "scroll-up": "C-y K C-Up",
    "clear-selection": "Escape",
    "begin-selection": "Space",
    "end-of-line": "$",
    "start-of-line": "0",
    "append-selection-and-cancel": "A",
    "previous-space": "B",
    "copy-pipe-end-of-line-and-cancel": "D",
    "next-space-end": "E",
    "history-bottom": "G",
    "top-line": "H",
    "bottom-line": "L",
    "middle-line": "M",
    "search-reverse": "N",
    "select-line": "V",
    "next-space": "W",
    "back-to-indentation": "^",
    "previous-word": "b",
    "next-word-end": "e",
    "history-top": "g",
    "cursor-down": "j Down",
    "cursor-up": "k Up",
    "cursor-right": "l Right",
    "search-again": "n",
    "other-end": "o",
    "next-word": "w",
    "previous-paragraph": "{",
    "next-paragraph": "}",
    "jump-reverse": ",",
    "jump-again": ";",
    "toggle-position": "P",
    "set-mark": "X",
    "jump-to-mark": "M-x",
    "refresh-from-pane": "r",
    "next-matching-bracket": "%",
}
"""Which keys do what."""
_VI_PROMPTS: Final = {
    "/": 'command-prompt -T search -p "(search down)" { send-keys -X search-forward "%%" }',
    ":": 'command-prompt -p "(goto line)" { send-keys -X goto-line "%%" }',
    "?": 'command-prompt -T search -p "(search up)" { send-keys -X search-backward "%%" }',
    "F": 'command-prompt -1 -p "(jump backward)" { send-keys -X jump-backward "%%" }',
    "T": 'command-prompt -1 -p "(jump to backward)" { send-keys -X jump-to-backward "%%" }',
    "f": 'command-prompt -1 -p "(jump forward)" { send-keys -X jump-forward "%%" }',
    "t": 'command-prompt -1 -p "(jump to forward)" { send-keys -X jump-to-forward "%%" }',
}

_VI_WORDS: Final = {
    "#": 'send-keys -FX search-backward "#{copy_cursor_word}"',
    "*": 'send-keys -FX search-forward "#{copy_cursor_word}"',
}
_MOUSE: Final = {
    "MouseDown1Pane": "select-pane",
    "MouseDrag1Pane": "select-pane ; send-keys -X begin-selection",
    "MouseDragEnd1Pane": "send-keys -X copy-pipe-and-cancel",
    "WheelUpPane": "select-pane ; send-keys -X -N 5 scroll-up",
    "WheelDownPane": "select-pane ; send-keys -X -N 5 scroll-down",
    "DoubleClick1Pane": "select-pane ; send-keys -X select-word ; run-shell -d 0.3 ; send-keys -X copy-pipe-and-cancel",
    "TripleClick1Pane": "select-pane ; send-keys -X select-line ; run-shell -d 0.3 ; send-keys -X copy-pipe-and-cancel",
}


def _counts(modifier: str) -> dict[str, str]:
    """The keys that begin a repeat count."""
    return {
        f"{modifier}{digit}": f'command-prompt -N -I {digit} -p (repeat) {{ send-keys -N "%%" }}'
        for digit in range(1, 10)
    }


COPY_MODE_KEYS: Final[tuple[tuple[str, str, str], ...]] = tuple(
    (table, key, f"send-keys -X {command}")
    for table, keys in (("copy-mode", _EMACS), ("copy-mode-vi", _VI))
    for command, names in keys.items()
    for key in names.split()
) + tuple(
    (table, key, command)
    for table, keys in (
        ("copy-mode", _EMACS_PROMPTS | _counts("M-") | _MOUSE),
        ("copy-mode-vi", _VI_PROMPTS | _counts("") | _VI_WORDS | _MOUSE),
    )
    for key, command in keys.items()
)
"""Table, key, and the text of the command that the key runs."""
