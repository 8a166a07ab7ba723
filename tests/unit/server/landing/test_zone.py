"""The landing zone: output that was read from a terminal survives the death of the reader."""

import os
import random
import select
import signal
import struct
import subprocess
import sys
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuguemux.server.landing import zone as landing_zone
from fuguemux.server.landing import zone_format
from fuguemux.server.landing.zone import (
    SLOT_BYTES,
    SLOTS,
    Landed,
    LandingZone,
    NoBytes,
    ZoneUnusable,
    recover,
)

READER = Path(__file__).with_name("landing_reader.py")


@pytest.fixture
def zone_path(tmp_path: Path) -> str:
    return str(tmp_path / "zone")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield reading, writing
    for descriptor in (reading, writing):
        try:
            os.close(descriptor)
        except OSError:
            continue


def land(zone: LandingZone, source: int, pane: int = 1, offset: int = 0) -> Landed:
    landed = zone.read(source, pane, offset)
    assert isinstance(landed, Landed)
    return landed


def abandon(zone: LandingZone) -> None:
    """What SIGKILL does: nothing is tidied up, but the lock goes."""
    zone.close()


def test_whose_bytes_they_are_is_not_written_again_once_there_are_some(
    zone_path: str, pipe: tuple[int, int]
) -> None:
    """Death in the midst of writing it would give them to another pane. What somebody else writes there shows that."""
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    os.write(writing, b"hello")
    reserved = zone.reserve(3, 1000)
    assert reserved is not None
    contents = Path(zone_path).read_bytes()
    at = contents.index(struct.pack("<QQ", 3, 1000))
    with open(zone_path, "r+b") as file:
        file.seek(at)
        begin = zone_format.seed("s", landing_zone.boot_id())
        file.write(zone_format.place(reserved.slot, 4, 2000, begin))
    zone.fill(reserved, reading)
    abandon(zone)
    assert recover(zone_path, store="s").salvaged == (landing_zone.Salvaged(4, 2000, b"hello"),)


def test_read_bytes_can_be_recovered_until_they_are_released(
    zone_path: str, pipe: tuple[int, int]
) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    os.write(writing, b"hello")
    landed = land(zone, reading, pane=3, offset=1000)
    assert (landed.pane, landed.offset, bytes(landed.data)) == (3, 1000, b"hello")
    abandon(zone)
    assert recover(zone_path, store="s").salvaged == (landing_zone.Salvaged(3, 1000, b"hello"),)
    assert recover(zone_path, store="s").salvaged != (), "recovery itself must not consume anything"
    zone = LandingZone.open(zone_path, store="s", discard=True)
    os.write(writing, b"again")
    zone.release([land(zone, reading)])
    abandon(zone)
    assert recover(zone_path, store="s").salvaged == ()


def test_logged_bytes_are_recovered_until_their_queries_are_answered(
    zone_path: str, pipe: tuple[int, int]
) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    os.write(writing, b"\x1b[6n")
    first = land(zone, reading)
    os.write(writing, b"\x1b[c")
    second = land(zone, reading, offset=4)
    zone.logged([first, second])
    zone.answering(first)
    abandon(zone)
    assert recover(zone_path, store="s") == landing_zone.RecoveredZone(
        (landing_zone.Salvaged(1, 4, b"\x1b[c"),), ()
    )


def test_exact_bytes_with_trailing_nuls_once_the_read_has_returned(
    zone_path: str, pipe: tuple[int, int]
) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    os.write(writing, b"a\0\0\0")
    land(zone, reading)
    abandon(zone)
    assert recover(zone_path, store="s").salvaged[0].data == b"a\0\0\0"


def test_a_read_cut_short_by_death_ends_with_its_last_byte_that_is_not_zero(
    zone_path: str, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    os.write(writing, b"x" * 5000)
    zone.release(
        [land(zone, reading)]
    )  # the slot is used again below: no old byte may be left in it
    os.write(writing, b"ab\0c\0")

    class Death(BaseException):
        pass

    real = os.readv

    def read_and_die(descriptor: int, buffers: list[memoryview]) -> int:
        real(descriptor, buffers)
        raise Death

    monkeypatch.setattr(os, "readv", read_and_die)
    with pytest.raises(Death):
        zone.read(reading, 9, 50)
    abandon(zone)
    assert recover(zone_path, store="s").salvaged == (landing_zone.Salvaged(9, 50, b"ab\0c"),)


def test_what_a_read_says_when_there_is_nothing(zone_path: str, pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    assert zone.read(reading, 1, 0) is NoBytes.NOT_NOW
    assert zone.free_slots == SLOTS
    for number in range(SLOTS):
        os.write(writing, b"x")
        land(zone, reading, offset=number)
    os.write(writing, b"x")
    assert zone.read(reading, 1, SLOTS) is NoBytes.ZONE_FULL
    os.close(writing)
    zone.close()
    zone = LandingZone.open(zone_path, store="s", discard=True)
    assert bytes(land(zone, reading).data) == b"x"
    assert zone.read(reading, 1, 1) is NoBytes.ENDED
    zone.close()


def test_a_read_that_fails_for_another_reason_is_an_error_and_uses_no_slot(
    zone_path: str, tmp_path: Path
) -> None:
    zone = LandingZone.open(zone_path, store="s")
    directory = os.open(tmp_path, os.O_RDONLY)
    with pytest.raises(IsADirectoryError):
        zone.read(directory, 1, 0)
    os.close(directory)
    assert zone.free_slots == SLOTS
    zone.close()
    assert recover(zone_path, store="s").salvaged == ()


def test_a_reserved_slot_is_the_panes_from_the_first_byte_that_comes(
    zone_path: str, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    os.write(writing, b"first")
    first = land(zone, reading, pane=4)
    ahead = zone.reserve(4, 5)
    assert ahead is not None
    at_rest = Path(zone_path).read_bytes()
    os.write(writing, b"second")
    during: list[bytes] = []
    real = os.readv

    def read_and_look(descriptor: int, buffers: list[memoryview]) -> int:
        count = real(descriptor, buffers)
        during.append(Path(zone_path).read_bytes())
        return count

    monkeypatch.setattr(os, "readv", read_and_look)
    second = zone.fill(ahead, reading)
    assert isinstance(second, Landed)
    assert (second.pane, second.offset, bytes(second.data)) == (4, 5, b"second")
    salvaged = [landing_zone.Salvaged(4, 0, b"first"), landing_zone.Salvaged(4, 5, b"second")]
    for contents, expected in ((at_rest, 1), (during[0], 2), (Path(zone_path).read_bytes(), 2)):
        assert zone_format.parse(
            contents, "s", landing_zone.boot_id()
        ) == landing_zone.RecoveredZone(tuple(salvaged[:expected]), ())
    zone.release([first, second])
    zone.close()


def test_a_reserved_slot_that_brings_nothing_is_free_again(
    zone_path: str, pipe: tuple[int, int], tmp_path: Path
) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    reserved = [zone.reserve(1, number) for number in range(SLOTS)]
    assert zone.free_slots == 0
    assert zone.reserve(1, SLOTS) is None
    directory = os.open(tmp_path, os.O_RDONLY)
    for each in reserved:
        assert each is not None
        assert zone.fill(each, reading) is NoBytes.NOT_NOW
        with pytest.raises(IsADirectoryError):
            zone.fill(each, directory)
    os.close(writing)
    for each in reserved:
        assert each is not None
        assert zone.fill(each, reading) is NoBytes.ENDED
        zone.give_back(each)
    os.close(directory)
    assert zone.free_slots == SLOTS
    zone.close()
    assert recover(zone_path, store="s").salvaged == ()


def test_a_full_slot_is_one_read(zone_path: str) -> None:
    """A PTY gives 4 KiB at once at most; a slot takes many of those."""
    zone = LandingZone.open(zone_path, store="s")
    source, sink = os.pipe()
    os.set_blocking(source, False)
    data = os.urandom(SLOT_BYTES)
    with open(sink, "wb", buffering=0) as writer:
        assert writer.write(data) == SLOT_BYTES
        landed = land(zone, source)
        assert bytes(landed.data) == data[: len(landed.data)]
        assert len(landed.data) > SLOT_BYTES - landing_zone.ROOM_BYTES_MIN
    os.close(source)
    zone.close()


def test_a_flood_can_be_read_in_smaller_pieces(zone_path: str) -> None:
    zone = LandingZone.open(zone_path, store="s")
    master, slave = os.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    os.set_blocking(slave, False)
    at_most = 2 * landing_zone.ROOM_BYTES_MIN
    while True:  # until it is full, so that there is more than is asked for
        try:
            os.write(slave, bytes(range(1, 256)) * 16)
        except BlockingIOError:
            break
    landed = zone.read(master, 1, 0, at_most=at_most)
    assert isinstance(landed, landing_zone.Landed)
    assert 0 < len(landed.data) <= at_most
    more = zone.read(master, 1, len(landed.data), at_most=at_most)
    assert isinstance(more, landing_zone.Landed)
    os.close(master)
    os.close(slave)
    zone.close()


def test_wiping_what_was_read_has_to_be_said(zone_path: str, pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    os.write(writing, b"12345")
    land(zone, reading)
    abandon(zone)
    with pytest.raises(ZoneUnusable, match="holds 5 bytes"):
        LandingZone.open(zone_path, store="s")
    LandingZone.open(zone_path, store="s", discard=True).close()
    assert recover(zone_path, store="s").salvaged == ()


def test_a_zone_has_one_user(zone_path: str) -> None:
    zone = LandingZone.open(zone_path, store="s")
    with pytest.raises(ZoneUnusable, match="in use"):
        LandingZone.open(zone_path, store="s")
    with pytest.raises(ZoneUnusable, match="in use"):
        recover(zone_path, store="s")
    zone.close()
    zone.close()
    LandingZone.open(zone_path, store="s").close()


def test_another_state_or_another_boot_holds_nothing(
    zone_path: str, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    os.write(writing, b"12345")
    land(zone, reading)
    abandon(zone)
    assert recover(zone_path, store="other").salvaged == ()
    monkeypatch.setattr(landing_zone, "boot_id", lambda: b"the next one")
    assert recover(zone_path, store="s").salvaged == ()
    monkeypatch.undo()
    assert len(recover(zone_path, store="s").salvaged) == 1


def test_the_file_is_private_and_must_be_a_file(zone_path: str, tmp_path: Path) -> None:
    LandingZone.open(zone_path, store="s").close()
    assert os.stat(zone_path).st_mode & 0o777 == 0o600
    link = tmp_path / "link"
    link.symlink_to(zone_path)
    with pytest.raises(OSError, match="symbolic links"):
        LandingZone.open(str(link), store="s")
    with pytest.raises(OSError):
        LandingZone.open(str(tmp_path), store="s")
    assert recover(str(tmp_path / "missing"), store="s") == landing_zone.RecoveredZone((), ())


def test_damage_is_reported_and_the_rest_recovered(zone_path: str, pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    zone = LandingZone.open(zone_path, store="s")
    for text in (b"first", b"second"):
        os.write(writing, text)
        land(zone, reading)
    abandon(zone)
    with open(zone_path, "r+b") as file:
        file.seek(zone_format.DESCRIPTORS_OFFSET)
        file.write(b"\xee")
    recovered = recover(zone_path, store="s")
    assert [chunk.data for chunk in recovered.salvaged] == [b"second"]
    assert len(recovered.damage) == 1
    assert "slot 0" in recovered.damage[0]
    for contents in (b"", b"x", b"x" * landing_zone.FILE_BYTES):
        Path(zone_path).write_bytes(contents)
        assert recover(zone_path, store="s").salvaged == ()
    assert recover(zone_path, store="s").damage


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=zone_format.SLOTS_OFFSET), st.integers(0, 2**64 - 1))
def test_no_descriptors_whatever_break_recovery(tmp_path: Path, noise: bytes, number: int) -> None:
    path = str(tmp_path / "noise")
    LandingZone.open(path, store="s", discard=True).close()
    with open(path, "r+b") as file:
        file.seek(zone_format.DESCRIPTORS_OFFSET)
        file.write(noise[: zone_format.SLOTS_OFFSET - zone_format.DESCRIPTORS_OFFSET])
        file.seek(zone_format.SLOTS_OFFSET)
        file.write(struct.pack("<Q", number))
    for chunk in recover(path, store="s").salvaged:
        assert 0 < len(chunk.data) <= SLOT_BYTES


# The real thing: a reader of a flooding terminal, killed again and again.

LINES = 700_000
EXPECTED = b"".join(b"%d\r\n" % number for number in range(1, LINES + 1))


class Flood:
    """`seq` in a PTY whose master this process keeps, as the keeper would."""

    def __init__(self, directory: Path, mode: str) -> None:
        self._mode = mode
        self.log = directory / "log"
        self._zone = str(directory / "zone")
        self.master, slave = os.openpty()
        os.set_blocking(self.master, False)
        self._process = subprocess.Popen(
            ["seq", "1", str(LINES)], stdout=slave, start_new_session=True
        )
        os.close(slave)

    def start_reader(self, seed: int, stage: str = "") -> subprocess.Popen[bytes]:
        arguments = [
            self._mode,
            str(self.master),
            str(self.log),
            self._zone,
            str(seed),
            *([stage] if stage else []),
        ]
        return subprocess.Popen([sys.executable, str(READER), *arguments], pass_fds=[self.master])

    def written(self) -> int:
        return self.log.stat().st_size if self.log.exists() else 0

    def finish(self) -> bytes:
        """Let a last reader come to the end; return the log."""
        assert self.start_reader(0).wait(60) == 0
        assert self._process.wait(60) == 0
        os.close(self.master)
        return self.log.read_bytes()


STAGES = (
    "read",
    "recovering",
    "logged",
    "answering",
    "released",
)  # there is something to recover after `read`


@pytest.mark.real
def test_a_reader_killed_at_any_stage_loses_and_doubles_no_byte(tmp_path: Path) -> None:
    flood = Flood(tmp_path, "zone")
    for number in range(10):
        reader = flood.start_reader(number, STAGES[number % len(STAGES)])
        assert reader.wait(60) == -signal.SIGKILL
    assert flood.finish() == EXPECTED


@pytest.mark.real
def test_a_reader_killed_at_random_moments_loses_and_doubles_no_byte(tmp_path: Path) -> None:
    flood = Flood(tmp_path, "zone")
    numbers = random.Random(4)
    for number in range(8):
        reader = flood.start_reader(number)
        aim = flood.written() + numbers.randrange(1, 100_000)
        while flood.written() < aim and reader.poll() is None:
            select.select([], [], [], 0.0005)
        reader.kill()
        reader.wait(60)
    assert flood.finish() == EXPECTED


@pytest.mark.real
def test_the_same_reader_without_the_zone_loses_bytes(tmp_path: Path) -> None:
    """The test of the test above: its way of killing does hit the gap between reading and writing."""
    flood = Flood(tmp_path, "memory")
    for number in range(3):
        assert flood.start_reader(number, "read").wait(60) == -signal.SIGKILL
    log = flood.finish()
    assert len(log) < len(EXPECTED)
    assert log != EXPECTED


@pytest.mark.real
def test_the_last_bytes_of_a_process_arrive_before_the_end_of_its_terminal(zone_path: str) -> None:
    zone = LandingZone.open(zone_path, store="s")
    for _ in range(20):
        master, slave = os.openpty()
        os.set_blocking(master, False)
        process = subprocess.Popen(["sh", "-c", "printf %03000d 7; printf last"], stdout=slave)
        os.close(slave)
        process.wait(30)  # all of it is written and the terminal closed before the first read
        received = bytearray()
        poll = select.poll()
        poll.register(master, select.POLLIN)
        while (landed := zone.read(master, 1, len(received))) is not NoBytes.ENDED:
            if isinstance(landed, NoBytes):
                poll.poll()
                continue
            received += landed.data
            zone.release([landed])
        assert received == b"%03000d" % 7 + b"last"
        os.close(master)
    zone.close()
