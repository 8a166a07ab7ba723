"""Every message is decoded as it was encoded, and messages of newer versions are understood as far as possible."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.protocol import messages
from fuguemux.protocol.framing import HEADER_BYTES, IGNORABLE, PeerBroke, field
from fuguemux.protocol.messages import MAGIC, CommandMessage, Detached, Hello

WORDS = st.binary(max_size=60).map(lambda word: word.replace(b"\0", b""))
NAMES = WORDS.map(lambda word: word.replace(b"=", b"")).filter(bool)
COMMANDS = st.builds(
    CommandMessage,
    st.lists(WORDS, max_size=6).map(tuple),
    WORDS,
    st.dictionaries(NAMES, WORDS, max_size=6),
    pid=st.integers(0, 2**32 - 1),
    flags=st.integers(0, 2**32 - 1),
    tty=WORDS,
    columns=st.integers(0, 65_535),
    rows=st.integers(0, 65_535),
    program=WORDS,
    resume=st.binary(max_size=40),
)


@given(COMMANDS)
def test_a_command_round_trips(command: CommandMessage) -> None:
    data = command.encode()
    assert data[4] == messages.COMMAND
    assert CommandMessage.decode(data[HEADER_BYTES:]) == command


def test_fields_of_a_newer_client_are_skipped() -> None:
    payload = (
        CommandMessage((b"ls",), b"/").encode()[HEADER_BYTES:]
        + field(200, b"whatever\0this is")[:5]
        + b"whatever\0this is"
    )
    with pytest.raises(PeerBroke):
        CommandMessage.decode(payload[:-1])
    assert CommandMessage.decode(payload.replace(b"\0this", b"_this")) == CommandMessage(
        (b"ls",), b"/"
    )


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (field(1, b"a\0b"), "NUL"),
        (field(2, b"/a\0b"), "NUL"),
        (field(3, b"A=\0"), "NUL"),
        (field(3, b"no equals sign"), "NAME=value"),
        (field(3, b"=value"), "NAME=value"),
        (field(4, b"\0\0\0"), "3 bytes where 4"),
        (field(7, b"12345"), "5 bytes where 4"),
        (field(1, b"") * (messages.ARGUMENTS_MAX + 1), "words"),
        (
            b"".join(
                field(3, b"%d=" % number) for number in range(messages.ENVIRONMENT_ENTRIES_MAX + 1)
            ),
            "environment variables",
        ),
    ],
)
def test_a_command_that_cannot_be_is_refused(payload: bytes, why: str) -> None:
    with pytest.raises(PeerBroke, match=why):
        CommandMessage.decode(payload)


def test_a_command_without_fields_is_the_default_command() -> None:
    assert CommandMessage.decode(b"") == CommandMessage(())


def test_a_value_with_an_equals_sign_stays_whole() -> None:
    command = CommandMessage((), b"/", {b"LS_COLORS": b"di=1;34:ln=36", b"EMPTY": b""})
    assert CommandMessage.decode(command.encode()[HEADER_BYTES:]).environment == command.environment


def test_a_client_is_interactive_only_with_a_named_terminal() -> None:
    assert CommandMessage((), flags=messages.STDIN_TTY, tty=b"/dev/pts/1").interactive
    assert not CommandMessage((), flags=messages.STDIN_TTY).interactive
    assert not CommandMessage((), flags=messages.STDOUT_TTY, tty=b"/dev/pts/1").interactive


@given(st.integers(0, 65_535), st.integers(0, 65_535), st.text(max_size=50))
def test_a_greeting_round_trips(one: int, other: int, text: str) -> None:
    hello = Hello(min(one, other), max(one, other), text)
    data = hello.encode()
    assert data[HEADER_BYTES:].startswith(MAGIC)
    assert Hello.decode(data[HEADER_BYTES:]) == hello


@pytest.mark.parametrize("payload", [b"", MAGIC, MAGIC + b"\0\1\0", b"x" * 12, MAGIC + b"\0\2\0\1"])
def test_what_is_no_greeting_is_refused(payload: bytes) -> None:
    with pytest.raises(PeerBroke):
        Hello.decode(payload)


@pytest.mark.parametrize(
    ("lowest", "highest", "chosen"),
    [
        (1, 1, 1),
        (1, 9, messages.VERSION_MAX),
        (0, 1, 1),
        (messages.VERSION_MAX + 1, 99, 0),
        (0, 0, 0),
    ],
)
def test_the_highest_common_version_is_chosen(lowest: int, highest: int, chosen: int) -> None:
    answer = messages.answer(Hello(lowest, highest, "9.9.9"), "0.1.0")
    assert (answer.lowest, answer.highest) == (chosen, chosen)


def test_without_a_common_version_both_releases_and_the_fix_are_named() -> None:
    newer = messages.answer(Hello(98, 99, "9.9.9"), "0.1.0")
    assert newer.text == (
        "the running server is fugue 0.1.0 (protocol 1 to 2), this client is fugue 9.9.9 (protocol 98 to 99): upgrade the server"
    )
    assert messages.answer(Hello(0, 0, "0.0.1"), "0.1.0").text.endswith("upgrade the client")


@given(st.text(max_size=80), st.integers(0, 255), st.booleans(), st.text(min_size=1))
def test_a_detach_round_trips(text: str, code: int, hang_up: bool, command: str) -> None:
    detached = Detached(text, code, hang_up_parent=hang_up)
    assert Detached.decode(detached.encode()[HEADER_BYTES:]) == detached
    detached = Detached(text, code, hang_up_parent=hang_up, shell="/bin/sh", command=command)
    assert Detached.decode(detached.encode()[HEADER_BYTES:]) == detached


@given(st.integers(0, 65_535), st.integers(0, 65_535))
def test_a_size_round_trips(columns: int, rows: int) -> None:
    assert messages.decode_size(messages.resize(columns, rows)[HEADER_BYTES:]) == (columns, rows)


def test_a_size_beyond_what_travels_is_cut() -> None:
    assert messages.decode_size(messages.encode_size(1 << 20, 70_000)) == (65_535, 65_535)


@given(st.binary(max_size=60))
def test_a_resume_token_comes_back(token: bytes) -> None:
    payload = messages.attached(token)[HEADER_BYTES:]
    assert messages.decode_attached(payload) == (token, b"", b"")
    payload = messages.attached(token, b"enter", b"leave")[HEADER_BYTES:]
    assert messages.decode_attached(payload) == (token, b"enter", b"leave")


def test_every_kind_has_its_own_number_and_its_place() -> None:
    kinds = (*messages.CLIENT_KINDS, *messages.SERVER_KINDS, messages.HELLO)
    assert len(set(kinds)) == len(kinds)
    assert all(1 < kind < 0x20 for kind in messages.CLIENT_KINDS)
    assert all(kind & 0x20 for kind in messages.SERVER_KINDS)
    assert {kind for kind in kinds if kind & IGNORABLE} == {
        messages.RESUME,
        messages.PROGRESS,
        messages.PATIENCE,
        messages.NOT_BEGUN,
        messages.GO_ON,
    }


def test_how_long_a_client_waits() -> None:
    assert messages.decode_patience(messages.patience(30)[HEADER_BYTES:]) == 30
    for payload in (b"", b"-1", b"1" * 10, b"x"):
        with pytest.raises(PeerBroke, match="not a number"):
            messages.decode_patience(payload)
