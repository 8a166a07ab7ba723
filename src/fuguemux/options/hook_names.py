"""The hooks, which are options that hold commands."""

from typing import Final

from fuguemux.options.types import Option, Scope

_AFTER: Final = (
    *("bind-key", "capture-pane", "copy-mode", "display-message", "display-panes", "kill-pane"),
    *("list-buffers", "list-clients", "list-keys", "list-panes", "list-sessions", "list-windows"),
    *("load-buffer", "lock-server", "new-session", "new-window", "paste-buffer", "pipe-pane"),
    *("queue", "refresh-client", "rename-session", "rename-window", "resize-pane"),
    *("resize-window", "save-buffer", "select-layout", "select-pane", "select-window"),
    *("send-keys", "set-buffer", "set-environment", "set-hook", "set-option"),
    *("show-environment", "show-messages", "show-options", "split-window", "unbind-key"),
)
_SESSION: Final = (
    *(f"after-{command}" for command in _AFTER),
    *("alert-activity", "alert-bell", "alert-silence", "client-active", "client-attached"),
    *("client-detached", "client-focus-in", "client-focus-out", "client-resized"),
    *("client-session-changed", "session-closed", "session-created", "session-renamed"),
    *("session-window-changed", "window-linked", "window-unlinked"),
)
_PANE: Final = (
    *("pane-died", "pane-exited", "pane-focus-in", "pane-focus-out", "pane-mode-changed"),
    *("pane-set-clipboard", "pane-title-changed"),
)
_WINDOW: Final = (
    *("window-layout-changed", "window-pane-changed", "window-renamed", "window-resized"),
)


def _hook(name: str, scope: Scope, *, pane: bool) -> Option:
    return Option(name, scope, "command", array=(), separators="", pane=pane, hook=True)


HOOKS: Final[tuple[Option, ...]] = (
    *(_hook(name, "session", pane=False) for name in _SESSION),
    *(_hook(name, "window", pane=True) for name in _PANE),
    *(_hook(name, "window", pane=False) for name in _WINDOW),
)
