"""Identifiers. Sessions are written `$n`, windows `@n`, panes `%n`; a number is never used twice in the life of a store."""

from typing import NewType

SessionId = NewType("SessionId", int)
WindowId = NewType("WindowId", int)
PaneId = NewType("PaneId", int)
ClientId = NewType("ClientId", int)
"""An attached or asking client. Lives as long as its connection; never logged."""
