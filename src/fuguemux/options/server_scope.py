"""The options of the server, those of tmux 3.3a with its defaults."""

from typing import Final

from fuguemux.options.rows import array, choice, number, rows
from fuguemux.options.types import Option

SERVER: Final[tuple[Option, ...]] = (
    Option("backspace", "server", "key", "C-?"),
    number("server", "buffer-limit", 50, low=1),
    array(
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
    *rows(
        "server",
        "string",
        ("copy-command", ""),
        ("default-terminal", "xterm-256color"),
        ("editor", "/usr/bin/vi"),
    ),
    number("server", "escape-time", 500, unit="ms"),
    *rows("server", "flag", ("exit-empty", "on"), ("exit-unattached", "off")),
    choice("server", "extended-keys", "off", ("off", "on", "always")),
    Option("focus-events", "server", "flag", "off"),
    Option("history-file", "server", "string"),
    number("server", "message-limit", 1000),
    number("server", "prompt-history-limit", 100),
    choice("server", "set-clipboard", "external", ("off", "external", "on")),
    array("server", "terminal-overrides", separators=","),
    array(
        "server",
        "terminal-features",
        "xterm*:clipboard:ccolour:cstyle:focus:title",
        "screen*:title",
        separators=",",
    ),
    array("server", "user-keys", separators=","),
)
