"""The lines of a mode that shows a tree: which items are unfolded, chosen and tagged, and how each line is drawn. Pure.

After tmux(1), `choose-tree`.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from fuguemux.terminal.canvas import Canvas
from fuguemux.terminal.style import text_width
from fuguemux.terminal.styled_row import line

LIST_ROWS_MIN: Final = 10
"""A list of fewer rows has the whole pane, and there is no preview."""


class TreeItem(NamedTuple):
    """One row. `tag` names it in all versions of the tree."""

    tag: str
    name: str
    text: str
    children: tuple["TreeItem", ...] = ()
    expanded: bool = False
    """Whether it is unfolded at first."""
    taggable: bool = True
    as_parent: bool = False
    """Whether the preview and its title are those of the item above it."""


class Row(NamedTuple):
    """A visible item. `ends`: for it and each item above it, the outermost first, whether it is the last one there."""

    item: TreeItem
    parent: TreeItem | None
    ends: tuple[bool, ...]
    flat: bool
    """Whether neither it nor its neighbours have children."""


class Tree:
    """What is unfolded, tagged and chosen of the items."""

    def __init__(self, items: Sequence[TreeItem], current: Sequence[str]) -> None:
        """`current`: tags to choose at first; the first one that is visible is chosen."""
        self.unfolded: dict[str, bool] = {}
        self.tagged: set[str] = set()
        self.current = 0
        self.offset = 0
        self.rows: list[Row] = []
        self._items: Sequence[TreeItem] = ()
        self.put(items)
        for tag in current:
            if self.select(tag):
                break

    def put(self, items: Sequence[TreeItem]) -> None:
        """Show these items. The chosen one stays chosen if it is still there."""
        before = self.rows[self.current].item.tag if self.rows else ""
        self._items = items
        self.rows = list(self._walk(items, None, ()))
        if not self.select(before):
            self.current = min(self.current, max(len(self.rows) - 1, 0))
        self.tagged &= {row.item.tag for row in self.rows}

    def _walk(
        self, items: Sequence[TreeItem], parent: TreeItem | None, ends: tuple[bool, ...]
    ) -> Iterator[Row]:
        flat = not any(item.children for item in items)
        for at, item in enumerate(items):
            here = (*ends, at == len(items) - 1)
            yield Row(item, parent, here, flat)
            if item.children and self.is_unfolded(item):
                yield from self._walk(item.children, item, here)

    def is_unfolded(self, item: TreeItem) -> bool:
        """Whether the children of an item are shown."""
        return self.unfolded.get(item.tag, item.expanded)

    def select(self, tag: str) -> bool:
        """Choose an item. Returns whether it is visible."""
        for at, row in enumerate(self.rows):
            if row.item.tag == tag:
                self.current = at
                return True
        return False

    @property
    def row(self) -> Row | None:
        """The chosen row. None: there are no rows."""
        return self.rows[self.current] if self.rows else None

    def chosen(self) -> list[TreeItem]:
        """The tagged items, or else the chosen one."""
        return self.only_tagged() or ([self.rows[self.current].item] if self.rows else [])

    def only_tagged(self) -> list[TreeItem]:
        """The tagged items."""
        return [row.item for row in self.rows if row.item.tag in self.tagged]

    # Keys

    def move(self, by: int, *, wrap: bool = False) -> None:
        """Choose another row."""
        count = len(self.rows)
        if count:
            at = self.current + by
            self.current = at % count if wrap else min(max(at, 0), count - 1)

    def fold(self) -> None:
        """Fold the chosen item, or the one that it belongs to."""
        row = self.row
        if row is None:
            return
        folds = bool(row.item.children) and self.is_unfolded(row.item)
        item = row.item if not row.flat and folds else row.parent
        if item is None:
            self.move(-1)
            return
        self.unfolded[item.tag] = False
        self.put(self._items)
        self.select(item.tag)

    def unfold(self) -> None:
        """Unfold the chosen item, or go to the next."""
        row = self.row
        if row is None or row.flat or not row.item.children or self.is_unfolded(row.item):
            self.move(1)
        else:
            self.unfolded[row.item.tag] = True
            self.put(self._items)

    def unfold_all(self, *, unfold: bool) -> None:
        """Fold or unfold all outermost items."""
        for item in self._items:
            self.unfolded[item.tag] = unfold
        self.put(self._items)

    def tag(self) -> None:
        """Tag the chosen item, or untag it, and go to the next. Items above and below it are untagged."""
        row = self.row
        if row is None:
            return
        item = row.item
        if not item.taggable:
            return
        if item.tag in self.tagged:
            self.tagged.discard(item.tag)
        else:
            self.tagged -= {each.tag for each in _below(item)}
            self.tagged -= {each.item.tag for each in self.rows if item in _below(each.item)}
            self.tagged.add(item.tag)
        self.move(1)

    def tag_all(self) -> None:
        """Tag all outermost items; if they cannot be tagged, the visible ones below them."""
        self.tagged = {
            row.item.tag
            for row in self.rows
            if (row.parent is None and row.item.taggable)
            or (row.parent is not None and not row.parent.taggable)
        }

    def find(self, wanted: Callable[[TreeItem], bool]) -> None:
        """Choose the next item that is wanted."""
        order = [*self.rows[self.current + 1 :], *self.rows[: self.current + 1]]
        for row in order:
            if wanted(row.item):
                self.select(row.item.tag)
                return

    # Drawing

    def list_rows(self, rows: int, *, preview: bool, preview_rows: int = 0) -> int:
        """How many of the pane's rows the list takes; the preview has the others, or `preview_rows`."""
        if not preview:
            return rows
        height = rows // 3 * 2
        if preview_rows and preview_rows < rows:
            height = rows - preview_rows
        elif height > len(self.rows):
            height = rows // 2
        if height < LIST_ROWS_MIN or rows - height < 2:
            return rows
        return height

    def draw(self, canvas: Canvas, height: int, keys: Sequence[str], style: str) -> None:
        """Draw the visible lines, with the name of each line's key."""
        self.offset = min(self.offset, self.current)
        self.offset = max(self.offset, self.current - height + 1, 0)
        wide = max((len(key) + 3 for key in keys if key), default=0)
        columns = canvas.columns
        for at in range(self.offset, min(self.offset + height, len(self.rows))):
            row = self.rows[at]
            key = f"({keys[at]})" if at < len(keys) and keys[at] else ""
            tagged = row.item.tag in self.tagged
            text = f"{key:<{wide}}{self._start(row)}{row.item.name}{'*' if tagged else ''}"
            text += ": " if row.item.text else ""
            look = style if at == self.current else "default"
            look += ",bold" if tagged else ""
            begin = line(text.replace("#", "##"), columns, look)
            canvas.paste(0, at - self.offset, [begin], columns)
            used = min(text_width(text), columns)
            if row.item.text and used < columns:
                rest = line(row.item.text, columns - used, look)
                canvas.paste(used, at - self.offset, [rest], columns - used)

    def _start(self, row: Row) -> str:
        if row.flat:
            symbol = ""
        elif not row.item.children:
            symbol = "  "
        else:
            symbol = "- " if self.is_unfolded(row.item) else "+ "
        if len(row.ends) == 1:
            return symbol
        lines = "".join("    " if end else "│   " for end in row.ends[1:-1])
        return f"{lines}{'└' if row.ends[-1] else '├'}─> {symbol}"


def _below(item: TreeItem) -> list[TreeItem]:
    return [each for child in item.children for each in (child, *_below(child))]
