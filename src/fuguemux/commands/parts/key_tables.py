"""The key table that bind-key and unbind-key work on."""

from fuguemux.language.invocation import Invocation


def table_of(invocation: Invocation) -> str:
    """The table that `-T` names; with `-n` it is root, and without both prefix."""
    if invocation.flags.has("n"):
        return "root"
    return invocation.flags.value("T") or "prefix"
