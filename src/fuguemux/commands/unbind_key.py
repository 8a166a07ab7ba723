"""unbind-key: remove the binding of a key, or with -a of every key of a table."""

from fuguemux.commands.command import Command
from fuguemux.commands.parts.key_tables import table_of
from fuguemux.language.invocation import Invocation
from fuguemux.language.key_names import key_name
from fuguemux.model.decision import Decision, Refused
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState
from fuguemux.options import key_bindings


def decide(state: ServerState, live: LiveView, invocation: Invocation) -> Decision:
    try:
        return _decide(state, invocation)
    except Refused:
        if invocation.flags.has("q"):
            return Decision()
        raise


def _decide(state: ServerState, invocation: Invocation) -> Decision:
    table = table_of(invocation)
    bindings = [binding for binding in key_bindings.bindings(state) if binding.table == table]
    if invocation.flags.has("a"):
        if invocation.arguments:
            raise Refused("key given with -a")
        keys = [binding.key for binding in bindings]
    else:
        if not invocation.arguments:
            raise Refused("missing key")
        key = key_name(invocation.arguments[0])
        if key is None:
            raise Refused(f"unknown key: {invocation.arguments[0]}")
        keys = [key]
    if not bindings and table not in ("prefix", "root"):
        raise Refused(f"table {table} doesn't exist")
    return Decision(
        tuple(event for key in keys for event in key_bindings.unbound(state, table, key))
    )


COMMAND = Command(
    name="unbind-key",
    alias="unbind",
    flags="anqT:",
    usage="[-anq] [-T key-table] key",
    arguments=(0, 1),
    decide=decide,
    help="Remove the binding of a key, or with -a of every key of a table.",
)
