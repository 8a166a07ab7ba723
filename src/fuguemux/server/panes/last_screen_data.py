"""Last screens as plain data, for commands that print them."""

from typing import Any

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback.last_screens import LastScreen
from fuguemux.server.panes.capture import with_short_colours
from fuguemux.server.panes.last_screen import context_rows, rows_of
from fuguemux.server.panes.last_screens import LastScreens, NoScreen
from fuguemux.terminal.ghostty.rewrap import plain


async def found(
    screens: LastScreens, pane: PaneId, recovery_ms: int | None, *, styled: bool
) -> dict[str, Any]:
    """Return a pane's screen as text, or `styled`: that of one recovery, by its time, or the newest one.

    If there is none, `error` is a line that says why.
    """
    try:
        screen = await screens.fetch(pane, recovery_ms)
    except NoScreen as none:
        return {"error": str(none)}
    rows = rows_of(screen)
    rows += [b""] * (screen.rows - len(rows))
    return {
        **_about(screen),
        "screen": [_text(row, styled=styled) for row in rows],
        "above": [_text(row, styled=styled) for row in context_rows(screen)],
    }


def _text(row: bytes, *, styled: bool) -> str:
    """Format a row as capture-pane prints it, with or without -e."""
    return (
        (with_short_colours(row) if styled else plain(row)).rstrip(b" ").decode("utf-8", "replace")
    )


async def listed(screens: LastScreens) -> dict[str, Any]:
    """Return every kept screen, the newest first, or why none are kept. A screen that cannot be read has an `error`."""
    found: list[dict[str, Any]] = []
    for name in screens.names():
        try:
            found.append(_about(await screens.load(name)))
        except NoScreen as none:
            about = {"pane": name.pane, "recovery_ms": name.recovery_ms, "error": str(none)}
            found.append(about)
    return {"screens": found, "why_not": screens.why_not}


def _about(screen: LastScreen) -> dict[str, Any]:
    return {
        "pane": screen.pane,
        "recovery_ms": screen.recovery_ms,
        "ended_ms": screen.ended_ms,
        "program": screen.program,
        "place": screen.place,
        "title": screen.title,
        "columns": screen.columns,
        "rows": screen.rows,
        "alternate": screen.alternate,
        "cursor": {
            "column": screen.cursor_column,
            "row": screen.cursor_row,
            "visible": screen.cursor_visible,
        },
    }
