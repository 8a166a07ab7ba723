"""options-mode: options and keys in a tree, to set and unset. After tmux(1), `customize-mode`."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Final

from fuguemux.formats.formats import FormatContext, Work, expand
from fuguemux.formats.work import UNITS_MAX
from fuguemux.language.default_keys import DEFAULTS, Binding
from fuguemux.language.quoting import quote
from fuguemux.options import key_bindings
from fuguemux.options.options import OptionPlace, default
from fuguemux.options.styles import canonical
from fuguemux.server.modes import option_rows
from fuguemux.server.modes.option_rows import GROUPS, OptionRow, PanePlaces
from fuguemux.server.modes.pane_list import PaneList
from fuguemux.server.modes.pane_mode import STAYS, Ask, ModeOutcome
from fuguemux.server.modes.tree_list import Tree, TreeItem
from fuguemux.terminal.canvas import Canvas
from fuguemux.terminal.style import sgr_of

_PARTS: Final = ("Command", "Note", "Repeat")


class CustomizeSource(PaneList):
    """Implements list_mode.ListSource."""

    name = "options-mode"
    orders: Sequence[str] = ("name",)
    preview_rows = 12
    _hides_global = False

    def _places(self) -> PanePlaces:
        return PanePlaces(self._state(), self._live.option_defaults(), self._wanted.pane)

    def _context(self) -> FormatContext:
        session = self._places().session
        return FormatContext(
            self._state(),
            self._live,
            session=None if session is None else session.id,
            pane=self._wanted.pane,
        )

    # Items

    def items(self, order: str, wanted: str, *, reverse: bool) -> list[TreeItem]:
        """Three groups of options and the tables of keys. With a filter a group has only what is wanted."""
        del order, reverse
        work = Work(4 * UNITS_MAX)
        groups = [
            TreeItem(
                f"g{scope}", title, "", tuple(self._options(scope, wanted, work)), taggable=False
            )
            for scope, title in GROUPS
        ]
        tables: dict[str, list[Binding]] = {}
        for binding in key_bindings.bindings(self._state()):
            tables.setdefault(binding.table, []).append(binding)
        for table, bindings in tables.items():
            keys = tuple(self._keys(bindings, wanted, work))
            if keys or not wanted:
                groups.append(
                    TreeItem(f"t{table}", f"Key Table - {table}", "", keys, taggable=False)
                )
        return groups

    def _options(self, scope: str, wanted: str, work: Work) -> Iterator[TreeItem]:
        places, context = self._places(), self._context()
        line = self._wanted.format or option_rows.FORMAT
        for row in places.rows(scope):
            if self._hides_global and option_rows.is_global(row):
                continue
            where = places.scope_text(row.place)
            text = option_rows.text_of(row, where, context, line, wanted, work)
            if text is None:
                continue
            children = tuple(
                TreeItem(
                    f"o{scope}:{entry.shown_name}",
                    entry.shown_name,
                    option_rows.text_of(entry, where, context, line, "", work) or "",
                )
                for entry in places.entries(row)
                if row.array
            )
            yield TreeItem(f"o{scope}:{row.name}", row.name, "" if row.array else text, children)

    def _keys(self, bindings: Sequence[Binding], wanted: str, work: Work) -> Iterator[TreeItem]:
        line, context = self._wanted.format or option_rows.FORMAT, self._context()
        for binding in bindings:
            text = option_rows.key_text(binding, context, line, wanted, work)
            if text is None:
                continue
            tag = f"k{binding.table}:{binding.key}"
            values = (binding.command, binding.note, "on" if binding.repeat else "off")
            parts = tuple(
                TreeItem(
                    f"p{part}:{tag}", part, f"#[ignore]{value}", taggable=False, as_parent=True
                )
                for part, value in zip(_PARTS, values, strict=True)
            )
            yield TreeItem(tag, text, "", parts)

    def _row(self, item: TreeItem) -> OptionRow | None:
        scope, _, name = item.tag[1:].partition(":")
        places = self._places()
        if item.tag[0] != "o":
            return None
        whole = name.partition("[")[0]
        row = next((each for each in places.rows(scope) if each.name == whole), None)
        if row is None or whole == name:
            return row
        return next((each for each in places.entries(row) if each.shown_name == name), None)

    def _binding(self, item: TreeItem) -> Binding | None:
        tag = item.tag.partition(":")[2] if item.tag[0] == "p" else item.tag
        table, _, key = tag[1:].partition(":")
        return key_bindings.lookup(self._state(), table, key) if tag[0] == "k" else None

    def matches(self, item: TreeItem, text: str) -> bool:
        """Whether the name has the text."""
        return text in item.name

    def command(self, template: str, item: TreeItem) -> str:
        """Nothing: there is no template."""
        del template, item
        return ""

    # Keys

    def own_key(self, key: str, tree: Tree) -> ModeOutcome | None:
        """Set (s, S, w, Enter), reset (d, D) and unset (u, U) options and keys; H hides global values."""
        row = tree.row
        if key == "H":
            self._hides_global = not self._hides_global
            tree.put(self.items("", "", reverse=False))
            return STAYS
        if key in ("D", "U") and tree.tagged:
            what = "Reset {} tagged to default? " if key == "D" else "Unset {} tagged? "
            return self._asked(what.format(len(tree.tagged)), tree.only_tagged(), reset=key == "D")
        if row is None or key not in ("Enter", "s", "S", "w", "W", "d", "u"):
            return None
        item = row.item
        option, binding = self._row(item), self._binding(item)
        if key in ("d", "u"):
            if option is None and (binding is None or item.tag[0] == "p"):
                return STAYS
            what = "Reset {} to default? " if key == "d" else "Unset {}? "
            return self._asked(what.format(item.name), [item], reset=key == "d")
        if binding is not None:
            return self._set_key(binding, item) if key in ("Enter", "s") else STAYS
        return STAYS if option is None else self._set(option, key)

    def _asked(self, question: str, items: Sequence[TreeItem], *, reset: bool) -> ModeOutcome:
        def answered(text: str) -> ModeOutcome:
            commands = [self._undone(item, reset=reset) for item in items]
            return ModeOutcome(
                command=" ; ".join(filter(None, commands)) if text in ("y", "Y") else ""
            )

        return ModeOutcome(ask=Ask(question, answered, single_key=True))

    def _undone(self, item: TreeItem, *, reset: bool) -> str:
        """The command that unsets an option, or unbinds a key or gives it its default."""
        option, binding = self._row(item), self._binding(item)
        if option is not None:
            return option_rows.unset_command(option)
        if binding is None:
            return ""
        usual = DEFAULTS.get((binding.table, binding.key))
        if reset and usual is not None:
            return option_rows.bind_command(usual)
        return f"unbind-key -T {quote(binding.table)} {quote(binding.key)}"

    def _set(self, row: OptionRow, key: str) -> ModeOutcome:
        """Set the option where the key says: S and W for all, w in the window, else where it is nearest to the pane."""
        place = self._place(row, key)
        value = option_rows.next_value(row)
        if value is not None:
            return ModeOutcome(command=option_rows.set_command(row, place, value))
        scope = expand(self._places().scope_text(place), self._context(), work=Work(UNITS_MAX))
        name = f"{row.name}[+]" if row.array else row.shown_name
        prompt = f"({name}, for {scope}) " if scope else f"({name}) "

        def answered(text: str) -> ModeOutcome:
            chosen = row
            if row.array:
                used = {entry.at for entry in self._places().entries(row)}
                free = next(at for at in range(len(used) + 1) if at not in used)
                chosen = row._replace(at=free, array=False)
            return ModeOutcome(command=option_rows.set_command(chosen, place, text))

        return ModeOutcome(ask=Ask(prompt, answered, row.value))

    def _place(self, row: OptionRow, key: str) -> OptionPlace:
        scope = row.option.scope if row.option else row.place.scope.removeprefix("global-")
        scope = "window" if scope == "pane" else scope
        if scope == "server":
            return OptionPlace("server")
        if key in ("S", "W"):
            return OptionPlace("global-session" if scope == "session" else "global-window")
        pane = key != "w" and (row.option is None or row.option.pane)
        return self._places().innermost(scope, pane=pane)

    def _set_key(self, binding: Binding, item: TreeItem) -> ModeOutcome:
        part = item.tag[1:].partition(":")[0] if item.tag[0] == "p" else ""
        if part == "Repeat":
            changed = binding._replace(repeat=not binding.repeat)
            return ModeOutcome(command=option_rows.bind_command(changed))
        if part not in ("Command", "Note"):
            return STAYS

        def answered(text: str) -> ModeOutcome:
            changed = (
                binding._replace(note=text) if part == "Note" else binding._replace(command=text)
            )
            return ModeOutcome(command=option_rows.bind_command(changed))

        before = binding.note if part == "Note" else binding.command
        return ModeOutcome(ask=Ask(f"({binding.key}) ", answered, before))

    # Drawing

    def preview(self, canvas: Canvas, item: TreeItem, place: tuple[int, int, int, int]) -> None:
        """What is known of the option or key, in sentences."""
        column, row, columns, rows = place
        option, binding = self._row(item), self._binding(item)
        sentences: list[str] = []
        if option is not None:
            sentences = self._about_option(option)
        elif binding is not None:
            sentences = _about_key(binding)
        at = row
        for sentence in sentences:
            for line in textwrap.wrap(sentence, max(columns, 1)) or [""]:
                if at >= row + rows:
                    return
                end = canvas.put(column, at, line)
                if option is not None and (look := _example(option, line)) is not None:
                    canvas.put(end, at, "EXAMPLE", look)
                at += 1

    def _about_option(self, row: OptionRow) -> list[str]:
        option, unit = row.option, f" {row.unit}" if row.unit else ""
        kind: str = "user" if option is None else option.scope
        if option is not None and option.pane:
            kind = "window and pane"
        told = option.help if option is not None else ""
        said = [told or "This option doesn't have a description.", "", f"This is a {kind} option."]
        if row.array:
            return [*said, "This is an array option."]
        if row.at is not None:
            said.append(f"This is an array option, index {row.at}.")
        said += ["", f"Option value: {row.value}{unit}"]
        if option is None or option.kind == "string":
            expanded = expand(row.value, self._context(), work=Work(UNITS_MAX))
            if expanded != row.value:
                said.append(f"This expands to: {expanded}")
        if option is not None and option.kind == "choice":
            said.append(f"Available values are: {', '.join(option.choices)}")
        if option is not None and option.kind in ("colour", "style"):
            said.append(f"This is a {option.kind} option: ")
        places = self._places()
        if option is not None and row.at is None:
            usual = default(places.defaults, option)
            said += [f"The default is: {usual}{unit}"] if usual != row.value else []
        outer = places.global_value(row) if row.at is None else None
        return said if outer is None else [*said, "", f"Global value: {outer}{unit}"]


def _about_key(binding: Binding) -> list[str]:
    note = f"{binding.note or 'There is no note for this key'}."
    repeats = "does repeat" if binding.repeat else "does not repeat"
    said = [
        *(note, "", f"This key is in the {binding.table} table.", f"This key {repeats}.", ""),
        f"Command: {binding.command}",
    ]
    usual = DEFAULTS.get((binding.table, binding.key))
    if usual is not None and usual.command != binding.command:
        said.append(f"The default is: {usual.command}")
    return said


def _example(row: OptionRow, line: str) -> str | None:
    """The look of the word EXAMPLE behind a line that speaks of colours or styles."""
    if row.option is None or line != f"This is a {row.option.kind} option:":
        return None
    colour = row.option.kind == "colour"
    return sgr_of(canonical(f"fg={row.value}" if colour else row.value))
