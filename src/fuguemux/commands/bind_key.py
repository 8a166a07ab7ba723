"""bind-key: let a key run commands. The binding is stored like an option."""

from fuguemux.commands.command import Command
from fuguemux.commands.parts.key_tables import table_of
from fuguemux.language import command_lines
from fuguemux.language.canonical import canonical_commands, canonical_sequence
from fuguemux.language.default_keys import Binding
from fuguemux.language.invocation import Invocation
from fuguemux.language.key_names import key_name
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.limits import OPTION_VALUE_BYTES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import key_bindings


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    text, *words = invocation.arguments
    key = key_name(text)
    if key is None:
        raise Refused(f"unknown key: {text}")
    note = invocation.flags.value("N") or ""
    if not words:
        return _noted(state, invocation, key, note)
    size = sum(len(word) + 1 for word in words)
    if size > OPTION_VALUE_BYTES_MAX:
        raise Refused(f"value is too long: a key takes {OPTION_VALUE_BYTES_MAX} bytes of commands")
    binding = Binding(
        table_of(invocation),
        key,
        canonical_commands(invocation.commands, words[0])
        if len(words) == 1
        else canonical_sequence(invocation.commands, command_lines.parse(words)),
        invocation.flags.has("r"),
        note,
    )
    return Decision((key_bindings.bound(state, binding),))


def _noted(state: ServerState, invocation: Invocation, key: str, note: str) -> Decision:
    """Without a command the key gets another note. A key that is not bound stays so, as in tmux."""
    table = table_of(invocation)
    binding = key_bindings.lookup(state, table, key)
    if binding is None:
        return Decision()
    return Decision((key_bindings.bound(state, binding._replace(note=note)),))


COMMAND = Command(
    name="bind-key",
    alias="bind",
    flags="nrN:T:",
    usage="[-nr] [-T key-table] [-N note] key [command [arguments]]",
    arguments=(1, None),
    decide=decide,
    help="Make a key run commands.",
)
