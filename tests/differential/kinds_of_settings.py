"""Scripts about options, hooks, keys and the environment."""

from random import Random

from tests.differential.programs import SLEEP, VARIABLES, Words

NUMBERS = (
    "0",
    "1",
    "5",
    "100",
    "-1",
    "2147483647",
    "99999999999",
    "x",
    "",
    "1.5",
    "0x10",
    " 3",
    "off",
)
FLAGS = ("on", "off", "yes", "no", "1", "0", "ON", "maybe", "")
COLOURS = (
    *("red", "brightred", "colour0", "colour255", "colour256", "color7", "#ff8800", "#FF880", "default"),
    *("terminal", "grey50", "gray", "LightBlue", "light blue", "nothing", "", "#{?1,red,blue}", "97", "42"),
)  # fmt: skip
STYLES = (
    *("fg=red", "bg=colour123,bold", "fg=red bg=blue", "bold,underscore,noitalics", "default", "none"),
    *("fg=nothing", "bright", "dim|bold", "fg=#ff0000,bg=#00ff00", "align=centre", "align=middle", "fill=red"),
    *("list=on", "range=left", "range=window|3", "push-default", "", "fg=", "reverse,", "FG=RED", "us=red"),
    *("#{?client_prefix,bg=red,bg=green}", "fg=red,#{@x}", "fg=default", "curly-underscore", "overline", "acs"),
)  # fmt: skip
STRINGS = (
    "",
    "a",
    "a b",
    "#{session_name}",
    "#S",
    "é",
    "a'b",
    'a"b',
    "a;b",
    "$HOME",
    "~",
    "a\\b",
    "#[fg=red]x",
)
OPTIONS: dict[str, tuple[str, ...]] = {
    "base-index": NUMBERS, "history-limit": NUMBERS, "display-time": NUMBERS, "repeat-time": NUMBERS,
    "status-interval": NUMBERS, "status-left-length": NUMBERS, "escape-time": NUMBERS, "buffer-limit": NUMBERS,
    "pane-base-index": NUMBERS, "monitor-silence": NUMBERS, "lock-after-time": NUMBERS, "message-limit": NUMBERS,
    "display-panes-time": NUMBERS, "prompt-history-limit": NUMBERS,
    "mouse": FLAGS, "renumber-windows": FLAGS, "set-titles": FLAGS, "automatic-rename": FLAGS, "wrap-search": FLAGS,
    "allow-rename": FLAGS, "monitor-activity": FLAGS, "synchronize-panes": FLAGS, "focus-events": FLAGS,
    "aggressive-resize": FLAGS, "scroll-on-clear": FLAGS, "alternate-screen": FLAGS, "destroy-unattached": FLAGS,
    "status-bg": COLOURS, "status-fg": COLOURS, "display-panes-colour": COLOURS, "clock-mode-colour": COLOURS,
    "status-style": STYLES, "mode-style": STYLES, "pane-border-style": STYLES, "window-status-style": STYLES,
    "message-style": STYLES, "window-active-style": STYLES, "popup-style": STYLES, "copy-mode-match-style": STYLES,
    "status-left": STRINGS, "status-right": STRINGS, "default-command": STRINGS, "word-separators": STRINGS,
    "window-status-format": STRINGS, "set-titles-string": STRINGS, "pane-border-format": STRINGS,
    "lock-command": STRINGS, "default-terminal": ("screen", "tmux-256color", "", "x"),
    "status": ("on", "off", "2", "5", "6", "0", "1", "x", ""),
    "status-keys": ("vi", "emacs", "x", "v", ""), "mode-keys": ("vi", "emacs", "", "VI"),
    "status-justify": ("left", "centre", "right", "absolute-centre", "center", ""),
    "status-position": ("top", "bottom", "left", ""), "bell-action": ("any", "none", "current", "other", "x"),
    "visual-bell": ("on", "off", "both", "x", ""), "set-clipboard": ("on", "off", "external", "x"),
    "window-size": ("largest", "smallest", "manual", "latest", "x"), "remain-on-exit": ("on", "off", "failed", "x"),
    "pane-border-status": ("off", "top", "bottom", "x"), "pane-border-lines": ("single", "double", "heavy", "x"),
    "pane-border-indicators": ("off", "colour", "arrows", "both", "x"), "clock-mode-style": ("12", "24", "13"),
    "detach-on-destroy": ("on", "off", "no-detached", "x"), "extended-keys": ("on", "off", "always", "x"),
    "prefix": ("C-a", "M-x", "F1", "None", "x", "nonsense", ""), "prefix2": ("C-a", "None", "C-Space"),
    "default-size": ("80x24", "100x50", "0x0", "x", "80", "99999x1"), "key-table": ("root", "mine", ""),
    "@mine": STRINGS, "@other": NUMBERS, "nonsense": NUMBERS, "status-": NUMBERS, "stat": NUMBERS, "mous": FLAGS,
}  # fmt: skip
"""Values to try, by the name of the option."""
_ARRAYS = (
    "command-alias",
    "update-environment",
    "terminal-features",
    "user-keys",
    "status-format",
    "pane-colours",
)
_HOOKS = ("after-new-window", "after-split-window", "session-renamed", "window-renamed", "after-select-pane",
          "window-linked", "window-unlinked", "after-kill-pane", "pane-exited", "window-layout-changed",
          "after-set-option", "after-bind-key", "session-created", "session-closed", "after-rename-window",
          "window-pane-changed", "session-window-changed", "after-resize-pane", "after-display-message")  # fmt: skip


def options(pick: Random) -> list[Words]:
    """Options are set in every place and shown in every way."""
    script: list[Words] = []
    for _ in range(6):
        name = pick.choice(list(OPTIONS))
        value = pick.choice(OPTIONS[name])
        places = (("-g",), (), ("-w",), ("-gw",), ("-p",), ("-s",))
        place = pick.choice(places)
        flags = pick.choice(
            ((), (), (), ("-a",), ("-o",), ("-u",), ("-q",), ("-U",), ("-F",), ("-oq",))
        )
        target = () if "-g" in place or "-gw" in place or "-s" in place else ("-t", "main:0.0")
        words: Words = ("set-option", *flags, *place, *target, name)
        script.append((*words, value) if pick.random() < 0.85 else words)
        for _ in range(2):
            shown = pick.choice(((), ("-v",), ("-q",), ("-A",), ("-qv",), ("-H",)))
            script.append(("show-options", *shown, *place, *target, name))
    return script


def arrays(pick: Random) -> list[Words]:
    """Arrays are set, appended to and unset."""
    script: list[Words] = []
    for _ in range(8):
        name = pick.choice(_ARRAYS)
        index = pick.choice(("", "", "[0]", "[3]", "[100]"))
        value = pick.choice(
            ("a=display-message x", "a,b,c", "", "xterm*:RGB", "one two", "b=list-keys", "red", ",")
        )
        place = ("-s",) if name in ("command-alias", "terminal-features", "user-keys") else ("-g",)
        flags = pick.choice(((), (), ("-a",), ("-u",), ("-o",), ("-q",)))
        words: Words = ("set-option", *flags, *place, name + index)
        script.append(words if "-u" in flags else (*words, value))
        script.append(("show-options", *pick.choice(((), ("-v",))), *place, name))
    return script


def hooks(pick: Random) -> list[Words]:
    """Hooks run in an order and with values."""
    script: list[Words] = [("set-option", "-g", "@log", "")]
    for _ in range(3):
        name = pick.choice(_HOOKS)
        place = pick.choice(
            (("-g",), ("-g",), ("-t", "main:"), ("-ga",), ("-gw",), ("-w", "-t", "main:0"))
        )
        seen = (
            "#{@log}|"
            + name
            + " #{hook} #{hook_session_name} #{hook_window_name} #{hook_pane} #{window_index}"
        )
        command = f"set-option -gF @log '{seen}'"
        script.append(("set-hook", *place, name + pick.choice(("", "", "[0]", "[2]")), command))
    script.append(("show-hooks", *pick.choice((("-g",), ("-t", "main:"), ("-w", "-t", "main:0")))))
    for _ in range(5):
        script.append(pick.choice((
            ("new-window", "-d", "-t", "main:", "-n", "w1", SLEEP), ("split-window", "-d", "-t", "main:0", SLEEP),
            ("rename-window", "-t", "main:0", "named"), ("rename-session", "-t", "main", "main"),
            ("select-pane", "-t", "main:0.1"), ("select-window", "-t", "main:1"), ("kill-pane", "-t", "main:0.1"),
            ("resize-pane", "-t", "main:0.0", "-D", "2"), ("new-session", "-d", "-s", "other", SLEEP),
            ("kill-session", "-t", "other"), ("display-message", "-p", "x"), ("set-option", "-g", "@x", "1"),
        )))  # fmt: skip
        script.append(("show-options", "-gv", "@log"))
    script.append(("set-hook", pick.choice(("-gu", "-gR")), pick.choice(_HOOKS)))
    script.append(("show-options", "-gv", "@log"))
    return script


def keys(pick: Random) -> list[Words]:
    """Keys are bound, listed and unbound."""
    names = ("a", "C-a", "M-a", "C-M-a", "F1", "S-F5", "C-Space", "Space", "Enter", "C-m", "Tab", "BTab", "Escape",
             "^A", "C-Up", "M-S-Left", "PPage", "PageUp", "BSpace", "DC", "IC", "KP5", "'", '"', ";", "#", "~", "{",
             "MouseDown1Pane", "C-WheelUpStatus", "MouseDragEnd1Border", "DoubleClick3Pane", "Any", "User0", "é",
             "C-é", "nonsense", "", "0x41", "C-", "M-", "C-C-a", "S-a", "\\", "$", "%", "C-\\", "C-]", "C-?")  # fmt: skip
    commands: tuple[Words, ...] = (
        ("display-message", "hi"), ("split-window", "-h"), ("nonsense",), ("if-shell", "true", "display-message x"),
        ("display-message", "a ; b"), ("send-keys", "C-a", ";", "x"), ("new-window", ";", "split-window"),
        ("display-message", "a'b"), ("run-shell", "echo \"x\""), ("set-option", "-g", "@x", "$y"),
        ("confirm-before", "-p", "sure? #S", "kill-pane"), ("if-shell", "-F", "1", "{ display-message x }"),
    )  # fmt: skip
    script: list[Words] = []
    for _ in range(6):
        key, table = pick.choice(names), pick.choice((("-n",), ("-T", "mine"), (), ("-T", "root")))
        extra = pick.choice(((), (), ("-r",), ("-N", "a note"), ("-N", "")))
        script.append(("bind-key", *extra, *table, key, *pick.choice(commands)))
        listed = ("-T", "root") if table == ("-n",) else table or ("-T", "prefix")
        script.append(
            ("list-keys", *listed, key)
            if pick.random() < 0.8
            else ("list-keys", "-N", *listed, key)
        )
        if pick.random() < 0.4:
            script.append(
                ("unbind-key", *pick.choice(((), ("-q",))), *table, pick.choice((key, "C-z")))
            )
            script.append(("list-keys", *listed, key))
    return script


def environment(pick: Random) -> list[Words]:
    """Variables of the server and of a session."""
    script: list[Words] = []
    for _ in range(7):
        name = pick.choice((*VARIABLES, "a=b", ""))
        place = pick.choice((("-g",), ("-t", "main")))
        flags = pick.choice(((), (), (), ("-u",), ("-r",), ("-h",), ("-F",)))
        value = (
            ()
            if flags in (("-u",), ("-r",))
            else (pick.choice(("1", "", "a b", "#S", "a'b", "é", "$x", '"')),)
        )
        script.append(("set-environment", *flags, *place, name, *value))
        shown = pick.choice(((), ("-s",), ("-h",), ("-hs",)))
        script.append(("show-environment", *shown, *place, pick.choice((*VARIABLES, name or "AA"))))
    return script
