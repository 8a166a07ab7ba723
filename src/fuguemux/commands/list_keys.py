"""list-keys: print the key bindings as bind-key commands, or with -N as a list with notes."""

from collections.abc import Iterator
from typing import Final

from fuguemux.commands.command import Command
from fuguemux.formats.text import columns
from fuguemux.language import language, quoting
from fuguemux.language.default_keys import Binding
from fuguemux.language.invocation import Invocation
from fuguemux.language.key_names import is_mouse_key, key_name
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.effects import PrintLines, ShowMessage
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import key_bindings, options
from fuguemux.targets.declaration import CURRENT

AT_ONCE_CHARS: Final = 32 << 10
"""This many bindings are listed in the turn of the decision. The rest is listed in later turns of the loop."""


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    if invocation.arguments:
        _key(invocation.arguments[0])
    found = key_bindings.bindings(state)
    table = flags.value("T")
    if table is not None:
        found = [binding for binding in found if binding.table == table]
        if not found and table not in ("prefix", "root"):
            raise Refused(f"table {table} doesn't exist")
    if flags.has("N"):
        key = _key(invocation.arguments[0]) if invocation.arguments else None
        noted = list(_notes(state, live, invocation, found, key))
        if key is not None and not noted:
            raise Refused(f"unknown key: {invocation.arguments[0]}")
        made = iter(noted)
    else:
        if invocation.arguments:
            found = _only(found, invocation.arguments[0])
        made = _commands(found[:1] if flags.has("1") and invocation.arguments else found)
    if flags.has("N") and flags.has("1"):
        attached = any(client.id == invocation.request.client for client in live.clients())
        if attached and (line := next(made, "")):
            return Decision(effects=(ShowMessage(invocation.request.client, line),))
    lines: list[str] = []
    left = AT_ONCE_CHARS
    for line in made:
        lines.append(line)
        left -= len(line)
        if left < 0:
            return Decision(effects=(PrintLines(made),), reply=Reply(lines=tuple(lines)))
    return Decision(reply=Reply(lines=tuple(lines)))


def _key(text: str) -> str:
    key = key_name(text)
    if key is None:
        raise Refused(f"invalid key: {text}")
    return key


def _only(found: list[Binding], text: str) -> list[Binding]:
    key = _key(text)
    found = [binding for binding in found if binding.key == key]
    if not found:
        raise Refused(f"unknown key: {text}")
    return found


def _shown(command: str) -> str:
    """The commands in the form in which they follow bind-key."""
    parsed = [command.argv for command in language.parse_file(command)]
    return quoting.render_all(parsed, " \\; ")


def _commands(found: list[Binding]) -> Iterator[str]:
    repeats = any(binding.repeat for binding in found)
    tables = max((len(binding.table) for binding in found), default=0)
    keys = max((len(quoting.quote(binding.key)) for binding in found), default=0)
    for binding in found:
        repeat = "-r " if binding.repeat else "   " if repeats else ""
        key = quoting.quote(binding.key)
        yield f"bind-key {repeat}-T {binding.table:<{tables}} {key:<{keys}} {_shown(binding.command)}"


def _notes(
    state: ServerState,
    live: LiveView,
    invocation: Invocation,
    found: list[Binding],
    key: str | None,
) -> Iterator[str]:
    """The keys of one table, or those of root and then those of prefix, with what comes before them. Mouse keys are left
    out, as in tmux, and only keys with notes count for the width of the column.
    """
    flags = invocation.flags
    found = [b for b in found if not is_mouse_key(b.key) and (key is None or b.key == key)]
    start = flags.value("P") or ""
    tables = [(flags.value("T") or "", start)]
    if not flags.has("T"):
        if not flags.has("P"):
            target = invocation.optional_target
            session = target.session if target else None
            prefix = options.get(state, live.option_defaults(), "prefix", session=session)
            start = f"{prefix} " if prefix != "None" else ""
        tables = [("root", " " * columns(start))]
        if any(b.note for b in found if b.table == "prefix"):
            tables.append(("prefix", start))
    names = [table for table, _ in tables]
    noted = [columns(b.key) for b in found if b.note and b.table in names]
    width = max(noted, default=0) + 1
    for table, before in tables:
        shown = [b for b in found if b.table == table and (b.note or flags.has("a"))]
        for binding in shown[:1] if flags.has("1") else shown:
            padding = " " * (width - columns(binding.key))
            yield f"{before}{binding.key}{padding}{binding.note or _shown(binding.command)}"


COMMAND = Command(
    name="list-keys",
    alias="lsk",
    flags="1aNP:T:",
    usage="[-1aN] [-P prefix-string] [-T key-table] [key]",
    arguments=(0, 1),
    target=CURRENT,
    decide=decide,
    help="List the key bindings.",
    read_only=True,
)
