"""Messages and fields: they are decoded however the stream is split, and everything else is refused."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.model.limits import ENVIRONMENT_ENTRIES_MAX, MESSAGE_BYTES_MAX
from fuguemux.protocol import framing, messages
from fuguemux.protocol.framing import Decoder, PeerBroke, field, fields, message_bytes

HELLO = messages.Hello(1, 1).encode()
FRAMES = st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=300)), max_size=8)


def greeted(payload_bytes_max: int = framing.PAYLOAD_BYTES_MAX) -> Decoder:
    decoder = Decoder(payload_bytes_max)
    decoder.receive(HELLO)
    assert decoder.next_message() is not None
    return decoder


def drain(decoder: Decoder) -> list[tuple[int, bytes]]:
    found = []
    while (one := decoder.next_message()) is not None:
        found.append(one)
    return found


def test_the_thin_client_knows_the_same_limits() -> None:
    assert framing.PAYLOAD_BYTES_MAX == MESSAGE_BYTES_MAX
    assert messages.ENVIRONMENT_ENTRIES_MAX == ENVIRONMENT_ENTRIES_MAX


@given(FRAMES, st.lists(st.integers(1, 64), max_size=200))
def test_frames_come_back_however_the_stream_is_cut(
    sent: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    stream = HELLO + b"".join(message_bytes(kind, payload) for kind, payload in sent)
    decoder, found, at = Decoder(), [], 0
    for length in [*cuts, len(stream)]:
        decoder.receive(stream[at : at + length])
        at += length
        found += drain(decoder)
    decoder.receive(stream[at:])
    found += drain(decoder)
    assert found[1:] == sent
    assert decoder.pending_bytes == 0


@given(FRAMES.filter(bool), st.data())
def test_a_truncated_stream_yields_the_whole_frames_before_the_cut(
    sent: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    stream = b"".join(message_bytes(kind, payload) for kind, payload in sent)
    cut = data.draw(st.integers(0, len(stream) - 1))
    decoder = greeted()
    decoder.receive(stream[:cut])
    found = drain(decoder)
    assert found == sent[: len(found)]
    assert (
        sum(framing.HEADER_BYTES + len(payload) for _, payload in found) + decoder.pending_bytes
        == cut
    )


def test_a_frame_over_the_limit_is_refused_from_its_header_alone() -> None:
    decoder = greeted(payload_bytes_max=10)
    decoder.receive(message_bytes(2, b"x" * 10) + (11).to_bytes(4, "big") + b"\x02")
    assert decoder.next_message() == (2, b"x" * 10)
    with pytest.raises(PeerBroke, match="11 bytes; at most 10"):
        decoder.next_message()


def test_the_limit_may_change_between_two_frames() -> None:
    decoder = greeted()
    decoder.receive(message_bytes(2, b"x" * 100) * 2)
    assert decoder.next_message()
    decoder.payload_bytes_max = 50
    with pytest.raises(PeerBroke):
        decoder.next_message()


def test_a_payload_that_is_too_long_is_not_sent() -> None:
    with pytest.raises(ValueError, match="at most"):
        message_bytes(2, bytes(framing.PAYLOAD_BYTES_MAX + 1))


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        bytes(64),
        b"\xff" * 64,
        b"SSH-2.0-x\r\n",
        message_bytes(2, b"no greeting"),
        message_bytes(1, bytes(2000)),
    ],
)
def test_what_does_not_begin_with_a_greeting_is_recognised(garbage: bytes) -> None:
    decoder = Decoder()
    decoder.receive(garbage)
    with pytest.raises(PeerBroke, match="greeting"):
        decoder.next_message()


def test_kind_zero_is_never_a_message() -> None:
    decoder = greeted()
    decoder.receive(bytes(5))
    with pytest.raises(PeerBroke, match="kind 0"):
        decoder.next_message()


def test_a_hundred_thousand_random_frames_end_in_a_message_or_a_refusal() -> None:
    chance = random.Random(20_260_101)
    decode = (
        messages.Hello.decode,
        messages.CommandMessage.decode,
        messages.Detached.decode,
        messages.decode_size,
    )
    refused = 0
    decoder = greeted()
    for number in range(100_000):
        payload = chance.randbytes(chance.randrange(40))
        if chance.random() < 0.5:
            payload = field(chance.randrange(12), payload) + payload[: chance.randrange(8)]
        decoder.receive(message_bytes(chance.randrange(1, 256), payload))
        found = decoder.next_message()
        assert found is not None
        try:
            decode[number % len(decode)](found[1])
        except PeerBroke:
            refused += 1
    assert 0 < refused < 100_000


def test_random_streams_are_refused_or_wait_for_more() -> None:
    chance = random.Random(7)
    for _ in range(10_000):
        decoder = greeted(1 << 16)
        decoder.receive(chance.randbytes(chance.randrange(1, 60)))
        try:
            drain(decoder)
        except PeerBroke:
            continue
        assert decoder.pending_bytes <= 60


FIELDS = st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=100)), max_size=20)


@given(FIELDS)
def test_fields_round_trip(sent: list[tuple[int, bytes]]) -> None:
    assert fields(b"".join(field(tag, value) for tag, value in sent)) == sent


@given(FIELDS.filter(bool), st.data())
def test_fields_cut_inside_one_are_refused(
    sent: list[tuple[int, bytes]], data: st.DataObject
) -> None:
    payload = b"".join(field(tag, value) for tag, value in sent)
    whole = {0}
    for tag, value in sent:
        whole.add(max(whole) + len(field(tag, value)))
    cut = data.draw(st.integers(0, len(payload)).filter(lambda at: at not in whole))
    with pytest.raises(PeerBroke):
        fields(payload[:cut])


def test_too_many_fields_are_refused() -> None:
    with pytest.raises(PeerBroke, match="fields"):
        fields(field(1, b"") * (framing.FIELDS_MAX + 1))
