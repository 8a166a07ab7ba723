"""The header of every message between client and server, and the fields inside some: docs/formats/wire.md in code.

    0          4      5
    | length   | kind | payload: `length` bytes
    u32        u8

Big-endian. The first message of each direction is HELLO (kind 1). It is short and begins with a magic, so that anything
else that talks to the socket is recognised after five bytes. A kind with the bit IGNORABLE set may be skipped by a reader
that does not know it. Kind 0 is never valid, so that a run of zeros is not a message.

This module imports nothing, because every import delays the thin client.
"""

HEADER_BYTES = 5
PAYLOAD_BYTES_MAX = 4 << 20
"""Equal to MESSAGE_BYTES_MAX of model/limits.py, which the thin client does not import because it is slow. The server
asserts that they are equal.
"""
HELLO_KIND = 1
HELLO_PAYLOAD_BYTES_MAX = 1_024
IGNORABLE = 0x80

FIELD_HEADER_BYTES = 5
FIELDS_MAX = 80_000


class PeerBroke(Exception):
    """The peer broke the protocol. Its connection is closed; everything else goes on."""


def message_bytes(kind: int, payload: bytes = b"") -> bytes:
    """Return the bytes of a message. Raises ValueError if the payload is longer than PAYLOAD_BYTES_MAX."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        raise ValueError(
            f"a message of {len(payload)} bytes; at most {PAYLOAD_BYTES_MAX} can be sent"
        )
    return len(payload).to_bytes(4, "big") + bytes((kind,)) + payload


class Decoder:
    """Turns the bytes of one direction into messages, in whatever pieces they arrive.

    Call `receive` with each piece, and `next_message` until it returns None. `payload_bytes_max` may be changed between
    messages. A message that announces more is refused before it is collected, so that the memory never exceeds that limit, a
    header and the last piece received.
    """

    __slots__ = ("_at", "_buffer", "_greeted", "payload_bytes_max")

    def __init__(self, payload_bytes_max: int = PAYLOAD_BYTES_MAX) -> None:
        self.payload_bytes_max = payload_bytes_max
        self._buffer = bytearray()
        self._at = 0
        self._greeted = False

    def receive(self, data: bytes) -> None:
        """Take the next piece of the stream."""
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data

    @property
    def pending_bytes(self) -> int:
        """Received bytes that do not belong to a message returned so far."""
        return len(self._buffer) - self._at

    def next_message(self) -> tuple[int, bytes] | None:
        """Return the kind and payload of the next whole message, or None until more is received.

        Raises PeerBroke on a message over the limit, on kind 0, and if the first message is not HELLO.
        """
        start = self._at + HEADER_BYTES
        buffer = self._buffer
        if len(buffer) < start:
            return None
        length = int.from_bytes(buffer[self._at : self._at + 4], "big")
        kind = buffer[start - 1]
        self._check_header(kind, length)
        end = start + length
        if len(buffer) < end:
            return None
        self._at = end
        self._greeted = True
        return kind, bytes(buffer[start:end])

    def _check_header(self, kind: int, length: int) -> None:
        if not self._greeted:
            if kind != HELLO_KIND or length > HELLO_PAYLOAD_BYTES_MAX:
                raise PeerBroke("the connection does not begin with a fugue greeting")
        elif kind == 0:
            raise PeerBroke("a message of kind 0")
        elif length > self.payload_bytes_max:
            raise PeerBroke(
                f"a message of {length} bytes; at most {self.payload_bytes_max} are allowed here"
            )


# 0     1          5
# | tag | length   | value: `length` bytes      repeated to the end of the payload
#   u8    u32
def field(tag: int, value: bytes) -> bytes:
    """Return one field of a structured payload."""
    return bytes((tag,)) + len(value).to_bytes(4, "big") + value


def fields(payload: bytes) -> list[tuple[int, bytes]]:
    """Return the fields of a payload, in order. Raises PeerBroke if one is cut short or there are too many."""
    found: list[tuple[int, bytes]] = []
    at, end = 0, len(payload)
    while at < end:
        start = at + FIELD_HEADER_BYTES
        stop = start + int.from_bytes(payload[at + 1 : start], "big")
        if start > end or stop > end:
            raise PeerBroke("a field that ends after its message")
        if len(found) == FIELDS_MAX:
            raise PeerBroke(f"a message of more than {FIELDS_MAX} fields")
        found.append((payload[at], payload[start:stop]))
        at = stop
    return found


def number(value: bytes, width: int) -> int:
    """Return an unsigned number of `width` bytes. Raises PeerBroke if the field has another length."""
    if len(value) != width:
        raise PeerBroke(f"a number of {len(value)} bytes where {width} are expected")
    return int.from_bytes(value, "big")
