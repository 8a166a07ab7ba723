"""Which clients decide the sizes of windows, and how large each of them would have a window."""

from collections.abc import Iterable

from fuguemux.model.ids import WindowId
from fuguemux.model.live import ClientFacts
from fuguemux.model.window_size import WindowSize


def counting(clients: Iterable[ClientFacts]) -> list[ClientFacts]:
    """The clients whose sizes count, in their order. As in tmux, one with the flag `ignore-size` counts only if all
    clients have it, and a control client only once it has set a size.
    """
    every = tuple(clients)
    all_ignored = all(client.flags.ignore_size for client in every)
    return [
        client
        for client in every
        if (client.sized or client.window_sizes)
        and client.columns
        and client.rows
        and (all_ignored or not client.flags.ignore_size)
    ]


def room_for(client: ClientFacts, window: WindowId | None, status_rows: int) -> WindowSize:
    """The size that `client` gives to `window` (None: to any window). A control client has no status line."""
    size = None if window is None else client.window_sizes.get(window)
    if size is not None:
        return WindowSize(*size)
    rows = client.rows if client.control else client.rows - status_rows
    return WindowSize(client.columns, max(rows, 1))
