"""Effects that put something over the panes of one client: menus, numbers of panes, popups. See model/effects.py."""

from typing import Literal

import msgspec

from fuguemux.model.ids import ClientId, PaneId, SessionId
from fuguemux.model.pointing import Pointing


class OverlayEffect(msgspec.Struct, frozen=True):
    """Base class of these effects. They are awaited."""

    client: ClientId


class MenuItem(msgspec.Struct, frozen=True):
    """A row of a menu. Without a name it is a line. A name that begins with `-` is shown and cannot be chosen."""

    name: str = ""
    """Text with style marks, with the key at its end."""
    key: str = ""
    command: str = ""

    @property
    def can_be_chosen(self) -> bool:
        """Whether the row has a command."""
        return bool(self.name) and not self.name.startswith("-")


class OpenMenu(OverlayEffect, frozen=True):
    """Show a menu, unless something lies over the panes already. The reply waits until it is closed."""

    column: int
    row: int
    width: int
    """The columns of its widest text: the menu has four more."""
    title: str
    items: tuple[MenuItem, ...]
    session: SessionId
    pane: PaneId
    """What the commands are about."""
    mouse: Pointing | None = None
    """The mouse event whose key opens it. Without one, the mouse chooses nothing."""
    stays_open: bool = False
    """Whether it stays when the mouse button is released beside its rows, and a click chooses."""


class NumberPanes(OverlayEffect, frozen=True):
    """Show the numbers of the panes, unless something lies over the panes already. A key chooses one."""

    template: str
    """The command for the chosen pane, with `%%` for its id."""
    duration_ms: int
    """0: until a key is pressed."""
    reads_keys: bool = True
    wait: bool = True
    """Whether the reply waits until they have disappeared."""


class OpenPopup(OverlayEffect, frozen=True):
    """Run a program in a box, unless something lies over the panes already. The reply waits until it is closed."""

    column: int
    row: int
    columns: int
    rows: int
    """With the border."""
    title: str
    lines: str
    """A value of `popup-border-lines`."""
    style: str
    border_style: str
    argv: tuple[bytes, ...]
    cwd: bytes
    environment: tuple[tuple[bytes, bytes], ...]
    """Additional variables."""
    session: SessionId
    pane: PaneId
    closes: Literal["", "exit", "success"] = ""
    """With the program: never, always, or if it exits with 0."""


class ClosePopup(OverlayEffect, frozen=True):
    """Close what lies over the panes (display-popup -C)."""


AnyOverlayEffect = OpenMenu | NumberPanes | OpenPopup | ClosePopup
"""All of them."""
