"""The commands set-, show-, list-, delete-, paste-, load- and save-buffer."""

import msgspec
import pytest

from fuguemux.commands import (
    delete_buffer,
    list_buffers,
    load_buffer,
    paste_buffer,
    save_buffer,
    set_buffer,
    show_buffer,
)
from fuguemux.commands.command import Command
from fuguemux.commands.parts.paste_buffers import buffer_stored
from fuguemux.model.decision import Refused
from fuguemux.model.effects import LoadBuffer, SaveBuffer, SendBytes
from fuguemux.model.ids import PaneId
from fuguemux.model.limits import BUFFER_BYTES_MAX
from fuguemux.model.state import Buffer, ServerState
from tests.support.builders import session, state
from tests.support.fake_live import FakeLive
from tests.support.folding import run

EMPTY = state(session("a"))


def filled(*commands: tuple[str, ...]) -> ServerState:
    built = EMPTY
    for words in commands:
        built = run(set_buffer.COMMAND, built, *words).state
    return built


FULL = filled(("aa",), ("bb",), ("-b", "foo", "cc"))


def listed(on: ServerState, *words: str) -> list[object]:
    return list(run(list_buffers.COMMAND, on, *words).decision.reply.lines)


def test_automatic_names_count_up_and_the_newest_is_first() -> None:
    assert listed(FULL) == [
        'foo: 2 bytes: "cc"',
        'buffer1: 2 bytes: "bb"',
        'buffer0: 2 bytes: "aa"',
    ]
    assert listed(FULL, "-F", "#{buffer_name}", "-f", "#{==:#{buffer_size},3}") == []


def test_samples_show_control_characters() -> None:
    assert listed(filled(("a\nb\x02\t\\",))) == ['buffer0: 6 bytes: "a\\nb\\002\\t\\\\"']


def test_appending_and_renaming() -> None:
    assert listed(filled(("-b", "foo", "cc"), ("-a", "-b", "foo", "dd"))) == [
        'foo: 4 bytes: "ccdd"'
    ]
    assert listed(filled(("aa",), ("-n", "x"))) == ['x: 2 bytes: "aa"']
    assert listed(filled(("aa",), ("-n", "y", "-b", "buffer0"))) == ['y: 2 bytes: "aa"']


def test_empty_data_is_no_buffer() -> None:
    assert filled(("",)).buffers == ()


def test_as_many_automatic_buffers_are_kept_as_the_limit_says() -> None:
    on = EMPTY
    for number in range(60):
        on = run(set_buffer.COMMAND, on, str(number)).state
    assert len(on.buffers) == 50
    assert on.buffers[-1].data == b"10"


@pytest.mark.parametrize(
    ("command", "on", "words", "message"),
    [
        (set_buffer.COMMAND, EMPTY, (), "no data specified"),
        (set_buffer.COMMAND, EMPTY, ("-n", "x", "-b", "nope"), "unknown buffer: nope"),
        (set_buffer.COMMAND, EMPTY, ("-b", "", "text"), "empty buffer name"),
        (show_buffer.COMMAND, EMPTY, (), "no buffers"),
        (show_buffer.COMMAND, FULL, ("-b", "q"), "no buffer q"),
        (save_buffer.COMMAND, EMPTY, ("/tmp/x",), "no buffers"),
        (delete_buffer.COMMAND, EMPTY, (), "no buffer"),
        (delete_buffer.COMMAND, FULL, ("-b", "q"), "unknown buffer: q"),
        (paste_buffer.COMMAND, FULL, ("-b", "q"), "no buffer q"),
    ],
)
def test_what_is_refused(
    command: Command, on: ServerState, words: tuple[str, ...], message: str
) -> None:
    with pytest.raises(Refused) as refused:
        run(command, on, *words)
    assert str(refused.value) == message


def test_showing_gives_the_bytes() -> None:
    on = filled(("-b", "x", "\udcff\n"))
    assert run(show_buffer.COMMAND, on).decision.reply.raw == b"\xff\n"


def test_deleting_without_a_name_takes_the_newest() -> None:
    assert [buffer.name for buffer in run(delete_buffer.COMMAND, FULL).state.buffers] == [
        "buffer1",
        "buffer0",
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((), b"a\rb"),
        (("-r",), b"a\nb"),
        (("-s", ", "), b"a, b"),
    ],
)
def test_pasting(words: tuple[str, ...], expected: bytes) -> None:
    on = filled(("a\nb",))
    outcome = run(paste_buffer.COMMAND, on, *words)
    assert outcome.effects == (SendBytes(PaneId(0), expected),)
    assert len(outcome.state.buffers) == 1


def test_pasting_in_brackets_and_once() -> None:
    outcome = run(paste_buffer.COMMAND, FULL, "-dp")
    assert outcome.effects == (SendBytes(PaneId(0), b"cc", paste=True),)
    assert [buffer.name for buffer in outcome.state.buffers] == ["buffer1", "buffer0"]
    assert run(paste_buffer.COMMAND, EMPTY).effects == ()


def test_files() -> None:
    saved = run(save_buffer.COMMAND, FULL, "-a", "notes/#{session_name}.txt", cwd=b"/home/me")
    assert saved.effects == (SaveBuffer(b"/home/me/notes/a.txt", b"cc", append=True),)
    assert run(save_buffer.COMMAND, FULL, "-").decision.reply.raw == b"cc"
    loaded = run(load_buffer.COMMAND, EMPTY, "-b", "n", "/etc/motd")
    assert loaded.effects == (LoadBuffer(b"/etc/motd", "n"),)
    assert run(load_buffer.COMMAND, EMPTY, "-").effects == (LoadBuffer(b"-"),)


def large(size: int) -> ServerState:
    """A state with a buffer as large as only older servers made one."""
    buffer = Buffer("big", b"\n" * size, 0, automatic=False)
    return msgspec.structs.replace(EMPTY, buffers=(buffer,))


@pytest.mark.parametrize("name", [None, "big"])
def test_what_is_too_large_for_a_buffer_is_refused(name: str | None) -> None:
    assert buffer_stored(EMPTY, FakeLive(), b"x" * BUFFER_BYTES_MAX, name)
    with pytest.raises(Refused, match="16777217 bytes are too many for a paste buffer"):
        buffer_stored(EMPTY, FakeLive(), b"x" * (BUFFER_BYTES_MAX + 1), name)


def test_a_buffer_is_not_made_too_large_by_what_is_added() -> None:
    nearly = large(BUFFER_BYTES_MAX - 2)
    (grown,) = run(set_buffer.COMMAND, nearly, "-a", "-b", "big", "xx").state.buffers
    assert len(grown.data) == BUFFER_BYTES_MAX
    with pytest.raises(Refused, match="too many for a paste buffer"):
        run(set_buffer.COMMAND, nearly, "-a", "-b", "big", "xxx")


def test_a_larger_buffer_of_an_older_server_can_be_pasted_renamed_and_deleted() -> None:
    old = large(BUFFER_BYTES_MAX + 1)
    (effect,) = run(paste_buffer.COMMAND, old, "-b", "big").decision.effects
    assert isinstance(effect, SendBytes)
    assert len(effect.data) == BUFFER_BYTES_MAX + 1
    (renamed,) = run(set_buffer.COMMAND, old, "-b", "big", "-n", "other").state.buffers
    assert renamed.name == "other"
    assert run(delete_buffer.COMMAND, old, "-b", "big").state.buffers == ()


def test_a_long_separator_does_not_make_a_paste_too_large() -> None:
    with pytest.raises(Refused, match="too many to be pasted, use a shorter separator"):
        run(paste_buffer.COMMAND, large(1_000), "-b", "big", "-s", "x" * 20_000)
