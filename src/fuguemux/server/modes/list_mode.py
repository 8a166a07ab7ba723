"""The modes that show a tree with a preview: what their keys do, and how the pane is drawn. After tmux(1)."""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from fuguemux.server.modes.pane_mode import STAYS, Ask, ModeOutcome, MouseAt, shown
from fuguemux.server.modes.tree_list import Tree, TreeItem
from fuguemux.terminal.canvas import Canvas
from fuguemux.terminal.compose import ScrolledRows
from fuguemux.terminal.style import sgr_of

_STEPS: Final = {"Up": -1, "k": -1, "C-p": -1, "Down": 1, "j": 1, "C-n": 1}


class ListSource(Protocol):
    """What is listed."""

    name: str
    orders: Sequence[str]
    """The orders of sorting, the first of them is tmux's default. One alone is not shown."""
    volatile: bool
    """Whether the items change while the state does not."""
    preview_rows: int
    """How many rows the preview has. 0: as many as the list leaves."""

    def items(self, order: str, wanted: str, *, reverse: bool) -> list[TreeItem]:
        """The items in an order, of those for which the format `wanted` is true."""
        ...

    def current(self) -> Sequence[str]:
        """The tags of the items to choose at first, the best one first."""
        ...

    def matches(self, item: TreeItem, text: str) -> bool:
        """Whether a search finds an item."""
        ...

    def key_names(self, count: int) -> list[str]:
        """The names of the keys of the first lines."""
        ...

    def style(self) -> str:
        """The style of the chosen line."""
        ...

    def preview(self, canvas: Canvas, item: TreeItem, place: tuple[int, int, int, int]) -> None:
        """Draw what an item shows into a part of a canvas: column, row, columns, rows."""
        ...

    def command(self, template: str, item: TreeItem) -> str:
        """The command that a template becomes for an item."""
        ...

    def own_key(self, key: str, tree: Tree) -> ModeOutcome | None:
        """The answer to a key that only this list has. None: it has no such key."""
        ...

    def end(self) -> str:
        """As `PaneMode.end`."""
        ...


class ListMode:
    """Implements PaneMode for a list."""

    redraw_seconds = 0.0

    def __init__(
        self,
        source: ListSource,
        template: str,
        *,
        order: str = "",
        reverse: bool = False,
        wanted: str = "",
        preview: bool = True,
    ) -> None:
        """`template`: the command for the chosen item, with `%%` for its target. `wanted`: a filter."""
        self.name = source.name
        self._source = source
        self._template = template
        self._order = order if order in source.orders else source.orders[0]
        self._reverse = reverse
        self._wanted = wanted
        self._no_matches = False
        self._preview = preview
        self._search = ""
        self._height = 1
        self._stale = False
        self._tree = Tree(self._items(), source.current())

    def _items(self) -> list[TreeItem]:
        found = self._source.items(self._order, self._wanted, reverse=self._reverse)
        self._no_matches = bool(self._wanted) and not found
        if self._no_matches:
            found = self._source.items(self._order, "", reverse=self._reverse)
        return found

    def _build(self) -> ModeOutcome:
        self._stale = False
        self._tree.put(self._items())
        return STAYS

    def changed(self) -> None:
        """Build the lines again when they are needed next."""
        self._stale = True

    def end(self) -> str:
        """What is left to do."""
        return self._source.end()

    # Drawing

    def view(self, columns: int, rows: int) -> ScrolledRows:
        """The list, and below it a box with the preview."""
        if self._stale or self._source.volatile:
            self._build()
        canvas, tree = Canvas(columns, rows), self._tree
        height = self._height = tree.list_rows(
            rows, preview=self._preview, preview_rows=self._source.preview_rows
        )
        tree.draw(canvas, height, self._source.key_names(len(tree.rows)), self._source.style())
        row = tree.row
        if row is not None and self._preview and min(rows, height, rows - height, columns) > 4:
            canvas.box(0, height, columns, rows - height)
            item = row.parent if row.item.as_parent and row.parent is not None else row.item
            self._title(canvas, item, height)
            place = (2, height + 1, columns - 4, rows - height - 2)
            self._source.preview(canvas, item, place)
        cursor = (0, tree.current - tree.offset)
        return shown(canvas.rows(), None if row is None else cursor)._replace(cursor=None)

    def _title(self, canvas: Canvas, item: TreeItem, row: int) -> None:
        order = f"{self._order}{', reversed' if self._reverse else ''}"
        text = f" {item.name}"
        if len(self._source.orders) > 1:
            text += f" (sort: {order})"
        room = canvas.columns - 2
        if room < len(text):
            return
        said = "no matches" if self._no_matches else "active"
        at = canvas.put(1, row, text)
        if self._wanted and room >= len(text) + 10 + len(said) + 2:
            at = canvas.put(at, row, " (filter: ")
            at = canvas.put(at, row, said, sgr_of(self._source.style()) if self._no_matches else "")
            at = canvas.put(at, row, ")")
        canvas.put(at, row, " ")

    # Keys

    def key(self, name: str) -> ModeOutcome:
        """Move, fold, tag, sort, search, filter, or choose."""
        if self._stale or self._source.volatile:
            self._build()
        tree = self._tree
        names = self._source.key_names(len(tree.rows))
        if name in names:
            tree.current = names.index(name)
            name = "Enter"
        if name in ("q", "Escape", "C-g"):
            return ModeOutcome(closed=True)
        own = self._source.own_key(name, tree)
        if own is not None:
            return own
        if name == "Enter":
            item = tree.row
            command = "" if item is None else self._source.command(self._template, item.item)
            return ModeOutcome(True, command)
        if name in _STEPS:
            tree.move(_STEPS[name], wrap=True)
            return STAYS
        return self._listed_key(name)

    def _listed_key(self, name: str) -> ModeOutcome:
        tree = self._tree
        simple: dict[str, Callable[[], object]] = {
            "PPage": lambda: tree.move(-self._height),
            "C-b": lambda: tree.move(-self._height),
            "NPage": lambda: tree.move(self._height),
            "C-f": lambda: tree.move(self._height),
            "Home": lambda: tree.move(-len(tree.rows)),
            "g": lambda: tree.move(-len(tree.rows)),
            "End": lambda: tree.move(len(tree.rows)),
            "G": lambda: tree.move(len(tree.rows)),
            "Left": tree.fold,
            "h": tree.fold,
            "-": tree.fold,
            "Right": tree.unfold,
            "l": tree.unfold,
            "+": tree.unfold,
            "M--": lambda: tree.unfold_all(unfold=False),
            "M-+": lambda: tree.unfold_all(unfold=True),
            "t": tree.tag,
            "T": tree.tagged.clear,
            "C-t": tree.tag_all,
            "n": lambda: self._searched(self._search),
            "O": self._next_order,
            "r": self._turn,
            "v": self._toggle_preview,
        }
        if name in simple:
            simple[name]()
            return STAYS
        if name in ("?", "/", "C-s"):
            return ModeOutcome(ask=Ask("(search) ", self._searched, kind="search"))
        if name == "f":
            return ModeOutcome(ask=Ask("(filter) ", self._filtered, self._wanted, kind="search"))
        if name == ":":
            tagged = len(tree.tagged)
            return ModeOutcome(
                ask=Ask(f"({tagged} tagged) " if tagged else "(current) ", self._run)
            )
        return STAYS

    def _next_order(self) -> None:
        orders = list(self._source.orders)
        self._order = orders[(orders.index(self._order) + 1) % len(orders)]
        self._build()

    def _turn(self) -> None:
        self._reverse = not self._reverse
        self._build()

    def _toggle_preview(self) -> None:
        self._preview = not self._preview

    def _searched(self, text: str) -> ModeOutcome:
        self._search = text
        self._tree.find(lambda item: bool(text) and self._source.matches(item, text))
        return STAYS

    def _filtered(self, text: str) -> ModeOutcome:
        self._wanted = text
        return self._build()

    def _run(self, text: str) -> ModeOutcome:
        commands = (
            [self._source.command(text, item) for item in self._tree.chosen()] if text else []
        )
        self._tree.tagged.clear()
        return ModeOutcome(command=" ; ".join(commands))

    def mouse(self, event: MouseAt) -> ModeOutcome:
        """Choose by a click, run by a double click, move by the wheel."""
        if event.name in ("WheelUp", "WheelDown"):
            self._tree.move(-1 if event.name == "WheelUp" else 1, wrap=True)
            return STAYS
        at = self._tree.offset + event.row
        if event.row < self._height and at < len(self._tree.rows):
            if event.name in ("MouseDown1", "MouseDown3", "DoubleClick1"):
                self._tree.current = at
            if event.name == "DoubleClick1":
                return self.key("Enter")
        return STAYS
