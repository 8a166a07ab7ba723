"""Options and hooks that are kept and shown, and have no effect yet. Setting one is answered by a line that says so, because
a person would otherwise look for their own mistake. The table may only shrink: tests/unit/options/test_without_effect.py holds it
against what the code reads."""

from typing import Final

_KEYS: Final = "keys of other terminals are not declared"
_NOT_YET: Final = "not supported yet"
_HOOK: Final = "nothing runs this hook yet"

WITHOUT_EFFECT: Final[dict[str, str]] = {
    "alternate-screen": _NOT_YET,
    "assume-paste-time": "a paste is told from typing by bracketed paste",
    "automatic-rename-format": _NOT_YET,
    "backspace": _KEYS,
    "client-active": _HOOK,
    "client-focus-in": _HOOK,
    "client-focus-out": _HOOK,
    "cursor-colour": _NOT_YET,
    "cursor-style": _NOT_YET,
    "destroy-unattached": _NOT_YET,
    "editor": "no command opens an editor",
    "exit-unattached": _NOT_YET,
    "extended-keys": "programs that ask for extended keys always get them",
    "focus-events": "a program that asks for focus events always gets them",
    "pane-colours": _NOT_YET,
    "pane-focus-in": _HOOK,
    "pane-focus-out": _HOOK,
    "pane-set-clipboard": _HOOK,
    "remain-on-exit-format": _NOT_YET,
    "scroll-on-clear": "a cleared screen always goes to the history",
    "user-keys": _KEYS,
    "window-active-style": _NOT_YET,
    "window-style": _NOT_YET,
    "xterm-keys": "keys are always encoded as xterm does",
}
"""The reason for each."""


def said(name: str) -> str:
    """The line that answers the setting of an option without effect; empty if it has one."""
    reason = WITHOUT_EFFECT.get(name, "")
    return f"option {name} has no effect in fugue: {reason}" if reason else ""
