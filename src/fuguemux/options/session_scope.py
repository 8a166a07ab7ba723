"""The options of sessions, those of tmux 3.3a.

The defaults are those of tmux. Where the configuration has an option for one, its default is the one here.
"""

from typing import Final

from fuguemux.config.schema import Configuration
from fuguemux.options.rows import array, choice, number, rows
from fuguemux.options.types import EDITING_KEYS, Option

_CONFIGURATION: Final = Configuration()
_ACTION: Final = ("none", "any", "current", "other")
_VISUAL: Final = ("off", "on", "both")
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

SESSION: Final[tuple[Option, ...]] = (
    choice("session", "activity-action", "other", _ACTION),
    number("session", "assume-paste-time", 1, unit="ms"),
    number("session", "base-index", 0),
    choice("session", "bell-action", "any", _ACTION),
    Option("default-command", "session", "string"),
    Option("default-shell", "session", "shell", "/bin/sh"),
    Option("default-size", "session", "size", "80x24"),
    Option("destroy-unattached", "session", "flag", "off"),
    choice("session", "detach-on-destroy", "on", ("off", "on", "no-detached")),
    *rows(
        "session",
        "colour",
        ("display-panes-active-colour", "red"),
        ("display-panes-colour", "blue"),
    ),
    number("session", "display-panes-time", 1000, low=1, unit="ms"),
    number("session", "display-time", 750, unit="ms"),
    number("session", "history-limit", _CONFIGURATION.server.history_limit, unit="lines"),
    Option("key-table", "session", "string", "root"),
    number("session", "lock-after-time", 0, unit="seconds"),
    Option("lock-command", "session", "string", "lock -np"),
    *rows(
        "session",
        "style",
        ("message-command-style", "bg=black,fg=yellow"),
        ("message-style", "bg=yellow,fg=black"),
    ),
    Option("mouse", "session", "flag", "off"),
    *rows("session", "key", ("prefix", _CONFIGURATION.keys.prefix), ("prefix2", "None")),
    Option("renumber-windows", "session", "flag", "off"),
    number("session", "repeat-time", 500, high=_RANGE_MAX, unit="ms"),
    Option("set-titles", "session", "flag", "off"),
    Option("set-titles-string", "session", "string", '#S:#I:#W - "#T" #{session_alerts}'),
    choice("session", "silence-action", "other", _ACTION),
    choice("session", "status", "on", ("off", "on", "2", "3", "4", "5")),
    *rows("session", "colour", ("status-bg", "default"), ("status-fg", "default")),
    array("session", "status-format", _STATUS_FORMAT, _STATUS_FORMAT_PANES),
    number("session", "status-interval", 15, unit="seconds"),
    choice("session", "status-justify", "left", ("left", "centre", "right", "absolute-centre")),
    choice("session", "status-keys", "emacs", EDITING_KEYS),
    Option("status-left", "session", "string", "[#{session_name}] "),
    number("session", "status-left-length", 10, high=_RANGE_MAX, unit="columns"),
    Option("status-left-style", "session", "style", "default"),
    choice("session", "status-position", "bottom", ("top", "bottom")),
    Option(
        "status-right",
        "session",
        "string",
        "#{?window_bigger,[#{window_offset_x}#,#{window_offset_y}] ,}"
        '"#{=21:pane_title}" %H:%M %d-%b-%y',
    ),
    number("session", "status-right-length", 40, high=_RANGE_MAX, unit="columns"),
    *rows(
        "session", "style", ("status-right-style", "default"), ("status-style", "bg=green,fg=black")
    ),
    # Fugue's own: whether panes get TMUX and TMUX_PANE. With auto, new-session of a client called tmux sets it.
    choice("session", "tmux-shim", "auto", ("auto", "on", "off")),
    array(
        "session",
        "update-environment",
        *("DISPLAY", "KRB5CCNAME", "SSH_ASKPASS", "SSH_AUTH_SOCK", "SSH_AGENT_PID"),
        *("SSH_CONNECTION", "WINDOWID", "XAUTHORITY"),
    ),
    choice("session", "visual-activity", "off", _VISUAL),
    choice("session", "visual-bell", "off", _VISUAL),
    choice("session", "visual-silence", "off", _VISUAL),
    Option("word-separators", "session", "string", "!\"#$%&'()*+,-./:;<=>?@[\\]^`{|}~"),
)
