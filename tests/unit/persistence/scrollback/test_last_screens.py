"""Last screens on disk: what is written is read back, damage is reported, and their number is limited."""

import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuguemux.model.ids import PaneId
from fuguemux.persistence.scrollback import last_screens
from fuguemux.persistence.scrollback.last_screens import (
    LastScreen,
    ScreenDamaged,
    ScreenFiles,
    ScreenName,
    decode_screen,
    encode_screen,
    screen_name,
)
from fuguemux.persistence.storage.files import RealStorage

SCREEN = LastScreen(
    pane=PaneId(3),
    recovery_ms=1_764_000_000_000,
    ended_ms=1_763_999_999_000,
    generation=1,
    program="vim notes.md",
    place="work:0",
    title="notes",
    columns=20,
    rows=5,
    cursor_column=4,
    cursor_row=1,
    cursor_visible=True,
    alternate=True,
    lines=(b"\x1b[31mred\x1b[0m", "漢字".encode()),
)


def screen(recovery_ms: int, pane: int, lines: tuple[bytes, ...] = (b"x",)) -> LastScreen:
    return msgspec.structs.replace(SCREEN, recovery_ms=recovery_ms, pane=PaneId(pane), lines=lines)


def damaged(data: bytes) -> str:
    with pytest.raises(ScreenDamaged) as told:
        decode_screen(data)
    return str(told.value)


def test_what_is_written_is_read() -> None:
    assert decode_screen(encode_screen(SCREEN)) == SCREEN


texts = st.text(max_size=20)
lines = st.lists(st.binary(max_size=40), max_size=8).map(tuple)


@given(
    st.builds(
        LastScreen,
        st.integers(0, 2**31).map(PaneId),
        st.integers(0, 2**50),
        st.integers(0, 2**50),
        st.integers(0, 2**31),
        texts,
        texts,
        texts,
        st.integers(1, 10_000),
        st.integers(1, 10_000),
        st.integers(0, 10_000),
        st.integers(0, 10_000),
        st.booleans(),
        st.booleans(),
        lines,
        lines,
        st.booleans(),
    )
)
def test_every_screen_comes_back(some: LastScreen) -> None:
    assert decode_screen(encode_screen(some)) == some


@given(st.binary(max_size=200))
def test_strange_bytes_are_told(data: bytes) -> None:
    damaged(data)


def test_every_cut_and_every_changed_byte_is_told() -> None:
    data = encode_screen(SCREEN)
    for cut in range(len(data)):
        damaged(data[:cut])
    for at in range(len(data)):
        damaged(data[:at] + bytes((data[at] ^ 0x10,)) + data[at + 1 :])
    assert damaged(data + b"x") == "its checksum does not match"


def test_a_newer_version_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_screens, "MAJOR", 2)
    data = encode_screen(SCREEN)
    monkeypatch.undo()
    assert damaged(data) == "it has format 2, this version of fugue reads 1"


def test_names() -> None:
    name = ScreenName(1_764_000_000_000, PaneId(12))
    assert name.file == "001764000000000-12.screen"
    assert screen_name(name.file) == name
    for other in (
        *(
            "",
            "-.screen",
            "1-2.screen",
            "001764000000000-12.screen.tmp",
            "001764000000000-012.screen",
        ),
        *("001764000000000-.screen", "x01764000000000-1.screen", f"{'1' * 15}-{'9' * 11}.screen"),
    ):
        assert screen_name(other) is None, other


@pytest.fixture
def files(tmp_path: Path) -> ScreenFiles:
    return ScreenFiles(RealStorage(), str(tmp_path))


def test_files_are_private_newest_first_and_removed(files: ScreenFiles, tmp_path: Path) -> None:
    assert files.names() == []
    old, new = screen(1_000, 1), screen(2_000, 1)
    umask = os.umask(0)
    try:
        files.write(old)
        files.write(new)
        files.write(new)
    finally:
        os.umask(umask)
    (tmp_path / "screens" / "else").write_text("not ours")
    assert files.names() == [new.name, old.name]
    assert files.read(old.name) == old
    place = tmp_path / "screens"
    assert stat.S_IMODE(place.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.glob("*.screen")} == {0o600}
    files.remove([old.name, old.name, ScreenName(5, PaneId(5))])
    assert files.names() == [new.name]


def test_a_file_under_another_name_is_not_taken_for_that_screen(
    files: ScreenFiles, tmp_path: Path
) -> None:
    one, two = screen(1_000, 1), screen(1_000, 2)
    files.write(one)
    (tmp_path / "screens" / one.name.file).rename(tmp_path / "screens" / two.name.file)
    with pytest.raises(ScreenDamaged, match="another screen"):
        files.read(two.name)


def test_what_is_too_old_and_what_is_too_much_is_surplus(
    files: ScreenFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(6):
        files.write(screen(1_000 + number, 1, (os.urandom(1_000),)))
    names = files.names()
    assert files.surplus(0) == []
    assert files.surplus(1_002) == names[4:]
    monkeypatch.setattr(last_screens, "SCREENS_MAX", 4)
    assert files.surplus(0) == names[4:]
    monkeypatch.setattr(last_screens, "SCREENS_BYTES_MAX", 3_500)
    assert files.surplus(0) == names[3:]


def test_a_screen_whose_size_has_rotted_takes_no_room_from_the_others(
    files: ScreenFiles, tmp_path: Path
) -> None:
    for number in range(3):
        files.write(screen(1_000 + number, 1))
    newest, *others = files.names()
    os.truncate(tmp_path / "screens" / newest.file, 1 << 40)
    [line] = files.clear(0)
    assert line.startswith(f"screens/{newest.file}: File too large; it is set aside")
    assert files.names() == others


def test_a_surplus_screen_that_cannot_be_read_is_set_aside(
    files: ScreenFiles, tmp_path: Path
) -> None:
    for number in range(3):
        files.write(screen(1_000 + number, 1))
    _newest, middle, oldest = files.names()
    path = tmp_path / "screens" / middle.file
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    (tmp_path / "screens" / "notes.screen").write_bytes(b"somebody's")
    [line] = files.clear(1_002)
    assert line.startswith(f"screens/{middle.file}: its checksum does not match; it is set aside")
    assert (tmp_path / "quarantine" / middle.file).read_bytes() == data
    left = {each.name for each in (tmp_path / "screens").iterdir()}
    assert left == {_newest.file, "notes.screen"}
    assert oldest not in files.names()
