"""How the client gives up. A module of its own, so that what the fast path imports late does not import it back."""


class Failure(Exception):
    """The client cannot go on; the message is one line for stderr, exit code 1."""


class ServerLost(Failure):
    """The server went away before it answered anything. Whether it carried the command out is not known."""


class NeverGreeted(ServerLost):
    """The server went away before it greeted, so it took no command: any may be sent to the next one."""
