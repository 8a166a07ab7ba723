"""The first row of the status line for the default of `status-format`: the same text as the format's expansion, put
together directly.

The default format asks for some twenty values for each window. Expanding it takes ten times as long as this does, and
nearly every client uses it.
"""

from typing import Final

from fuguemux.formats import formats
from fuguemux.formats import text as format_text
from fuguemux.formats.context import FormatContext, View
from fuguemux.formats.formats import Work
from fuguemux.formats.variables import WINDOW
from fuguemux.model.state import Link, Session, Window
from fuguemux.options import options
from fuguemux.options.table import BY_NAME

DEFAULT_FORMAT: Final = (BY_NAME["status-format"].array or ("",))[0]
_ALERTS: Final = ("window_bell_flag", "window_activity_flag", "window_silence_flag")


def first_row(context: FormatContext, session: Session, work: Work) -> str:
    """`DEFAULT_FORMAT` expanded for the context, whose session is `session`. Raises TooExpensive."""
    return _Row(context, session, work).text()


class _Row:
    def __init__(self, context: FormatContext, session: Session, work: Work) -> None:
        self._context = context
        self._session = session
        self._work = work
        self._state = context.state
        self._defaults = context.live.option_defaults()

    def text(self) -> str:
        left = self._side("left")
        justify = self._option("status-justify")
        shown = "".join(map(self._listed, self._session.links))
        return (
            f"#[align=left {left}"
            f"#[list=on align={justify}]#[list=left-marker]<#[list=right-marker]>#[list=on]"
            f"{shown}#[nolist align=right {self._side('right')}"
        )

    def _side(self, name: str) -> str:
        """One of the two sides, without the beginning of its first mark."""
        style = self._expand(self._option(f"status-{name}-style"), self._context)
        text = self._expand(self._option(f"status-{name}"), self._context, time=True)
        length = int(self._option(f"status-{name}-length"))
        text = format_text.limited(text, length, "")
        return f"range={name} {style}]#[push-default]{text}#[pop-default]#[norange default]"

    def _listed(self, link: Link) -> str:
        window = self._state.windows[link.window]
        current = link.index == self._session.active
        context = FormatContext(
            self._state,
            self._context.live,
            session=self._session.id,
            window=window.id,
            index=link.index,
            client=self._context.client,
            about=f"@{window.id}",
            status=self._context.status,
        )

        def styled(name: str) -> str:
            return self._expand(self._option(f"window-status-{name}", window), context)

        style = styled("current-style") if current else "default"
        if style == "default":
            style = styled("style")
        style += self._marked(link, context, window)
        name = "window-status-current-format" if current else "window-status-format"
        text = self._expand(self._option(name, window), context, time=True)
        focus, after = (" list=focus", "list=on ") if current else ("", "")
        last = link == self._session.links[-1]
        separator = "" if last else self._option("window-status-separator", window)
        return (
            f"#[range=window|{link.index}{focus} {style}]#[push-default]{text}"
            f"#[pop-default]#[norange {after}default]{separator}"
        )

    def _marked(self, link: Link, context: FormatContext, window: Window) -> str:
        """The styles of a window that was current before, and of one with an alert."""
        view = View(context)
        bell, activity, silence = (WINDOW[name](view, window) for name in _ALERTS)
        last = bool(self._session.last) and self._session.last[0] == link.index
        found = self._unless_default("last", context, window) if last else ""
        rang = self._unless_default("bell", context, window) if bell == "1" else ""
        if not rang and "1" in (activity, silence):
            rang = self._unless_default("activity", context, window)
        return found + rang

    def _unless_default(self, name: str, context: FormatContext, window: Window) -> str:
        style = self._expand(self._option(f"window-status-{name}-style", window), context)
        return "" if style == "default" else f" {style}"

    def _option(self, name: str, window: Window | None = None) -> str:
        return options.get(self._state, self._defaults, name, session=self._session, window=window)

    def _expand(self, text: str, context: FormatContext, *, time: bool = False) -> str:
        return formats.expand(text, context, time=time, work=self._work)
