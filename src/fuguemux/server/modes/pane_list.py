"""What the lists of sessions, buffers, clients and options have in common: their pane, their keys and their style."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState, Window
from fuguemux.options import options
from fuguemux.server.modes.previews import line_keys
from fuguemux.server.modes.tree_list import TreeItem


class ListWanted(NamedTuple):
    """The flags that all lists have. `pane`: where the list is shown; `unzoom`: whether its window was zoomed for it."""

    pane: PaneId
    format: str = ""
    key_format: str = ""
    unzoom: bool = False
    template: str = ""
    """The command for what is chosen, with `%%` for its name."""


class PaneList:
    """A part of list_mode.ListSource."""

    volatile = False
    preview_rows = 0

    def __init__(
        self, state: Callable[[], ServerState], live: LiveView, wanted: ListWanted
    ) -> None:
        self._state, self._live, self._wanted = state, live, wanted

    def _window(self) -> Window | None:
        state = self._state()
        stored = state.panes.get(self._wanted.pane)
        return None if stored is None else state.windows.get(stored.window)

    def current(self) -> Sequence[str]:
        """The first item."""
        return ()

    def matches(self, item: TreeItem, text: str) -> bool:
        """Whether a search for `text` finds an item: its name or its text has it."""
        return text in item.name or text in item.text

    def key_names(self, count: int) -> list[str]:
        """As tmux: digits, then `M-` with letters, or what the format of -K says."""
        return line_keys(self._state(), self._live, self._wanted.key_format, count)

    def style(self) -> str:
        """The option `mode-style` of the window."""
        return options.get(
            self._state(), self._live.option_defaults(), "mode-style", window=self._window()
        )

    def end(self) -> str:
        """Unzoom the window if it was zoomed for the list."""
        window = self._window()
        if not self._wanted.unzoom or window is None or not window.zoomed:
            return ""
        return f"resize-pane -Z -t %{self._wanted.pane}"
