"""What a client tells of its terminal when the server asks: the message TERMINAL of docs/formats/wire.md in code."""

from fuguemux.protocol.framing import field, fields, message_bytes
from fuguemux.protocol.messages import TERMINAL, Message


class TerminalMessage(Message):
    """What terminfo says of the client's terminal, or why it says nothing."""

    __slots__ = ("capabilities", "features", "problem")

    def __init__(
        self,
        capabilities: "dict[str, bytes] | None" = None,
        problem: str = "",
        features: str = "",
    ) -> None:
        self.capabilities = {} if capabilities is None else capabilities
        """By terminfo's names: a string as it is there, a number in decimal digits, `1` for a flag. What the terminal
        does not have is missing."""
        self.problem = problem
        """Why the terminal cannot be used. Empty: nothing is known against it."""
        self.features = features
        """The features that the user gave with `-T`."""

    # tag 1 name=value, repeated | 2 problem | 3 features
    def payload(self) -> bytes:
        """Return the fields, which a client also gives to the next server in its COMMAND."""
        parts = [
            field(1, name.encode() + b"=" + value) for name, value in self.capabilities.items()
        ]
        parts.append(field(2, self.problem.encode("utf-8", "surrogateescape")))
        parts.append(field(3, self.features.encode("utf-8", "surrogateescape")))
        return b"".join(parts)

    def encode(self) -> bytes:
        """Return the bytes of the message."""
        return message_bytes(TERMINAL, self.payload())

    @classmethod
    def decode(cls, payload: bytes) -> "TerminalMessage":
        """Return the message in a payload. Raises PeerBroke."""
        capabilities: dict[str, bytes] = {}
        single: dict[int, str] = {}
        for tag, value in fields(payload):
            if tag == 1:
                name, _, content = value.partition(b"=")
                capabilities[name.decode("utf-8", "replace")] = content
            else:
                single[tag] = value.decode("utf-8", "surrogateescape")
        return cls(capabilities, single.get(2, ""), single.get(3, ""))
