"""display-menu: show a menu of commands over the panes of a client."""

from collections.abc import Callable, Sequence

from fuguemux.commands.command import Command
from fuguemux.commands.parts import settings
from fuguemux.commands.parts.placing import placed
from fuguemux.formats import text as format_text
from fuguemux.language.invocation import Invocation
from fuguemux.language.key_names import key_name
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.live import LiveView
from fuguemux.model.overlay_effects import MenuItem, OpenMenu
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import TargetFlag, TargetKind


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags, client, target = invocation.flags, invocation.client, invocation.target

    def expanded(text: str) -> str:
        return settings.expanded(state, live, invocation, text, target)

    title = expanded(flags.value("T") or "")
    items = _items(invocation.arguments, client.columns - 4, expanded)
    if not items:
        return Decision()
    width = max(format_text.columns(title), *map(_columns, items))
    place = placed(state, live, invocation, width + 4, len(items) + 2)
    if place is None:
        return Decision()
    mouse = invocation.request.mouse
    effect = OpenMenu(
        client.id,
        *place,
        width,
        title,
        items,
        target.session.id,
        target.pane.id,
        mouse,
        stays_open=flags.has("O"),
    )
    return Decision(effects=(effect,))


def _items(
    arguments: Sequence[str], columns: int, expanded: Callable[[str], str]
) -> tuple[MenuItem, ...]:
    """The rows: a name, a key and a command each, or an empty name for a line. Raises Refused."""
    items: list[MenuItem] = []
    words = iter(arguments)
    for name in words:
        if not name:
            if items:
                items.append(MenuItem())
            continue
        key, command = next(words, None), next(words, None)
        if key is None or command is None:
            raise Refused("not enough arguments")
        shown = expanded(name)
        if shown:
            known = key_name(key) or ""
            known = "" if known == "None" else known
            items.append(MenuItem(_named(shown, known, columns), known, expanded(command)))
    return tuple(items)


def _named(text: str, key: str, columns: int) -> str:
    """The text of a row in at most `columns`, with the key if there is room for it."""
    if key and not text.startswith("-"):
        size = len(key) + 3
        if size <= columns // 4:
            columns -= size
        elif size >= columns or len(text) >= columns - size:
            key = ""
    else:
        key = ""
    marker = ""
    if len(text) > columns:
        columns, marker = columns - 1, ">"
    text = format_text.trim_right(text, columns) + marker  # the end is kept, as in tmux
    return f"{text}#[default] #[align=right]({key})" if key else text


def _columns(item: MenuItem) -> int:
    return format_text.columns(item.name) - item.name.startswith("-")


COMMAND = Command(
    name="display-menu",
    alias="menu",
    flags="c:t:OT:x:y:",
    usage="[-O] [-c target-client] [-t target-pane] [-T title] [-x position] [-y position] name key command ...",
    arguments=(1, None),
    client=TargetFlag("c", TargetKind.CLIENT),
    target=TargetFlag("t", TargetKind.PANE),
    decide=decide,
    help="Show a menu of commands over the panes of a client.",
)
