"""The exceptions with which the client gives up. In a module of its own, so that modules that the fast path imports late
need not import the fast path.
"""


class Failure(Exception):
    """The client cannot go on. The message is one line for stderr, with exit code 1."""


class ServerLost(Failure):
    """The server went away before it answered. It is not known whether it carried the command out."""


class GoesOn(ServerLost):
    """Another server follows this one, and is to be asked for `words`, the rest of the command."""

    def __init__(self, words: "list[bytes]") -> None:
        super().__init__("the server was restarted, and no other one came")
        self.words = words


class NotBegun(ServerLost):
    """The server went away before its greeting, or said that it ends and has not begun. Every command may be sent to the
    next one.
    """
