"""The landing zone's checksums, output behind held output, events and missing output; and the zones of earlier
versions."""

import gzip
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from fuguemux.server.landing import zone_file
from fuguemux.server.landing import zone_format as form
from fuguemux.server.landing.zone import (
    SLOT_BYTES,
    Landed,
    LandingZone,
    NoBytes,
    RecoveredZone,
    Salvaged,
    UnloggedOutput,
    ZoneUnusable,
    recover,
)

GOLDEN = Path(__file__).parents[3] / "formats"
BOOT = b"boot of the golden zone"
CUT = Salvaged(5, 50, b"cut\0in")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    yield reading, writing
    os.close(reading)
    os.close(writing)


def land(zone: LandingZone, pipe: tuple[int, int], data: bytes, pane: int, offset: int) -> Landed:
    os.write(pipe[1], data)
    landed = zone.read(pipe[0], pane, offset)
    assert isinstance(landed, Landed)
    return landed


def test_a_zone_of_version_1_is_read() -> None:
    contents = gzip.decompress((GOLDEN / "landing-1" / "zone.gz").read_bytes())
    first = (Salvaged(1, 0, b"filled\0\0"), Salvaged(1, 8, b" and more"))
    found = form.parse(contents, "golden", BOOT)
    assert found == RecoveredZone((*first, Salvaged(2, 100, b"logged\x1b[6n"), CUT))
    assert form.parse(contents, "golden", b"another boot") == RecoveredZone()
    assert form.parse(contents, "another state", BOOT) == RecoveredZone()


def test_a_zone_of_version_2_is_read() -> None:
    contents = gzip.decompress((GOLDEN / "landing-2" / "zone.gz").read_bytes())
    found = form.parse(contents, "golden", BOOT)
    assert found.salvaged == (
        Salvaged(1, 0, b"filled\0\0 and more"),
        Salvaged(2, 100, b"logged\x1b[6n"),
        Salvaged(3, 7, b"shown\x1b[c", 8),
        CUT,
    )
    assert found.missing == (UnloggedOutput(9, 1000, 5000, 1_764_000_000_000, 1_764_000_009_000),)
    assert found.events == ((41, b"an event"), (43, b"another"))
    assert (found.damage, found.rotten, found.unknown) == ((), (), ())
    assert form.parse(contents, "golden", b"another boot") == RecoveredZone()
    assert form.parse(contents, "another state", BOOT) == RecoveredZone()


def test_more_is_read_behind_what_is_held(tmp_path: Path, pipe: tuple[int, int]) -> None:
    path = str(tmp_path / "zone")
    zone = LandingZone.open(path, store="s")
    held = land(zone, pipe, b"first\0", 4, 10)
    free = zone.free_slots
    for part in (b"second\0", b"third"):
        os.write(pipe[1], part)
        more = zone.read_on(held, pipe[0])
        assert isinstance(more, Landed)
        assert (more.slot, bytes(more.data)) == (held.slot, part)
        assert more.offset == held.offset + len(held.data)
        held = more
    assert zone.read_on(held, pipe[0]) is NoBytes.NOT_NOW
    assert zone.free_slots == free
    whole = Salvaged(4, 10, b"first\0second\0third")
    assert recover_abandoned(zone, path) == RecoveredZone((whole,))
    zone = LandingZone.open(path, store="s", discard=True)
    big = land(zone, pipe, b"x" * SLOT_BYTES, 1, 0)
    assert zone.read_on(big, pipe[0]) is NoBytes.ZONE_FULL
    zone.close()


def test_death_while_more_is_read_keeps_both(
    tmp_path: Path, pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "zone")
    zone = LandingZone.open(path, store="s")
    held = land(zone, pipe, b"ends in nul\0", 4, 0)
    zone.answering(held)
    os.write(pipe[1], b"more")
    real, during = os.readv, list[bytes]()

    def read_and_look(descriptor: int, buffers: list[memoryview]) -> int:
        during.append(Path(path).read_bytes())
        count = real(descriptor, buffers)
        during.append(Path(path).read_bytes())
        return count

    monkeypatch.setattr(os, "readv", read_and_look)
    zone.read_on(held, pipe[0])
    zone.close()
    boot = form_boot()
    before, after = (form.parse(each, "s", boot) for each in during)
    assert before == RecoveredZone((Salvaged(4, 0, b"ends in nul\0", 12),))
    assert after == RecoveredZone((Salvaged(4, 0, b"ends in nul\0more", 12),))


def test_rot_behind_the_zeros_of_a_slot_that_was_being_read_into_is_told() -> None:
    contents = bytearray(gzip.decompress((GOLDEN / "landing-2" / "zone.gz").read_bytes()))
    slot = next(
        n
        for n in range(form.SLOTS)
        if contents[form.DESCRIPTORS_OFFSET + n * form.DESCRIPTOR_BYTES] == form.READING
    )
    sound = form.parse(bytes(contents), "golden", BOOT)
    contents[form.SLOTS_OFFSET + slot * SLOT_BYTES + 5_000] = 0x41
    found = form.parse(bytes(contents), "golden", BOOT)
    assert sound.unknown == ()
    (told,) = found.unknown
    assert f"slot {slot} " in told
    assert f"output of pane %{CUT.pane} is not known" in told
    assert found.salvaged[-1].data.startswith(CUT.data), "nothing is left out"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_bit_that_flips_is_shown_as_text(data: st.DataObject) -> None:
    contents = bytearray(gzip.decompress((GOLDEN / "landing-2" / "zone.gz").read_bytes()))
    slot = data.draw(st.sampled_from([0, 1, 2]))
    descriptor = form.DESCRIPTORS_OFFSET + slot * form.DESCRIPTOR_BYTES
    begin = form.SLOTS_OFFSET + slot * SLOT_BYTES
    used = [
        descriptor,
        *range(descriptor + 8, descriptor + 28),
        *range(descriptor + 32, descriptor + 40),
    ]
    at = data.draw(st.sampled_from([*used, *range(begin, begin + 8)]))
    sound = form.parse(bytes(contents), "golden", BOOT)
    contents[at] ^= 1 << data.draw(st.integers(0, 7))
    found = form.parse(bytes(contents), "golden", BOOT)
    gone = set(sound.salvaged) - set(found.salvaged)
    assert set(found.salvaged) < set(sound.salvaged)
    assert len(gone) == 1
    (lost,) = gone
    assert found.unknown or found.rotten == (
        UnloggedOutput(lost.pane, lost.offset, found.rotten[0].stop, 0, 0),
    )


@pytest.mark.parametrize(
    ("at", "size"),
    [
        (form.MISSING_OFFSET, form.MISSING.size - 4),
        (form.EVENTS_OFFSET, 2 * (form.EVENT.size + 8) - 1),
    ],
    ids=["missing", "events"],
)
def test_no_bit_that_flips_in_accounts_or_changes_is_believed(at: int, size: int) -> None:
    """Of what is missing, and of events: the damaged one and what hangs on it is left out, and that is told."""
    contents = bytearray(gzip.decompress((GOLDEN / "landing-2" / "zone.gz").read_bytes()))
    sound = form.parse(bytes(contents), "golden", BOOT)
    for bit in range(8 * size):
        contents[at + bit // 8] ^= 1 << bit % 8
        found = form.parse(bytes(contents), "golden", BOOT)
        contents[at + bit // 8] ^= 1 << bit % 8
        assert found.salvaged == sound.salvaged
        assert set(found.missing) <= set(sound.missing)
        assert set(found.events) <= set(sound.events)
        assert found.unknown


def test_death_in_the_midst_of_an_account_leaves_the_one_before(tmp_path: Path) -> None:
    path = str(tmp_path / "zone")
    zone = LandingZone.open(path, store="s")
    for stop in (20, 30):
        zone.missing(UnloggedOutput(3, 10, stop, 100, 100 + stop))
    zone.close()
    contents = bytearray(Path(path).read_bytes())
    torn = contents.index(form.MISSING.pack(3, 10, 30, 100, 130, 0)[:-8])
    contents[torn : torn + 20] = bytes(20)
    found = form.parse(bytes(contents), "s", form_boot())
    assert found.missing == (UnloggedOutput(3, 10, 20, 100, 120),)
    assert found.unknown


def test_a_damaged_header_costs_nothing_else() -> None:
    contents = bytearray(gzip.decompress((GOLDEN / "landing-2" / "zone.gz").read_bytes()))
    sound = form.parse(bytes(contents), "golden", BOOT)
    contents[30] ^= 4
    found = form.parse(bytes(contents), "golden", BOOT)
    assert found.salvaged == sound.salvaged
    assert found.damage == ("the header of the landing zone is damaged",)


@pytest.mark.parametrize("size", [form.FILE_BYTES + 1, 1 << 40])
def test_one_that_is_too_long_is_told_and_costs_nothing(tmp_path: Path, size: int) -> None:
    path = tmp_path / "zone"
    contents = gzip.decompress((GOLDEN / "landing-2" / "zone.gz").read_bytes())
    path.write_bytes(contents)
    os.truncate(path, size)
    with path.open("rb") as file:
        found = form.parse(zone_file.contents(file.fileno()), "golden", BOOT)
    assert found == replace(form.parse(contents, "golden", BOOT), damage=(form.LONGER,))


@pytest.mark.parametrize("contents", [b"", b"x", b"x" * form.FILE_BYTES, bytes(form.FILE_BYTES)])
def test_what_is_no_zone_is_not_taken_for_an_empty_one(contents: bytes) -> None:
    found = form.parse(contents, "s", BOOT)
    assert found.salvaged == ()
    assert found.unknown or found.damage


def test_events_are_kept_until_the_kernel_has_them(tmp_path: Path) -> None:
    path = str(tmp_path / "zone")
    zone = LandingZone.open(path, store="s")
    assert zone.keep_event(5, b"five")
    assert zone.keep_event(7, b"seven")
    zone.events_written(6)
    assert zone.last_event_lsn == 7
    assert not zone.keep_event(8, bytes(form.EVENTS_BYTES))
    assert recover_abandoned(zone, path).events == ((5, b"five"), (7, b"seven"))
    zone = LandingZone.open(path, store="s", discard=True)
    zone.keep_event(9, b"nine")
    zone.events_written(9)
    zone.keep_event(10, b"t")
    assert recover_abandoned(zone, path).events == ((10, b"t"),)
    assert not LandingZone.without_file().keep_event(1, b"")


def test_what_is_missing_is_there_with_its_last_end(tmp_path: Path) -> None:
    path = str(tmp_path / "zone")
    zone = LandingZone.open(path, store="s", missing=[UnloggedOutput(8, 1, 2, 3, 4)])
    for stop in (20, 30, 40):
        zone.missing(UnloggedOutput(3, 10, stop, 100, 100 + stop))
    zone.missing(UnloggedOutput(4, 0, 9, 5, 6))
    zone.missing_logged(4)
    for pane in range(100, 200):  # more than it has room for
        zone.missing(UnloggedOutput(pane, 0, 1, 0, 0))
        zone.missing(UnloggedOutput(pane, 0, 5, 0, 0))
    zone.missing_logged(199)
    whole = recover_abandoned(zone, path)
    assert whole.missing[:2] == (UnloggedOutput(3, 10, 40, 100, 140), UnloggedOutput(8, 1, 2, 3, 4))
    own = form.MISSING_PANES - 1
    assert len(whole.missing) == own
    more = 5 * (99 - (own - 2))
    assert whole.unknown == (f"{more} bytes of output of more panes were not logged",)


def recover_abandoned(zone: LandingZone, path: str) -> RecoveredZone:
    """What SIGKILL leaves."""
    zone.close()
    return recover(path, store="s")


def form_boot() -> bytes:
    from fuguemux.server.landing.zone import boot_id

    return boot_id()


def test_a_fifo_in_its_place_is_refused_and_does_not_block(tmp_path: Path) -> None:
    path = str(tmp_path / "zone")
    os.mkfifo(path)
    for look in (lambda: recover(path, store="s"), lambda: LandingZone.open(path, store="s")):
        with pytest.raises(ZoneUnusable, match="not a regular file"):
            look()
