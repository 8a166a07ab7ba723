"""Identifiers. Sessions are written `$n`, windows `@n`, panes `%n`; a number is never used twice in the life of a store."""

from typing import Final, NewType

SessionId = NewType("SessionId", int)
WindowId = NewType("WindowId", int)
PaneId = NewType("PaneId", int)
ClientId = NewType("ClientId", int)
"""An attached or asking client. Lives as long as its connection; never logged."""

NOBODY: Final = ClientId(0)
"""Asks for the commands of a file at start and of hooks: there is no client."""
