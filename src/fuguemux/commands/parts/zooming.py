"""Zoomed windows whose panes a command changes: they are unzoomed, or with `-Z` stay zoomed."""

from fuguemux.model.events import AnyEvent, ZoomChanged
from fuguemux.model.state import Window


def unzoomed(window: Window) -> tuple[AnyEvent, ...]:
    """The event that unzooms `window`, if it is zoomed."""
    return (ZoomChanged(window.id, False),) if window.zoomed else ()


def unzoomed_unless(window: Window, *, keep: bool) -> tuple[AnyEvent, ...]:
    """As `unzoomed`, but no event if `keep` is true."""
    return () if keep else unzoomed(window)
