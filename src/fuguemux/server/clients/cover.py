"""Shows a page over a client's panes."""

import textwrap
from collections.abc import Callable, Sequence
from typing import assert_never

from fuguemux.model import effects as ef
from fuguemux.model.ids import ClientId
from fuguemux.server.clients.overlays import Page
from fuguemux.server.clients.viewer import Viewer
from fuguemux.server.panes.previews import LastScreensPort, ScreenPreview


def notice_page(client: ClientId, notices: Sequence[str], columns: int) -> ef.ShowText:
    """A page with each of the notices in full, wrapped at `columns`."""
    lines = [
        line
        for notice in notices
        for line in textwrap.wrap(notice, columns, break_on_hyphens=False)
    ]
    return ef.ShowText(
        client, (*lines, "", "(q closes this page; fugue show-messages lists it again)")
    )


def cover(
    viewer: Viewer,
    effect: ef.Choose | ef.ShowText,
    last_screens: LastScreensPort,
    redraw: Callable[[], None],
) -> None:
    """Show what `effect` describes. The previews of a list come from `last_screens`, which calls `redraw` when it has
    read one."""
    match effect:
        case ef.Choose(_, title, rows, previews, selected):
            preview = ScreenPreview(last_screens, previews, redraw) if previews else None
            viewer.page = Page(title, rows, chooser=True, preview=preview, selected=selected)
        case ef.ShowText(_, lines):
            viewer.page = Page("", tuple((line, "") for line in lines), chooser=False)
        case _:
            assert_never(effect)
