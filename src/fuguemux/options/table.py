"""All options, in one table: tmux 3.3a's with its defaults, then those of fugue alone, then the hooks.

The order is the order in which they are listed.
"""

from typing import Final

from fuguemux.options.types import Kind, Option, Scope

_ACTION: Final = ("none", "any", "current", "other")
_VISUAL: Final = ("off", "on", "both")
_KEYS: Final = ("emacs", "vi")
_LINES: Final = ("single", "double", "heavy", "simple")
_CURSORS: Final = (
    *("default", "blinking-block", "block", "blinking-underline", "underline"),
    *("blinking-bar", "bar"),
)
_RANGE_MAX: Final = 32767

_STATUS_WINDOW: Final = (
    "#{?#{&&:#{window_last_flag},#{!=:#{E:window-status-last-style},default}}, "
    "#{E:window-status-last-style},}"
    "#{?#{&&:#{window_bell_flag},#{!=:#{E:window-status-bell-style},default}}, "
    "#{E:window-status-bell-style},"
    "#{?#{&&:#{||:#{window_activity_flag},#{window_silence_flag}},"
    "#{!=:#{E:window-status-activity-style},default}}, #{E:window-status-activity-style},}}]"
    "#[push-default]"
)
_STATUS_AFTER_WINDOW: Final = "#{?window_end_flag,,#{window-status-separator}}"
_STATUS_FORMAT: Final = (
    "#[align=left range=left #{E:status-left-style}]#[push-default]"
    "#{T;=/#{status-left-length}:status-left}#[pop-default]#[norange default]"
    "#[list=on align=#{status-justify}]#[list=left-marker]<#[list=right-marker]>#[list=on]"
    "#{W:#[range=window|#{window_index} #{E:window-status-style}"
    + _STATUS_WINDOW
    + "#{T:window-status-format}#[pop-default]#[norange default]"
    + _STATUS_AFTER_WINDOW
    + ",#[range=window|#{window_index} list=focus "
    "#{?#{!=:#{E:window-status-current-style},default},#{E:window-status-current-style},"
    "#{E:window-status-style}}"
    + _STATUS_WINDOW
    + "#{T:window-status-current-format}#[pop-default]#[norange list=on default]"
    + _STATUS_AFTER_WINDOW
    + "}#[nolist align=right range=right #{E:status-right-style}]#[push-default]"
    "#{T;=/#{status-right-length}:status-right}#[pop-default]#[norange default]"
)
_STATUS_FORMAT_PANES: Final = (
    "#[align=centre]#{P:#{?pane_active,#[reverse],}#{pane_index}"
    "[#{pane_width}x#{pane_height}]#[default] }"
)
_WINDOW_FORMAT: Final = "#I:#W#{?window_flags,#{window_flags}, }"


def _rows(scope: Scope, kind: Kind, *rows: tuple[str, str], pane: bool = False) -> list[Option]:
    return [Option(name, scope, kind, default, pane=pane) for name, default in rows]


def _number(
    scope: Scope, name: str, default: int, low: int = 0, high: int = 2**31 - 1, unit: str = ""
) -> Option:
    return Option(name, scope, "number", str(default), low=low, high=high, unit=unit)


def _choice(
    scope: Scope, name: str, default: str, choices: tuple[str, ...], *, pane: bool = False
) -> Option:
    return Option(name, scope, "choice", default, choices=choices, pane=pane)


def _array(
    scope: Scope,
    name: str,
    *values: str,
    kind: Kind = "string",
    separators: str = " ,",
    pane: bool = False,
) -> Option:
    return Option(name, scope, kind, array=values, separators=separators, pane=pane)


_SERVER: Final = (
    Option("backspace", "server", "key", "C-?"),
    _number("server", "buffer-limit", 50, low=1),
    _array(
        "server",
        "command-alias",
        "split-pane=split-window",
        "splitp=split-window",
        "server-info=show-messages -JT",
        "info=show-messages -JT",
        "choose-window=choose-tree -w",
        "choose-session=choose-tree -s",
        separators=",",
    ),
    *_rows(
        "server",
        "string",
        ("copy-command", ""),
        ("default-terminal", "xterm-256color"),
        ("editor", "/usr/bin/vi"),
    ),
    _number("server", "escape-time", 500, unit="ms"),
    *_rows("server", "flag", ("exit-empty", "on"), ("exit-unattached", "off")),
    _choice("server", "extended-keys", "off", ("off", "on", "always")),
    Option("focus-events", "server", "flag", "off"),
    Option("history-file", "server", "string"),
    _number("server", "message-limit", 1000),
    _number("server", "prompt-history-limit", 100),
    _choice("server", "set-clipboard", "external", ("off", "external", "on")),
    _array("server", "terminal-overrides", separators=","),
    _array(
        "server",
        "terminal-features",
        "xterm*:clipboard:ccolour:cstyle:focus:title",
        "screen*:title",
        separators=",",
    ),
    _array("server", "user-keys", separators=","),
)

_SESSION: Final = (
    _choice("session", "activity-action", "other", _ACTION),
    _number("session", "assume-paste-time", 1, unit="ms"),
    _number("session", "base-index", 0),
    _choice("session", "bell-action", "any", _ACTION),
    Option("default-command", "session", "string"),
    Option("default-shell", "session", "shell", "/bin/sh"),
    Option("default-size", "session", "size", "80x24"),
    Option("destroy-unattached", "session", "flag", "off"),
    _choice("session", "detach-on-destroy", "on", ("off", "on", "no-detached")),
    *_rows(
        "session",
        "colour",
        ("display-panes-active-colour", "red"),
        ("display-panes-colour", "blue"),
    ),
    _number("session", "display-panes-time", 1000, low=1, unit="ms"),
    _number("session", "display-time", 750, unit="ms"),
    _number("session", "history-limit", 2000, unit="lines"),
    Option("key-table", "session", "string", "root"),
    _number("session", "lock-after-time", 0, unit="seconds"),
    Option("lock-command", "session", "string", "lock -np"),
    *_rows(
        "session",
        "style",
        ("message-command-style", "bg=black,fg=yellow"),
        ("message-style", "bg=yellow,fg=black"),
    ),
    Option("mouse", "session", "flag", "off"),
    *_rows("session", "key", ("prefix", "C-b"), ("prefix2", "None")),
    Option("renumber-windows", "session", "flag", "off"),
    _number("session", "repeat-time", 500, high=_RANGE_MAX, unit="ms"),
    Option("set-titles", "session", "flag", "off"),
    Option("set-titles-string", "session", "string", '#S:#I:#W - "#T" #{session_alerts}'),
    _choice("session", "silence-action", "other", _ACTION),
    _choice("session", "status", "on", ("off", "on", "2", "3", "4", "5")),
    *_rows("session", "colour", ("status-bg", "default"), ("status-fg", "default")),
    _array("session", "status-format", _STATUS_FORMAT, _STATUS_FORMAT_PANES, separators=""),
    _number("session", "status-interval", 15, unit="seconds"),
    _choice("session", "status-justify", "left", ("left", "centre", "right", "absolute-centre")),
    _choice("session", "status-keys", "emacs", _KEYS),
    Option("status-left", "session", "string", "[#{session_name}] "),
    _number("session", "status-left-length", 10, high=_RANGE_MAX, unit="columns"),
    Option("status-left-style", "session", "style", "default"),
    _choice("session", "status-position", "bottom", ("top", "bottom")),
    Option(
        "status-right",
        "session",
        "string",
        "#{?window_bigger,[#{window_offset_x}#,#{window_offset_y}] ,}"
        '"#{=21:pane_title}" %H:%M %d-%b-%y',
    ),
    _number("session", "status-right-length", 40, high=_RANGE_MAX, unit="columns"),
    *_rows(
        "session", "style", ("status-right-style", "default"), ("status-style", "bg=green,fg=black")
    ),
    _array(
        "session",
        "update-environment",
        *("DISPLAY", "KRB5CCNAME", "SSH_ASKPASS", "SSH_AUTH_SOCK", "SSH_AGENT_PID"),
        *("SSH_CONNECTION", "WINDOWID", "XAUTHORITY"),
    ),
    _choice("session", "visual-activity", "off", _VISUAL),
    _choice("session", "visual-bell", "off", _VISUAL),
    _choice("session", "visual-silence", "off", _VISUAL),
    Option("word-separators", "session", "string", "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~"),
)

_WINDOW: Final = (
    Option("cursor-colour", "window", "colour", "none", pane=True),
    _choice("window", "cursor-style", "default", _CURSORS, pane=True),
    Option("aggressive-resize", "window", "flag", "off"),
    *_rows(
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
    _choice("window", "clock-mode-style", "24", ("12", "24")),
    *_rows(
        "window",
        "style",
        ("copy-mode-match-style", "bg=cyan,fg=black"),
        ("copy-mode-current-match-style", "bg=magenta,fg=black"),
        ("copy-mode-mark-style", "bg=red,fg=black"),
    ),
    *_rows(
        "window",
        "string",
        ("fill-character", ""),
        ("main-pane-height", "24"),
        ("main-pane-width", "80"),
    ),
    _choice("window", "mode-keys", "emacs", _KEYS),
    Option("mode-style", "window", "style", "bg=yellow,fg=black"),
    *_rows("window", "flag", ("monitor-activity", "off"), ("monitor-bell", "on")),
    _number("window", "monitor-silence", 0, unit="seconds"),
    *_rows("window", "string", ("other-pane-height", "0"), ("other-pane-width", "0")),
    Option(
        "pane-active-border-style",
        "window",
        "style",
        "#{?pane_in_mode,fg=yellow,#{?synchronize-panes,fg=red,fg=green}}",
    ),
    _number("window", "pane-base-index", 0, high=65535),
    Option(
        "pane-border-format",
        "window",
        "string",
        '#{?pane_active,#[reverse],}#{pane_index}#[default] "#{pane_title}"',
        pane=True,
    ),
    _choice("window", "pane-border-indicators", "colour", ("off", "colour", "arrows", "both")),
    _choice("window", "pane-border-lines", "single", (*_LINES, "number")),
    _choice("window", "pane-border-status", "off", ("off", "top", "bottom")),
    Option("pane-border-style", "window", "style", "default"),
    _array("window", "pane-colours", kind="colour", pane=True),
    *_rows("window", "style", ("popup-style", "default"), ("popup-border-style", "default")),
    _choice("window", "popup-border-lines", "single", (*_LINES, "rounded", "padded", "none")),
    _choice("window", "remain-on-exit", "off", ("off", "on", "failed"), pane=True),
    Option(
        "remain-on-exit-format",
        "window",
        "string",
        "Pane is dead (#{?#{!=:#{pane_dead_status},},status #{pane_dead_status},}"
        "#{?#{!=:#{pane_dead_signal},},signal #{pane_dead_signal},}, #{t:pane_dead_time})",
        pane=True,
    ),
    *_rows("window", "flag", ("scroll-on-clear", "on"), ("synchronize-panes", "off"), pane=True),
    Option("window-active-style", "window", "style", "default", pane=True),
    _choice("window", "window-size", "latest", ("largest", "smallest", "manual", "latest")),
    Option("window-style", "window", "style", "default", pane=True),
    *_rows(
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
    *_rows("window", "flag", ("wrap-search", "on"), ("xterm-keys", "on")),
)

_OWN: Final = (
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
        "shell",
        choices=("shell", "suspended", "rerun", "none"),
        pane=True,
        help="What is started in a pane after its processes were lost.",
    ),
)

_AFTER: Final = (
    *("bind-key", "capture-pane", "copy-mode", "display-message", "display-panes", "kill-pane"),
    *("list-buffers", "list-clients", "list-keys", "list-panes", "list-sessions", "list-windows"),
    *("load-buffer", "lock-server", "new-session", "new-window", "paste-buffer", "pipe-pane"),
    *("queue", "refresh-client", "rename-session", "rename-window", "resize-pane"),
    *("resize-window", "save-buffer", "select-layout", "select-pane", "select-window"),
    *("send-keys", "set-buffer", "set-environment", "set-hook", "set-option"),
    *("show-environment", "show-messages", "show-options", "split-window", "unbind-key"),
)
_SESSION_HOOKS: Final = (
    *(f"after-{command}" for command in _AFTER),
    *("alert-activity", "alert-bell", "alert-silence", "client-active", "client-attached"),
    *("client-detached", "client-focus-in", "client-focus-out", "client-resized"),
    *("client-session-changed", "session-closed", "session-created", "session-renamed"),
    *("session-window-changed", "window-linked", "window-unlinked"),
)
_PANE_HOOKS: Final = (
    *("pane-died", "pane-exited", "pane-focus-in", "pane-focus-out", "pane-mode-changed"),
    *("pane-set-clipboard", "pane-title-changed"),
)
_WINDOW_HOOKS: Final = (
    *("window-layout-changed", "window-pane-changed", "window-renamed", "window-resized"),
)


def _hook(name: str, scope: Scope, *, pane: bool) -> Option:
    return Option(name, scope, "command", array=(), separators="", pane=pane, hook=True)


OPTIONS: Final[tuple[Option, ...]] = (
    *_SERVER,
    *_SESSION,
    *_WINDOW,
    *_OWN,
    *(_hook(name, "session", pane=False) for name in _SESSION_HOOKS),
    *(_hook(name, "window", pane=True) for name in _PANE_HOOKS),
    *(_hook(name, "window", pane=False) for name in _WINDOW_HOOKS),
)
BY_NAME: Final = {option.name: option for option in OPTIONS}
OTHER_SPELLINGS: Final = {
    option.name.replace("colour", "color"): option.name
    for option in OPTIONS
    if "colour" in option.name
}
