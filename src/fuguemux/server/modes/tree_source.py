"""tree-mode: sessions, windows and panes, with the screens of the chosen one below. After tmux(1), `choose-tree`."""

from collections.abc import Callable, Sequence
from typing import Final, Literal

from fuguemux.commands.parts.answers import fill
from fuguemux.formats.formats import FormatContext, Work, expand, is_true
from fuguemux.formats.work import UNITS_MAX
from fuguemux.language.quoting import quote
from fuguemux.model.ids import PaneId
from fuguemux.model.live import LiveView
from fuguemux.model.state import Link, ServerState, Session, Window, current_link, group_of
from fuguemux.model.window_panes import panes_in
from fuguemux.options import options
from fuguemux.server.modes.pane_list import ListWanted, PaneList
from fuguemux.server.modes.pane_mode import STAYS, Ask, ModeOutcome
from fuguemux.server.modes.previews import ScreenPart, draw_parts, draw_screen
from fuguemux.server.modes.tree_list import Tree, TreeItem
from fuguemux.server.panes.panes import Panes
from fuguemux.terminal.canvas import Canvas

TEMPLATE: Final = "switch-client -Zt '%%'"
_NAMED: Final = ': "#{pane_title}"'
_TITLE: Final = "#{&&:#{pane_title},#{!=:#{pane_title},#{host_short}}}"
_SESSION: Final = (
    "#{session_windows} windows"
    "#{?session_grouped, (group #{session_group}: #{session_group_list}),}"
    "#{?session_attached, (attached),}"
)
_WINDOW: Final = (
    "#{?window_marked_flag,#[reverse],}#{window_name}#{window_flags}"
    f"#{{?#{{&&:#{{==:#{{window_panes}},1}},{_TITLE}}},{_NAMED},}}"
)
_PANE: Final = (
    "#{?pane_marked,#[reverse],}#{pane_current_command}#{?pane_active,*,}#{?pane_marked,M,}"
    f"#{{?{_TITLE},{_NAMED},}}"
)


class TreeSource(PaneList):
    """Implements list_mode.ListSource."""

    name = "tree-mode"
    orders: Sequence[str] = ("index", "name", "time")

    def __init__(
        self,
        state: Callable[[], ServerState],
        live: LiveView,
        panes: Panes,
        wanted: ListWanted,
        *,
        start: Literal["", "sessions", "windows"] = "",
        groups: bool = False,
    ) -> None:
        """`start`: what is unfolded at first. `groups`: whether all sessions of a group are listed, not only one."""
        super().__init__(state, live, wanted)
        self._panes, self._first, self._groups = panes, start, groups
        self._shift = 0
        """How many windows or panes the preview is moved by `<` and `>`."""

    # Items

    def items(self, order: str, wanted: str, *, reverse: bool) -> list[TreeItem]:
        """The sessions, with their windows and panes. Windows and sessions of which no pane is wanted are left out."""
        state, work = self._state(), Work(2 * UNITS_MAX)
        sessions = [each for each in state.sessions.values() if self._listed(state, each)]
        if order == "name":
            sessions.sort(key=lambda session: session.name)
        elif order == "time":
            sessions.sort(key=lambda session: -self._live.activity_s(session.id, "session"))
        else:
            sessions.sort(key=lambda session: session.id)
        found = []
        for session in reversed(sessions) if reverse else sessions:
            children = self._windows(state, session, order, wanted, work, reverse=reverse)
            if children:
                text = self._text(
                    _SESSION, FormatContext(state, self._live, session=session.id), work
                )
                expanded = self._first != "sessions"
                found.append(TreeItem(f"s{session.id}", session.name, text, children, expanded))
        return found

    def _listed(self, state: ServerState, session: Session) -> bool:
        """Of a group only the session where the list is, or else the first one, unless all are wanted."""
        if self._groups or not session.group:
            return True
        group = group_of(state, session)
        here = self.current()
        shown = next((each for each in group if f"s{each.id}" in here), group[0])
        return shown.id == session.id

    def _windows(
        self,
        state: ServerState,
        session: Session,
        order: str,
        wanted: str,
        work: Work,
        *,
        reverse: bool,
    ) -> tuple[TreeItem, ...]:
        links = list(session.links)
        if order == "name":
            links.sort(key=lambda link: state.windows[link.window].name)
        elif order == "time":
            links.sort(key=lambda link: -self._live.activity_s(link.window, "window"))
        found = []
        for link in reversed(links) if reverse else links:
            window = state.windows[link.window]
            panes = [
                (number, pane)
                for number, pane in enumerate(panes_in(window), self._base(state, window))
                if not wanted
                or is_true(expand(wanted, self._context(state, session, link, pane), work=work))
            ]
            if not panes:
                continue
            panes = self._sorted(window, panes, order, reverse=reverse)
            context = self._context(state, session, link, None)
            children: tuple[TreeItem, ...] = ()
            if len(panes_in(window)) > 1:
                children = tuple(self._pane(state, session, link, each, work) for each in panes)
            text = self._text(_WINDOW, context, work)
            tag = f"w{session.id}:{link.index}"
            found.append(TreeItem(tag, str(link.index), text, children, not self._first))
        return tuple(found)

    def _sorted(
        self, window: Window, panes: list[tuple[int, PaneId]], order: str, *, reverse: bool
    ) -> list[tuple[int, PaneId]]:
        """Panes have no names: by their ids, or the one that was active last comes last."""
        used = [*reversed(window.last), window.active] if order == "time" else []

        def place(pane: PaneId) -> tuple[int, int]:
            return (used.index(pane) if pane in used else -1), pane

        return sorted(panes, key=lambda each: place(each[1]), reverse=reverse)

    def _pane(
        self,
        state: ServerState,
        session: Session,
        link: Link,
        found: tuple[int, PaneId],
        work: Work,
    ) -> TreeItem:
        number, pane = found
        context = self._context(state, session, link, pane)
        text = self._text(_PANE, context, work)
        return TreeItem(f"p{session.id}:{link.index}:{pane}", str(number), text)

    def _text(self, default: str, context: FormatContext, work: Work) -> str:
        return expand(self._wanted.format or default, context, work=work)

    def _context(
        self, state: ServerState, session: Session, link: Link, pane: PaneId | None
    ) -> FormatContext:
        return FormatContext(
            state, self._live, session=session.id, window=link.window, index=link.index, pane=pane
        )

    def _base(self, state: ServerState, window: Window) -> int:
        return options.get_number(
            state, self._live.option_defaults(), "pane-base-index", window=window
        )

    def current(self) -> Sequence[str]:
        """The pane where the tree is, or its window, or its session."""
        state, pane = self._state(), self._wanted.pane
        stored = state.panes.get(pane)
        sessions = [
            (session, link)
            for session in state.sessions.values()
            for link in session.links
            if stored is not None and link.window == stored.window
        ]
        if not sessions:
            return ()
        session, link = next(
            ((s, each) for s, each in sessions if each.index == s.active), sessions[0]
        )
        tags = (
            f"p{session.id}:{link.index}:{pane}",
            f"w{session.id}:{link.index}",
            f"s{session.id}",
        )
        return tags[("", "windows", "sessions").index(self._first) :]

    def _found(self, item: TreeItem) -> tuple[Session, Link | None, PaneId | None] | None:
        state, parts = self._state(), item.tag[1:].split(":")
        session = next((s for s in state.sessions.values() if str(s.id) == parts[0]), None)
        if session is None:
            return None
        if len(parts) == 1:
            return session, None, None
        link = next((each for each in session.links if str(each.index) == parts[1]), None)
        if link is None:
            return None
        return session, link, PaneId(int(parts[2])) if len(parts) > 2 else None

    # Keys

    def command(self, template: str, item: TreeItem) -> str:
        """The template with the target of an item: `=session:`, `=session:1.`, `=session:1.%2`."""
        return fill(template, [self._target(item)])

    def _target(self, item: TreeItem) -> str:
        found = self._found(item)
        if found is None:
            return ""
        session, link, pane = found
        if link is None:
            return f"={session.name}:"
        return f"={session.name}:{link.index}." + ("" if pane is None else f"%{pane}")

    def own_key(self, key: str, tree: Tree) -> ModeOutcome | None:
        """Move the preview, go to the pane itself, mark, and kill after a question."""
        row = tree.row
        if key in ("<", ">"):
            self._shift += 1 if key == ">" else -1
            return STAYS
        if key == "H":
            for tag in self.current()[::-1]:
                tree.unfolded[tag] = True
            tree.put(self.items("index", "", reverse=False))
            any(tree.select(tag) for tag in self.current())
            return STAYS
        if key == "M":
            return ModeOutcome(command="select-pane -M")
        if row is None:
            return None
        if key == "m":
            return ModeOutcome(command=f"select-pane -m -t {quote(self._target(row.item))}")
        if key == "x":
            kind = {"s": "session", "w": "window", "p": "pane"}[row.item.tag[0]]
            return self._kill(f"Kill {kind} {row.item.name}? ", [row.item])
        if key == "X" and tree.tagged:
            return self._kill(f"Kill {len(tree.tagged)} tagged? ", tree.chosen())
        return None

    def _kill(self, question: str, items: Sequence[TreeItem]) -> ModeOutcome:
        def answered(text: str) -> ModeOutcome:
            kinds = {"s": "kill-session", "w": "kill-window", "p": "kill-pane"}
            commands = [f"{kinds[item.tag[0]]} -t {quote(self._target(item))}" for item in items]
            return ModeOutcome(command=" ; ".join(commands) if text in ("y", "Y") else "")

        return ModeOutcome(ask=Ask(question, answered, single_key=True))

    # Drawing

    def preview(self, canvas: Canvas, item: TreeItem, place: tuple[int, int, int, int]) -> None:
        """The screens of a session's windows, or of a window's panes, or the pane's."""
        found, state = self._found(item), self._state()
        if found is None:
            return
        session, link, pane = found
        if pane is not None:
            draw_screen(canvas, self._panes.get(pane), place)
            return
        if link is None:
            at = current_link(session)
            parts = [
                ScreenPart(f" {each.index}:{state.windows[each.window].name} ", f" {each.index} ",
                     state.windows[each.window].active, each.index == at.index)
                for each in session.links
            ]  # fmt: skip
        else:
            window = state.windows[link.window]
            parts = [
                ScreenPart(f" {number} ", f" {number} ", each, each == window.active)
                for number, each in enumerate(panes_in(window), self._base(state, window))
            ]
        defaults = self._live.option_defaults()
        colours = (
            options.get(state, defaults, "display-panes-colour", session=session),
            options.get(state, defaults, "display-panes-active-colour", session=session),
        )
        self._shift = draw_parts(canvas, parts, self._panes, place, self._shift, colours)
