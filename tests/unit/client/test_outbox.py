"""The client's outbox: a new connection gets every message that the former one did not get completely."""

import socket
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from fuguemux.client.outbox import ClientOutbox


class FakeSocket:
    """Takes `room` bytes, then no more."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.taken = b""

    def send(self, data: bytes) -> int:
        if not self.room:
            raise BlockingIOError
        part = data[: self.room]
        self.room -= len(part)
        self.taken += part
        return len(part)


def send(outbox: ClientOutbox, room: int) -> bytes:
    sock = FakeSocket(room)
    while sock.room and outbox.length:
        outbox.send(cast("socket.socket", sock))
    return sock.taken


FRAMES = st.lists(st.binary(min_size=1, max_size=20), max_size=10)


@given(FRAMES, st.lists(st.integers(0, 60), max_size=6))
def test_one_connection_gets_everything_in_order(frames: list[bytes], rooms: list[int]) -> None:
    outbox = ClientOutbox()
    for frame in frames:
        outbox.put(frame)
    assert b"".join(send(outbox, room) for room in [*rooms, 1_000]) == b"".join(frames)
    assert outbox.length == 0


@given(FRAMES, st.integers(0, 250))
def test_the_next_connection_gets_what_was_not_sent_whole(frames: list[bytes], room: int) -> None:
    outbox = ClientOutbox()
    for frame in frames:
        outbox.put(frame)
    taken = len(send(outbox, room))
    whole = 0
    while frames and whole + len(frames[0]) <= taken:
        whole += len(frames.pop(0))
    outbox.start_over()
    outbox.put_first(b"first")
    assert send(outbox, 1_000) == b"first" + b"".join(frames)


def test_a_full_socket_is_no_error() -> None:
    outbox = ClientOutbox()
    outbox.put(b"x")
    outbox.send(cast("socket.socket", FakeSocket(0)))
    assert outbox.length == 1
