"""How the borders between panes look to one client: styles with their formats expanded, lines, arrows.

Kept until the state, the defaults, the modes of the panes or the mark change, so that a frame for an echo expands no
format.
"""

from collections.abc import Mapping

from fuguemux.formats.formats import FormatContext, TooExpensive, Work, expand
from fuguemux.model.floating import Floating
from fuguemux.model.ids import ClientId, PaneId
from fuguemux.model.layout import panes_of
from fuguemux.model.live import LiveView
from fuguemux.model.pane_places import border_edge
from fuguemux.model.state import ServerState, Session, Window
from fuguemux.model.window_panes import panes_in, zoomed_pane
from fuguemux.observe.holding import TookTooLong, endable
from fuguemux.options import options
from fuguemux.options.styles import canonical
from fuguemux.server.clients.status.status_line import expanded_style
from fuguemux.terminal.borders import BorderLook
from fuguemux.terminal.floats import Frame
from fuguemux.terminal.style import DEFAULT, Style

REVERSE = "7"


class BorderLooks:
    """The look of one client's borders, made anew only when something that it depends on has changed."""

    def __init__(self) -> None:
        self._state: ServerState | None = None
        self._key: tuple[object, ...] = ()
        self._look: BorderLook | None = None
        self.frames: Mapping[PaneId, Frame] = {}
        """The borders of the floating panes, by the last look."""

    def touch(self) -> None:
        """Expand the formats again for the next frame: they may show something else now."""
        self._look = None

    def look(
        self,
        state: ServerState,
        live: LiveView,
        session: Session,
        window: Window,
        client: ClientId,
        modes: object,
        facts: object,
    ) -> BorderLook:
        """The look for the panes that are drawn, in layout order. `modes`: changes when a pane enters or leaves a mode.
        `facts`: changes when the texts on the borders are due."""
        due = facts if border_edge(state, window) != "off" else None
        key = (id(live.option_defaults()), session.id, window.id, modes, live.mark(), due)
        if self._look is None or self._state is not state or self._key != key:
            self._state, self._key = state, key
            try:
                with endable("format", f"borders of client {client}"):
                    self._look, self.frames = _look(state, live, session, window, client)
            except (TookTooLong, TooExpensive):
                count = len(panes_of(window.layout))
                edge, texts = border_edge(state, window), [("", DEFAULT)] * count
                plain = [DEFAULT.sgr()] * count
                self.frames = {}
                self._look = BorderLook(plain, DEFAULT.sgr(), edge=edge, texts=texts)
        return self._look


def _look(
    state: ServerState, live: LiveView, session: Session, window: Window, client: ClientId
) -> tuple[BorderLook, dict[PaneId, Frame]]:
    defaults = live.option_defaults()

    def option(name: str) -> str:
        return options.get(state, defaults, name, window=window)

    work = Work()
    edge = border_edge(state, window)
    mark = live.mark()
    marked = None if mark is None else mark.pane

    def about(pane: PaneId | None) -> FormatContext:
        return FormatContext(
            state,
            live,
            session=session.id,
            window=window.id,
            pane=pane,
            client=client,
            status=edge != "off",
        )

    def style(name: str, pane: PaneId | None, given: str = "") -> Style:
        return expanded_style(given or option(name), about(pane), work=work)

    def plain(pane: PaneId, own: Floating | None = None) -> Style:
        active = pane == window.active
        name = "pane-active-border-style" if active else "pane-border-style"
        given = "" if own is None else own.active_style if active else own.style
        return style(name, pane, given)

    def text(pane: PaneId) -> tuple[str, Style]:
        wanted = options.get(state, defaults, "pane-border-format", pane=state.panes[pane])
        return canonical(expand(wanted, about(pane), time=True, work=work)), plain(pane)

    def of_pane(pane: PaneId, own: Floating | None = None) -> bytes:
        found = plain(pane, own)
        if pane == marked:
            found = found._replace(attributes=found.attributes ^ {REVERSE})
        return found.sgr()

    every = panes_in(window)
    zoomed = zoomed_pane(window)
    shown = panes_of(window.layout) if zoomed is None else (zoomed,)
    indicators = option("pane-border-indicators")
    base = options.get_number(state, defaults, "pane-base-index", window=window)
    frames = {
        each.pane: Frame(
            each.lines or option("pane-border-lines"),
            of_pane(each.pane, each),
            base + every.index(each.pane),
        )
        for each in window.floating
    }
    look = BorderLook(
        styles=[of_pane(pane) for pane in shown],
        outside=style("pane-border-style", None).sgr(),
        lines=option("pane-border-lines"),
        numbers=[base + every.index(pane) for pane in shown],
        fill=option("fill-character")[:1] or "·",
        halves=indicators in ("colour", "both"),
        arrows=indicators in ("arrows", "both") and window.active in shown,
        edge=edge,
        texts=[text(pane) for pane in shown] if edge != "off" else (),
    )
    return look, frames
