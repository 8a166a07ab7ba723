"""Messages and file descriptors over a Unix stream socket, without ever blocking.

A message is a big-endian 32-bit length and that many bytes of JSON, always an object. File descriptors are sent by
SCM_RIGHTS with the first byte of their message, whose field `descriptors` says how many belong to it. Keeper and server
both use this module (the server by way of `keeper.protocol`), so it needs only the standard library.
"""

from __future__ import annotations

import array
import contextlib
import errno
import json
import os
import socket
import struct
from collections import deque
from collections.abc import Iterable, Sequence

Message = dict[str, object]

LENGTH = struct.Struct("!I")
# An execve takes at most 6 MiB of argv and environment; JSON may double a byte or two.
MESSAGE_BYTES_MAX = 8 << 20
MESSAGE_BYTES_BEFORE_HELLO_MAX = 4096
DESCRIPTORS_PER_MESSAGE_MAX = 16
DESCRIPTORS_UNCLAIMED_MAX = 64
OUTBOX_BYTES_MAX = 32 << 20
STALLED_SECONDS = 0.01
"""Between two attempts to write to a channel that is `stalled`."""
RECEIVE_BYTES = 64 << 10
RECEIVES_PER_CALL_MAX = 64

_DESCRIPTOR_BYTES = array.array("i").itemsize
_ANCILLARY_BYTES = socket.CMSG_SPACE(DESCRIPTORS_UNCLAIMED_MAX * _DESCRIPTOR_BYTES)
_RECEIVE_FLAGS: int = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


class ChannelBroke(Exception):
    """The peer broke the protocol. Its connection must be closed."""


class PeerGone(Exception):
    """The peer closed the connection or died."""


class _Queued:
    """An outgoing message, or what is left of it."""

    __slots__ = ("_owned", "data", "descriptors")

    def __init__(self, data: bytes, descriptors: tuple[int, ...]) -> None:
        self.data = data
        self.descriptors = descriptors
        self._owned = False

    def own(self) -> None:
        """Duplicate the file descriptors, so that the caller may close its own. Raises OSError."""
        duplicates: list[int] = []
        try:
            duplicates.extend(os.dup(descriptor) for descriptor in self.descriptors)
        except OSError:
            _close_all(duplicates)
            raise
        self.descriptors = tuple(duplicates)
        self._owned = True

    def sent(self, count: int) -> None:
        """Note that `count` bytes were sent, and with the first byte all file descriptors."""
        self.data = self.data[count:]
        self.let_go()

    def let_go(self) -> None:
        """Close the duplicates, because they were sent or will not be sent."""
        if self._owned:
            _close_all(self.descriptors)
        self.descriptors = ()


class MessageChannel:
    """One end of a connection, for whole messages. Owns `sock`; no method blocks."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._received = bytearray()
        self._unclaimed: deque[int] = deque()
        self._outbox: deque[_Queued] = deque()
        self._outbox_bytes = 0
        self.message_bytes_max = MESSAGE_BYTES_MAX
        self.stalled = False
        """Whether the kernel has too many file descriptors in flight, so that `flush` must be called again in some
        milliseconds.
        """

    @property
    def socket(self) -> socket.socket:
        """The socket, for credentials and tests."""
        return self._socket

    def fileno(self) -> int:
        """Return the file descriptor to wait on; -1 once closed."""
        return self._socket.fileno()

    @property
    def wants_to_write(self) -> bool:
        """Whether `flush` should be called when the socket becomes writable."""
        return bool(self._outbox) and not self.stalled

    def send(
        self, message: Message, descriptors: Sequence[int] = (), *, borrowed: bool = False
    ) -> None:
        """Queue `message` and send what the kernel accepts now. The file descriptors stay the caller's.

        A queued file descriptor is duplicated. With `borrowed` it is not, and the caller leaves it open until the peer
        has it. Raises PeerGone if the connection is dead, and ChannelBroke if the peer has stopped reading or no file
        descriptor is left for a duplicate.
        """
        if descriptors:
            message = {**message, "descriptors": len(descriptors)}
        encoded = encode(message)
        if self._outbox_bytes + len(encoded) > OUTBOX_BYTES_MAX:
            raise ChannelBroke(f"the peer left {self._outbox_bytes} bytes unread")
        queued = _Queued(encoded, tuple(descriptors))
        self._outbox.append(queued)
        self._outbox_bytes += len(encoded)
        self.flush()
        if queued.descriptors and not borrowed:
            try:
                queued.own()
            except OSError as error:
                queued.descriptors = ()
                raise ChannelBroke(f"a message with a descriptor cannot wait: {error}") from error

    def flush(self) -> bool:
        """Send queued messages. Returns whether all were sent. Raises PeerGone."""
        self.stalled = False
        while self._outbox:
            queued = self._outbox[0]
            try:
                sent = self._send_once(queued.data, queued.descriptors)
            except BlockingIOError:
                return False
            except OSError as error:
                if error.errno == errno.ETOOMANYREFS:
                    self.stalled = True
                    return False
                raise PeerGone(str(error)) from error
            queued.sent(sent)
            self._outbox_bytes -= sent
            if not queued.data:
                self._outbox.popleft()
        return True

    def _send_once(self, data: bytes, descriptors: tuple[int, ...]) -> int:
        if not descriptors:
            return self._socket.send(data)
        rights = array.array("i", descriptors)
        return self._socket.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])

    def receive(self) -> list[tuple[Message, list[int]]]:
        """Return the whole messages that have arrived, each with its file descriptors, which the caller must close.

        Raises PeerGone at the end of the stream, after all messages before it were returned, and ChannelBroke on anything
        that is not a message.
        """
        ended = ""
        for _ in range(RECEIVES_PER_CALL_MAX):
            try:
                data, ancillary, flags, _ = self._socket.recvmsg(
                    RECEIVE_BYTES, _ANCILLARY_BYTES, _RECEIVE_FLAGS
                )
            except BlockingIOError:
                break
            except OSError as error:
                ended = str(error)
                break
            self._keep_descriptors(ancillary)
            if flags & socket.MSG_CTRUNC:
                raise ChannelBroke("more descriptors than a message may carry")
            if not data:
                ended = "the connection was closed"
                break
            self._received += data
        messages: list[tuple[Message, list[int]]] = []
        try:
            messages.extend(self._whole_messages())
        except ChannelBroke:
            for _, descriptors in messages:
                _close_all(descriptors)
            raise
        if ended and not messages:
            raise PeerGone(ended)
        return messages

    def _keep_descriptors(self, ancillary: Iterable[tuple[int, int, bytes]]) -> None:
        for level, kind, data in ancillary:
            if level != socket.SOL_SOCKET or kind != socket.SCM_RIGHTS:
                continue
            rights = array.array("i")
            rights.frombytes(data[: len(data) - len(data) % _DESCRIPTOR_BYTES])
            for descriptor in rights:
                os.set_inheritable(descriptor, False)
                self._unclaimed.append(descriptor)

    def _whole_messages(self) -> Iterable[tuple[Message, list[int]]]:
        at = 0
        try:
            while len(self._received) - at >= LENGTH.size:
                (length,) = LENGTH.unpack_from(self._received, at)
                if length > self.message_bytes_max:
                    raise ChannelBroke(
                        f"a message of {length} bytes; at most {self.message_bytes_max} are allowed"
                    )
                end = at + LENGTH.size + length
                if len(self._received) < end:
                    break
                message = decode(bytes(self._received[at + LENGTH.size : end]))
                at = end
                yield message, self._claim(message)
        finally:
            del self._received[:at]
        if len(self._unclaimed) > DESCRIPTORS_UNCLAIMED_MAX:
            raise ChannelBroke(f"{len(self._unclaimed)} descriptors that no message claims")

    def _claim(self, message: Message) -> list[int]:
        wanted = message.pop("descriptors", 0)
        if type(wanted) is not int or not 0 <= wanted <= min(
            DESCRIPTORS_PER_MESSAGE_MAX, len(self._unclaimed)
        ):
            raise ChannelBroke(
                f"a message claims {wanted!r} descriptors; {len(self._unclaimed)} came"
            )
        return [self._unclaimed.popleft() for _ in range(wanted)]

    def close(self) -> None:
        """Close the socket and every file descriptor that was not sent or returned. May be called more than once."""
        _close_all(self._unclaimed)
        self._unclaimed.clear()
        for queued in self._outbox:
            queued.let_go()
        self._outbox.clear()
        self._outbox_bytes = 0
        self._socket.close()


def encode(message: Message) -> bytes:
    """Return the bytes of `message`."""
    payload = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(payload) > MESSAGE_BYTES_MAX:
        raise ValueError(
            f"a message of {len(payload)} bytes; at most {MESSAGE_BYTES_MAX} can be sent to the keeper"
        )
    return LENGTH.pack(len(payload)) + payload


def decode(payload: bytes) -> Message:
    """Return the message in its payload. Raises ChannelBroke if it is not a message."""
    try:
        message = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise ChannelBroke(f"a message that is not JSON: {error}") from error
    if type(message) is not dict:
        raise ChannelBroke("a message that is not a JSON object")
    return message


def _close_all(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        with contextlib.suppress(OSError):
            os.close(descriptor)
