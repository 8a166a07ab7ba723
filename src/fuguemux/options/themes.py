"""The built-in themes: values of style options for the status line, borders, messages and modes.

A theme has only styles and colours. It changes no format, so it never makes a client draw more often.
"""

from types import MappingProxyType
from typing import Final, NamedTuple

from fuguemux.options.options import OptionPlace
from fuguemux.options.table import BY_NAME


class Palette(NamedTuple):
    """The colours of a theme, in tmux's words."""

    text: str
    quiet: str
    """Text of less importance, and borders."""
    bar: str
    """The background of the status line."""
    accent: str
    """The current window, and the border of the active pane."""
    on_accent: str
    """Text on `accent`."""
    warning: str
    """Messages, and what is selected."""
    on_warning: str
    urgent: str
    """A bell, and panes that are typed into together."""
    on_urgent: str
    found: str
    """What a search found."""


_DARK: Final = Palette(
    text="colour252",
    quiet="colour244",
    bar="colour236",
    accent="colour110",
    on_accent="colour16",
    warning="colour179",
    on_warning="colour16",
    urgent="colour167",
    on_urgent="colour231",
    found="colour72",
)
_LIGHT: Final = Palette(
    text="colour236",
    quiet="colour246",
    bar="colour254",
    accent="colour25",
    on_accent="colour231",
    warning="colour222",
    on_warning="colour16",
    urgent="colour160",
    on_urgent="colour231",
    found="colour115",
)


def _coloured(colours: Palette) -> dict[str, str]:
    marked = f"fg={colours.on_warning},bg={colours.warning}"
    urgent = f"fg={colours.on_urgent},bg={colours.urgent}"
    active = (
        f"#{{?pane_in_mode,fg={colours.warning},#{{?synchronize-panes,fg={colours.urgent},"
        f"fg={colours.accent}}}}}"
    )
    return {
        "status-style": f"fg={colours.text},bg={colours.bar}",
        "status-left-style": f"fg={colours.accent},bold",
        "status-right-style": f"fg={colours.quiet}",
        "window-status-style": f"fg={colours.quiet}",
        "window-status-current-style": f"fg={colours.on_accent},bg={colours.accent},bold",
        "window-status-last-style": f"fg={colours.text}",
        "window-status-activity-style": f"fg={colours.warning},underscore",
        "window-status-bell-style": urgent,
        "pane-border-style": f"fg={colours.quiet}",
        "pane-active-border-style": active,
        "message-style": marked,
        "message-command-style": f"fg={colours.warning},bg={colours.bar}",
        "mode-style": marked,
        "copy-mode-match-style": f"fg={colours.on_warning},bg={colours.found}",
        "copy-mode-current-match-style": marked,
        "copy-mode-mark-style": urgent,
        "display-panes-colour": colours.quiet,
        "display-panes-active-colour": colours.accent,
        "clock-mode-colour": colours.accent,
        "popup-border-style": f"fg={colours.accent}",
    }


_PLAIN: Final = {
    "status-style": "default",
    "status-left-style": "default",
    "status-right-style": "default",
    "window-status-style": "default",
    "window-status-current-style": "reverse",
    "window-status-last-style": "default",
    "window-status-activity-style": "underscore",
    "window-status-bell-style": "bold,underscore",
    "pane-border-style": "dim",
    "pane-active-border-style": "#{?synchronize-panes,reverse,bold}",
    "message-style": "reverse",
    "message-command-style": "reverse",
    "mode-style": "reverse",
    "copy-mode-match-style": "underscore",
    "copy-mode-current-match-style": "reverse",
    "copy-mode-mark-style": "bold,underscore",
    "display-panes-colour": "default",
    "display-panes-active-colour": "default",
    "clock-mode-colour": "default",
    "popup-border-style": "default",
}

THEMES: Final = MappingProxyType(
    {
        "dark": MappingProxyType(_coloured(_DARK)),
        "light": MappingProxyType(_coloured(_LIGHT)),
        "plain": MappingProxyType(_PLAIN),
    }
)
"""The values of each theme by the names of the options. All themes have the same options."""


def place(option: str) -> OptionPlace:
    """Where a theme sets that option: globally."""
    return OptionPlace("global-session" if BY_NAME[option].scope == "session" else "global-window")
