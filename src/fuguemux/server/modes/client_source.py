"""client-mode: the attached clients, with what the chosen one shows below. After tmux(1), `choose-client`."""

from collections.abc import Callable, Sequence
from typing import Final

from fuguemux.commands.parts.answers import fill
from fuguemux.formats.formats import FormatContext, Work, expand, is_true
from fuguemux.formats.work import UNITS_MAX
from fuguemux.language.quoting import quote
from fuguemux.model.live import ClientFacts, LiveView
from fuguemux.model.state import ServerState, current_link
from fuguemux.options import options
from fuguemux.server.modes.pane_list import ListWanted, PaneList
from fuguemux.server.modes.pane_mode import ModeOutcome
from fuguemux.server.modes.previews import draw_screen
from fuguemux.server.modes.tree_list import Tree, TreeItem
from fuguemux.server.panes.panes import Panes
from fuguemux.terminal.canvas import Canvas

TEMPLATE: Final = "detach-client -t '%%'"
_LINE: Final = "#{t/p:client_activity}: session #{session_name}"
_KEYS: Final = {"d": "detach-client", "x": "detach-client -P", "z": "suspend-client"}

StatusRows = Callable[[ClientFacts], Sequence[bytes]]
"""The status line of a client, one row of bytes for each of its rows."""


class ClientSource(PaneList):
    """Implements list_mode.ListSource."""

    name = "client-mode"
    orders: Sequence[str] = ("name", "size", "creation", "activity")
    volatile = True

    def __init__(
        self,
        state: Callable[[], ServerState],
        live: LiveView,
        panes: Panes,
        wanted: ListWanted,
        status: StatusRows,
    ) -> None:
        super().__init__(state, live, wanted)
        self._panes, self._status = panes, status

    def items(self, order: str, wanted: str, *, reverse: bool) -> list[TreeItem]:
        """The clients; those created or used last come first in these orders."""
        work = Work(UNITS_MAX)
        clients = sorted(self._live.clients(), key=lambda client: client.name)
        if order == "size":
            clients.sort(key=lambda client: (client.columns, client.rows))
        elif order == "creation":
            clients.sort(key=lambda client: -client.created_s)
        elif order == "activity":
            clients.sort(key=lambda client: -client.activity_s)
        found = []
        for client in reversed(clients) if reverse else clients:
            context = FormatContext(
                self._state(), self._live, session=client.session, client=client.id
            )
            if not wanted or is_true(expand(wanted, context, work=work)):
                text = expand(self._wanted.format or _LINE, context, work=work)
                found.append(TreeItem(str(client.id), client.name, text))
        return found

    def _found(self, item: TreeItem) -> ClientFacts | None:
        return next((each for each in self._live.clients() if str(each.id) == item.tag), None)

    def matches(self, item: TreeItem, text: str) -> bool:
        """Whether the name has the text."""
        return text in item.name

    def command(self, template: str, item: TreeItem) -> str:
        """The template with the name of the client."""
        return fill(template, [item.name])

    def own_key(self, key: str, tree: Tree) -> ModeOutcome | None:
        """Detach (d), end (x) or suspend (z) the chosen client; with a capital letter the tagged ones."""
        command = _KEYS.get(key.lower())
        if command is None or tree.row is None:
            return None
        items = [tree.row.item] if key.islower() else tree.only_tagged()
        if key.islower():
            tree.move(1)
        gone = not command.startswith("suspend") and len(items) >= len(self._live.clients())
        return ModeOutcome(gone, " ; ".join(f"{command} -t {quote(item.name)}" for item in items))

    def preview(self, canvas: Canvas, item: TreeItem, place: tuple[int, int, int, int]) -> None:
        """The active pane and the status line of the client."""
        column, row, columns, rows = place
        client, state = self._found(item), self._state()
        session = None if client is None else state.sessions.get(client.session)
        if client is None or session is None:
            return
        status = self._status(client)
        lines = 0 if len(status) >= rows else len(status)
        above = (
            options.get(state, self._live.option_defaults(), "status-position", session=session)
            == "top"
        )
        at = lines if above else 0
        pane = state.windows[current_link(session).window].active
        draw_screen(canvas, self._panes.get(pane), (column, row + at, columns, rows - 2 - lines))
        canvas.put(column, row + 2 if at else row + rows - 1 - lines, "─" * columns)
        canvas.paste(column, row if at else row + rows - lines, status[:lines], columns)
