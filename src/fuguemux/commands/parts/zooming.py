"""What becomes of a zoomed window when a command touches its panes: unzoomed, or with `-Z` zoomed again afterwards."""

from fuguemux.model.events import AnyEvent, ZoomChanged
from fuguemux.model.state import Window


def unzoomed(window: Window) -> tuple[AnyEvent, ...]:
    """The event that unzooms `window`, if it is zoomed."""
    return (ZoomChanged(window.id, False),) if window.zoomed else ()


def unzoomed_unless(window: Window, *, keep: bool) -> tuple[AnyEvent, ...]:
    """As `unzoomed`, but a window that is to `keep` its zoom stays as it is."""
    return () if keep else unzoomed(window)
