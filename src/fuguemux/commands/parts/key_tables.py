"""Which key table a command on key bindings works on."""

from fuguemux.language.invocation import Invocation


def table_of(invocation: Invocation) -> str:
    """The key table that `-n` or `-T` names; prefix without them."""
    if invocation.flags.has("n"):
        return "root"
    return invocation.flags.value("T") or "prefix"
