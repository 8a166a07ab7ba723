"""Diagnostics: one line per event, in private files that are rotated, without private content."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from fuguemux.observe import diagnostics
from fuguemux.observe.diagnostics import FIELDS_WITHHELD, channel, configure, line
from fuguemux.observe.metrics import Counter
from tests.support.fake_clock import FakeClock

CLOCK = FakeClock(wall_ms=1_763_880_440_123)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    configure(None)


def test_one_line_with_time_level_event_and_fields(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    configure(str(path), clock=CLOCK)
    channel("wal").info("wal.rotated", segment=3, bytes=16_777_216)
    channel().warning("disk.slow", after_ms=1.5, path="/a b", clean=False, status=None)
    channel().debug("not.shown")
    assert path.read_text() == (
        "2025-11-23T06:47:20.123Z info wal.rotated segment=3 bytes=16777216\n"
        '2025-11-23T06:47:20.123Z warning disk.slow after_ms=1.500 path="/a b" clean=no status=unknown\n'
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("plain/path-1.2", "plain/path-1.2"),
        ("", '""'),
        ("two\nlines", '"two\\nlines"'),
        ('a"b', '"a\\"b"'),
        ("a=b", '"a=b"'),
        ("\x1b[31m", '"\\u001b[31m"'),
        ("\udcff", '"?"'),
        ("x" * 600, "x" * 511 + "…"),
        (-3, "-3"),
    ],
)
def test_a_value_cannot_break_the_line(value: str | int, shown: str) -> None:
    assert line("e", {"k": value}) == f"e k={shown}"


@pytest.mark.parametrize("name", sorted(FIELDS_WITHHELD))
def test_private_fields_are_withheld(name: str) -> None:
    assert line("e", {name: "secret"}) == f"e {name}=withheld"


def test_bytes_and_collections_are_withheld() -> None:
    for value in (b"secret", ["secret"], {"A": "secret"}, ("secret",)):
        assert line("e", {"k": value}) == "e k=withheld"  # type: ignore[dict-item]  # refused by type, and at run time


def test_the_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    previous = os.umask(0)
    try:
        configure(str(path))
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    configure(str(path))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symbolic_link_is_refused_and_everything_stays(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    configure(str(path), clock=CLOCK)
    (tmp_path / "link").symlink_to("elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        configure(str(tmp_path / "link"))
    channel().info("still.here")
    assert "still.here" in path.read_text()
    assert not (tmp_path / "elsewhere").exists()


def test_a_fifo_in_its_place_is_refused_and_does_not_block(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    os.mkfifo(path)
    with pytest.raises(OSError, match="No such device"):
        configure(str(path))


def test_another_directory_in_the_place_of_ours_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "state" / "server.log"
    path.parent.mkdir()
    configure(str(path), bytes_max=200, keep_files=2, clock=CLOCK)
    path.parent.rename(tmp_path / "moved")
    path.parent.mkdir()
    path.write_text("theirs")
    for number in range(40):
        channel().info("event", number=number)
    assert [(entry.name, entry.read_text()) for entry in path.parent.iterdir()] == [
        ("server.log", "theirs")
    ]
    assert "number=39" in (tmp_path / "moved" / "server.log").read_text()


def test_rotation_keeps_as_many_files_as_told(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    configure(str(path), bytes_max=200, keep_files=2, clock=CLOCK)
    for number in range(40):
        channel().info("event", number=number)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "server.log",
        "server.log.1",
        "server.log.2",
    ]
    text = "".join(
        (tmp_path / name).read_text() for name in ("server.log.2", "server.log.1", "server.log")
    )
    numbers = [int(row.rpartition("=")[2]) for row in text.splitlines()]
    assert numbers == list(range(numbers[0], 40))
    for entry in tmp_path.iterdir():
        assert entry.stat().st_size <= 200
        assert stat.S_IMODE(entry.stat().st_mode) == 0o600

    configure(str(path), bytes_max=200, keep_files=0, clock=CLOCK)
    for number in range(8):
        channel().info("event", number=number)
    assert [entry.name for entry in tmp_path.iterdir()] == ["server.log"]


def test_a_line_longer_than_a_file_is_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    configure(str(path), bytes_max=100, keep_files=1, clock=CLOCK)
    channel().info("event", k="x" * 300)
    assert path.read_text().count("x") == 300


def test_what_cannot_be_written_is_counted_and_moves_nothing(tmp_path: Path) -> None:
    lost = Counter()
    configure("/dev/full", lost=lost) if os.path.exists("/dev/full") else pytest.skip(
        "no /dev/full"
    )
    channel().info("event")
    assert lost.value == 1

    path = tmp_path / "sub" / "server.log"
    path.parent.mkdir()
    configure(str(path), bytes_max=60, keep_files=2, lost=lost, clock=CLOCK)
    channel().info("event", number=1)
    (tmp_path / "sub/server.log.new").mkdir()  # the next file cannot be opened
    channel().info("event", number=2)
    assert lost.value == 2
    (tmp_path / "sub/server.log.new").rmdir()
    channel().info("event", number=3)
    assert path.read_text().endswith("number=3\n")
    assert path.with_name("server.log.1").read_text().endswith("number=1\n")


def test_half_a_line_is_a_lost_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = Counter()
    configure(str(tmp_path / "server.log"), lost=lost, clock=CLOCK)
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:5]))
    channel().info("event")
    assert lost.value == 1


def test_the_foreground_sees_it_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    configure(str(tmp_path / "server.log"), level="debug", foreground=True, clock=CLOCK)
    channel("x").debug("event")
    assert (
        capsys.readouterr().err
        == (tmp_path / "server.log").read_text()
        == "2025-11-23T06:47:20.123Z debug event\n"
    )


def test_a_failure_names_type_message_and_place(tmp_path: Path) -> None:
    path = tmp_path / "server.log"
    configure(str(path), clock=CLOCK)
    try:
        diagnostics.configure(str(tmp_path / "no/such"))
    except OSError as error:
        channel().failure("task.failed", error, task="x")
    text = path.read_text()
    assert "error task.failed error=FileNotFoundError" in text
    assert "at=diagnostics.py:" in text
    assert text.endswith(" task=x\n")


def test_nothing_is_said_before_it_is_configured(capsys: pytest.CaptureFixture[str]) -> None:
    configure(None)
    channel().error("event")
    assert capsys.readouterr() == ("", "")
