"""Identifiers. Sessions are written `$n`, windows `@n`, panes `%n`; a number is never used twice in the life of a store."""

from typing import Final, NewType

SessionId = NewType("SessionId", int)
WindowId = NewType("WindowId", int)
PaneId = NewType("PaneId", int)
ClientId = NewType("ClientId", int)
"""An attached or requesting client. Lives as long as its connection; never logged."""

NOBODY: Final = ClientId(0)
"""The requester of commands from a file at the start and from hooks, which have no client."""
