"""list-keys: print the key bindings as bind-key commands, or with -N as a list with notes."""

from collections.abc import Iterator
from typing import Final

from fuguemux.commands.command import Command
from fuguemux.language import language, quoting
from fuguemux.language.default_keys import Binding
from fuguemux.language.invocation import Invocation
from fuguemux.language.key_names import key_name
from fuguemux.model.decision import Decision, Refused, Reply
from fuguemux.model.effects import PrintLines, ShowText
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import key_bindings, options
from fuguemux.targets.declaration import CURRENT

AT_ONCE_CHARS: Final = 32 << 10
"""This many bindings are listed in the turn of the decision. The rest is listed in later turns of the loop."""


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    flags = invocation.flags
    found = key_bindings.bindings(state, invocation.commands)
    table = flags.value("T")
    if table is None and flags.has("N"):
        table = "prefix"
    if table is not None:
        found = [binding for binding in found if binding.table == table]
        if not found and table not in ("prefix", "root"):
            raise Refused(f"table {table} doesn't exist")
    if invocation.arguments:
        found = _only(found, invocation.arguments[0])
    if flags.has("N"):
        made = _notes(state, live, invocation, found)
    else:
        made = _commands(found[:1] if flags.has("1") and invocation.arguments else found)
    if any(client.id == invocation.request.client for client in live.clients()):
        return Decision(effects=(ShowText(invocation.request.client, tuple(made)),))
    lines: list[str] = []
    left = AT_ONCE_CHARS
    for line in made:
        lines.append(line)
        left -= len(line)
        if left < 0:
            return Decision(effects=(PrintLines(made),), reply=Reply(lines=tuple(lines)))
    return Decision(reply=Reply(lines=tuple(lines)))


def _only(found: list[Binding], text: str) -> list[Binding]:
    key = key_name(text)
    if key is None:
        raise Refused(f"invalid key: {text}")
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
    state: ServerState, live: LiveView, invocation: Invocation, found: list[Binding]
) -> Iterator[str]:
    flags = invocation.flags
    if not flags.has("a"):
        found = [binding for binding in found if binding.note]
    target = invocation.optional_target
    prefix = options.get(
        state, live.option_defaults(), "prefix", session=target.session if target else None
    )
    keys = max((len(binding.key) for binding in found), default=0)
    if flags.has("1"):
        found = found[:1]
    for binding in found:
        start = flags.value("P")
        if start is None:
            start = f"{prefix} " if binding.table == "prefix" and prefix != "None" else ""
        yield f"{start}{binding.key:<{keys}} {binding.note or _shown(binding.command)}"


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
