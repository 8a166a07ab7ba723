"""How the client gives up. A module of its own, so that what the fast path imports late does not import it back."""


class Failure(Exception):
    """The client cannot go on; the message is one line for stderr, exit code 1."""


class ServerLost(Failure):
    """The server went away before it answered anything. Whether it carried the command out is not known."""


class GoesOn(ServerLost):
    """The server is followed by another one, which is to be asked for `words`: what is left of the command."""

    def __init__(self, words: "list[bytes]") -> None:
        super().__init__("the server was restarted, and no other one came")
        self.words = words


class NotBegun(ServerLost):
    """The server went away before it greeted, or said that it ends and has not begun: any command may be sent to the next one."""
