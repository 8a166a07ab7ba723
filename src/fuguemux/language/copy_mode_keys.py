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
}
"""Which keys do what."""
_EMACS_PROMPTS: Final = {
    "F": 'command-prompt -1 -p "(jump backward)" { send-keys -X jump-backward "%%" }',
    "T": 'command-prompt -1 -p "(jump to backward)" { send-keys -X jump-to-backward "%%" }',
    "f": 'command-prompt -1 -p "(jump forward)" { send-keys -X jump-forward "%%" }',
    "g": 'command-prompt -p "(goto line)" { send-keys -X goto-line "%%" }',
    "t": 'command-prompt -1 -p "(jump to forward)" { send-keys -X jump-to-forward "%%" }',
    "C-s": 'command-prompt -I "#{pane_search_string}" -T search -p "(search down)" { send-keys -X search-forward "%%" }',
    "C-r": 'command-prompt -I "#{pane_search_string}" -T search -p "(search up)" { send-keys -X search-backward "%%" }',
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

COPY_MODE_KEYS: Final[tuple[tuple[str, str, str], ...]] = tuple(
    (table, key, f"send-keys -X {command}")
    for table, keys in (("copy-mode", _EMACS), ("copy-mode-vi", _VI))
    for command, names in keys.items()
    for key in names.split()
) + tuple(
    (table, key, command)
    for table, prompts in (("copy-mode", _EMACS_PROMPTS), ("copy-mode-vi", _VI_PROMPTS))
    for key, command in prompts.items()
)
"""Table, key, and the text of the command that the key runs."""
