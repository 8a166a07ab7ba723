"""Messages and file descriptors on a channel: valid ones arrive, and all others are refused."""

import contextlib
import json
import os
import socket
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.keeper import channel as channel_module
from fuguemux.keeper.channel import ChannelBroke, Message, MessageChannel, PeerGone, decode, encode
from fuguemux.keeper.protocol import octets, octets_list, to_text

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)
MESSAGES = st.dictionaries(
    st.text(max_size=10).filter(lambda name: name != "descriptors"), JSON_VALUES, max_size=6
)


@pytest.fixture
def pair() -> Iterator[tuple[MessageChannel, MessageChannel]]:
    ours, theirs = (MessageChannel(sock) for sock in socket.socketpair())
    yield ours, theirs
    ours.close()
    theirs.close()


@given(MESSAGES)
def test_any_message_survives_its_frame(message: Message) -> None:
    frame = encode(message)
    assert int.from_bytes(frame[:4], "big") == len(frame) - 4
    assert decode(frame[4:]) == message


@given(st.binary(max_size=200))
def test_bytes_that_are_no_text_travel_exactly(data: bytes) -> None:
    data = data.replace(b"\0", b"")
    message = decode(encode({"argv": [to_text(data)], "cwd": to_text(data)})[4:])
    assert octets_list(message, "argv") == [data]
    assert octets(message, "cwd") == data


@given(st.lists(MESSAGES, max_size=4), st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_frames_may_arrive_in_any_pieces(messages: list[Message], sizes: list[int]) -> None:
    sender, receiver = socket.socketpair()
    channel = MessageChannel(receiver)
    stream = b"".join(encode(message) for message in messages)
    received: list[Message] = []
    turn = 0
    with sender:
        while stream:
            size = sizes[turn % len(sizes)]
            turn += 1
            sender.sendall(stream[:size])
            stream = stream[size:]
            received += [message for message, _ in channel.receive()]
    assert received == messages
    channel.close()


@given(st.binary(max_size=300))
def test_noise_is_refused_or_waits_for_its_rest(noise: bytes) -> None:
    sender, receiver = socket.socketpair()
    channel = MessageChannel(receiver)
    with sender:
        sender.sendall(noise)
        with contextlib.suppress(ChannelBroke):
            for message, descriptors in channel.receive():
                assert isinstance(message, dict)
                assert descriptors == []
    channel.close()


def test_descriptors_arrive_with_their_message_private_and_in_order(
    pair: tuple[MessageChannel, MessageChannel],
) -> None:
    ours, theirs = pair
    pipes = [os.pipe() for _ in range(3)]
    ours.send({"number": 1}, [pipes[0][1]])
    ours.send({"number": 2})
    ours.send({"number": 3}, [pipes[1][1], pipes[2][1]])
    received = theirs.receive()
    assert [message["number"] for message, _ in received] == [1, 2, 3]
    assert [len(descriptors) for _, descriptors in received] == [1, 0, 2]
    arrived = [descriptor for _, descriptors in received for descriptor in descriptors]
    for number, descriptor in enumerate(arrived):
        assert not os.get_inheritable(descriptor)
        os.write(descriptor, b"%d" % number)
        os.close(descriptor)
    for number, (reading, writing) in enumerate(pipes):
        assert os.read(reading, 10) == b"%d" % number
        os.close(reading)
        os.close(writing)


def test_a_peer_that_does_not_read_never_blocks_and_misses_nothing(
    pair: tuple[MessageChannel, MessageChannel],
) -> None:
    ours, theirs = pair
    reading, writing = os.pipe()
    for number in range(200):
        ours.send({"number": number, "filler": "x" * 5000}, [writing])
    stuck = ours.wants_to_write
    assert stuck
    os.close(writing)
    received: list[object] = []
    while len(received) < 200:
        for message, descriptors in theirs.receive():
            received.append(message["number"])
            for descriptor in descriptors:
                os.close(descriptor)
        ours.flush()
    assert received == list(range(200))
    assert not ours.wants_to_write
    assert os.read(reading, 1) == b"", "no duplicate is left open"
    os.close(reading)


def test_a_peer_that_never_reads_is_given_up(
    pair: tuple[MessageChannel, MessageChannel], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "OUTBOX_BYTES_MAX", 1 << 20)
    ours = pair[0]

    def fill() -> None:
        for _ in range(10_000):
            ours.send({"filler": "x" * 5000})

    with pytest.raises(ChannelBroke, match="unread"):
        fill()


def test_the_end_comes_after_the_last_message(pair: tuple[MessageChannel, MessageChannel]) -> None:
    ours, theirs = pair
    ours.send({"last": "words"})
    ours.close()
    assert [message for message, _ in theirs.receive()] == [{"last": "words"}]
    with pytest.raises(PeerGone):
        theirs.receive()
    with pytest.raises(PeerGone):
        theirs.send({"anybody": "there"})


def test_a_message_too_long_is_refused_before_it_is_read(
    pair: tuple[MessageChannel, MessageChannel],
) -> None:
    ours, theirs = pair
    theirs.message_bytes_max = 100
    ours.send({"filler": "x" * 80})
    assert len(theirs.receive()) == 1
    ours.socket.sendall((101).to_bytes(4, "big"))
    with pytest.raises(ChannelBroke, match="message of 101 bytes"):
        theirs.receive()
    with pytest.raises(ValueError, match="at most"):
        encode({"filler": "x" * channel_module.MESSAGE_BYTES_MAX})


@pytest.mark.parametrize("claim", [-1, 2, 17, True, "1", 1.0, None])
def test_claims_that_do_not_fit_are_refused_and_what_came_is_closed(
    pair: tuple[MessageChannel, MessageChannel], claim: object
) -> None:
    ours, theirs = pair
    reading, writing = os.pipe()
    good = json.dumps({"descriptors": 1}).encode()
    bad = json.dumps({"descriptors": claim}).encode()
    data = b"".join(len(frame).to_bytes(4, "big") + frame for frame in (good, bad))
    socket.send_fds(ours.socket, [data], [writing, writing])
    os.close(writing)
    with pytest.raises(ChannelBroke, match="claims"):
        theirs.receive()
    theirs.close()
    assert os.read(reading, 1) == b"", "also the one that the good message had claimed"
    os.close(reading)


def test_descriptors_that_nobody_claims_pile_up_only_so_far(
    pair: tuple[MessageChannel, MessageChannel],
) -> None:
    ours, theirs = pair
    frame = encode({})

    def pile_up() -> None:
        for _ in range(10):
            socket.send_fds(ours.socket, [frame], [ours.fileno()] * 16)
            theirs.receive()

    with pytest.raises(ChannelBroke, match="no message claims"):
        pile_up()
