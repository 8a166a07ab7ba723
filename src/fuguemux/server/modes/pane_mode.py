"""What every mode of a pane offers: its name, its rows, and its answers to keys and the mouse."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from fuguemux.model.effects import PromptType
from fuguemux.terminal.compose import ScrolledRows


class Ask(NamedTuple):
    """A question on the status line of the client that typed the key. Without a client it is not asked."""

    prompt: str
    answered: Callable[[str], "ModeOutcome"]
    initial: str = ""
    single_key: bool = False
    """Whether one key is the answer."""
    kind: PromptType = "command"
    """Which history the answer belongs to."""


class ModeOutcome(NamedTuple):
    """The answer to a key. `closed`: whether the mode ends; `command`: text in tmux's language to run then."""

    closed: bool = False
    command: str = ""
    ask: Ask | None = None


STAYS = ModeOutcome()


class MouseAt(NamedTuple):
    """A mouse event in the pane; `name` as in a key binding without its place: `MouseDown1`, `WheelUp`, `DoubleClick1`."""

    name: str
    column: int
    row: int


class PaneMode(Protocol):
    """One pane's mode. Belongs to the loop."""

    name: str
    """tmux's name of the mode, as in `#{pane_mode}`."""
    redraw_seconds: float
    """After this time the rows may be different by themselves. 0: they are not."""

    def view(self, columns: int, rows: int) -> ScrolledRows:
        """What the pane shows in a rectangle of this size."""
        ...

    def key(self, name: str) -> ModeOutcome:
        """Take a key by tmux's name."""
        ...

    def mouse(self, event: MouseAt) -> ModeOutcome:
        """Take a mouse event."""
        ...

    def changed(self) -> None:
        """The state has changed."""
        ...

    def end(self) -> str:
        """The mode ends. Returns a command to run afterwards, or nothing."""
        ...


def shown(rows: list[bytes], cursor: tuple[int, int] | None = None) -> ScrolledRows:
    """Rows of a mode, without the position that copy mode shows."""
    return ScrolledRows(rows, 0, 0, cursor, indicator=False)
