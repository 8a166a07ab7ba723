"""The options of windows and panes: those of tmux 3.3a with its defaults, then those that only fugue has."""

from typing import Final, get_args

from fuguemux.config.schema import Configuration, RestorePolicy
from fuguemux.options.rows import array, choice, number, rows
from fuguemux.options.types import EDITING_KEYS, Option

_LINES: Final = ("single", "double", "heavy", "simple")
_CURSORS: Final = (
    *("default", "blinking-block", "block", "blinking-underline", "underline"),
    *("blinking-bar", "bar"),
)
_WINDOW_FORMAT: Final = "#I:#W#{?window_flags,#{window_flags}, }"

WINDOW: Final[tuple[Option, ...]] = (
    Option("cursor-colour", "window", "colour", "none", pane=True),
    choice("window", "cursor-style", "default", _CURSORS, pane=True),
    Option("aggressive-resize", "window", "flag", "off"),
    *rows(
        "window",
        "flag",
        ("allow-passthrough", "off"),
        ("allow-rename", "off"),
        ("alternate-screen", "on"),
        pane=True,
    ),
    Option("automatic-rename", "window", "flag", "on"),
    Option(
        "automatic-rename-format",
        "window",
        "string",
        "#{?pane_in_mode,[tmux],#{pane_current_command}}#{?pane_dead,[dead],}",
    ),
    Option("clock-mode-colour", "window", "colour", "blue"),
    choice("window", "clock-mode-style", "24", ("12", "24")),
    *rows(
        "window",
        "style",
        ("copy-mode-match-style", "bg=cyan,fg=black"),
        ("copy-mode-current-match-style", "bg=magenta,fg=black"),
        ("copy-mode-mark-style", "bg=red,fg=black"),
    ),
    *rows(
        "window",
        "string",
        ("fill-character", ""),
        ("main-pane-height", "24"),
        ("main-pane-width", "80"),
    ),
    choice("window", "mode-keys", "emacs", EDITING_KEYS),
    Option("mode-style", "window", "style", "bg=yellow,fg=black"),
    *rows("window", "flag", ("monitor-activity", "off"), ("monitor-bell", "on")),
    number("window", "monitor-silence", 0, unit="seconds"),
    *rows("window", "string", ("other-pane-height", "0"), ("other-pane-width", "0")),
    Option(
        "pane-active-border-style",
        "window",
        "style",
        "#{?pane_in_mode,fg=yellow,#{?synchronize-panes,fg=red,fg=green}}",
    ),
    number("window", "pane-base-index", 0, high=65535),
    Option(
        "pane-border-format",
        "window",
        "string",
        '#{?pane_active,#[reverse],}#{pane_index}#[default] "#{pane_title}"',
        pane=True,
    ),
    choice("window", "pane-border-indicators", "colour", ("off", "colour", "arrows", "both")),
    choice("window", "pane-border-lines", "single", (*_LINES, "number")),
    choice("window", "pane-border-status", "off", ("off", "top", "bottom")),
    Option("pane-border-style", "window", "style", "default"),
    array("window", "pane-colours", kind="colour", pane=True),
    *rows("window", "style", ("popup-style", "default"), ("popup-border-style", "default")),
    choice("window", "popup-border-lines", "single", (*_LINES, "rounded", "padded", "none")),
    choice("window", "remain-on-exit", "off", ("off", "on", "failed"), pane=True),
    Option(
        "remain-on-exit-format",
        "window",
        "string",
        "Pane is dead (#{?#{!=:#{pane_dead_status},},status #{pane_dead_status},}"
        "#{?#{!=:#{pane_dead_signal},},signal #{pane_dead_signal},}, #{t:pane_dead_time})",
        pane=True,
    ),
    *rows("window", "flag", ("scroll-on-clear", "on"), ("synchronize-panes", "off"), pane=True),
    Option("window-active-style", "window", "style", "default", pane=True),
    choice("window", "window-size", "latest", ("largest", "smallest", "manual", "latest")),
    Option("window-style", "window", "style", "default", pane=True),
    *rows(
        "window",
        "style",
        ("window-status-activity-style", "reverse"),
        ("window-status-bell-style", "reverse"),
    ),
    Option("window-status-current-format", "window", "string", _WINDOW_FORMAT),
    Option("window-status-current-style", "window", "style", "default"),
    Option("window-status-format", "window", "string", _WINDOW_FORMAT),
    Option("window-status-last-style", "window", "style", "default"),
    Option("window-status-separator", "window", "string", " "),
    Option("window-status-style", "window", "style", "default"),
    *rows("window", "flag", ("wrap-search", "on"), ("xterm-keys", "on")),
)

OWN: Final[tuple[Option, ...]] = (
    Option(
        "persist",
        "window",
        "flag",
        "on",
        pane=True,
        help="Keep the pane's contents on disk. Off: none of them reach the disk from then on.",
    ),
    Option(
        "restore-command",
        "window",
        "string",
        pane=True,
        help="What is started in a pane after its processes were lost, in place of what restore-policy says; a format.",
    ),
    Option(
        "restore-policy",
        "window",
        "choice",
        Configuration().persistence.restore_policy,
        choices=get_args(RestorePolicy),
        pane=True,
        help="What is started in a pane after its processes were lost.",
    ),
)
