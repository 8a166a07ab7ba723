"""How much is read from a terminal at once: never more than can be shown in a short time, whatever it contains."""

import pytest

from fuguemux.server.landing.zone import Landed, LandingZone, NoBytes
from fuguemux.server.output.feeding import READ_SECONDS
from fuguemux.server.output.read_meter import CELLS_MAX, CHEAPNESS_MAX, ReadMeter
from fuguemux.server.output.screen_cost import cost_seconds
from tests.unit.server.output.test_feeding import Terminal

KERNEL_BYTES = 4096
CHEAP = b"abcdefgh" * (16 << 10)
EXPENSIVE = b"\x1bc" * (64 << 10)


class Source:
    """A terminal that gives 4 KiB at once, as Linux does."""

    def __init__(self, data: bytes) -> None:
        self.left = data

    def __call__(self, _descriptor: int, room: memoryview) -> int:
        """Implements Reads."""
        if not self.left:
            raise BlockingIOError
        part = self.left[: min(len(room), KERNEL_BYTES)]
        room[: len(part)] = part
        self.left = self.left[len(part) :]
        return len(part)


def read(terminal: Terminal, source: Source) -> tuple[bytes, bool]:
    """What is read into one slot, and whether it is called expensive."""
    zone = LandingZone.without_file()
    meter = ReadMeter(terminal)
    meter._reads = source
    landed = zone.read(-1, 1, 0, reads=meter)
    assert isinstance(landed, Landed)
    data = bytes(landed.data)
    del landed
    zone.close()
    return data, meter.expensive


@pytest.mark.parametrize("size", [(80, 24), (200, 50), (500, 200)])
@pytest.mark.parametrize("cheapness", [0.1, 1.0, 8.0])
def test_expensive_output_is_read_in_small_pieces_also_behind_cheap_output(
    size: tuple[int, int], cheapness: float
) -> None:
    terminal = Terminal(1, *size)
    terminal.cheapness = cheapness
    for source in (Source(EXPENSIVE), Source(CHEAP[:8192] + EXPENSIVE)):
        got, expensive = read(terminal, source)
        assert expensive
        last = got[-KERNEL_BYTES:]
        most = READ_SECONDS * CHEAPNESS_MAX + cost_seconds(last, 0, len(last), *size)
        assert cost_seconds(got, 0, len(got), *size) <= most * 1.2  # samples differ


def test_cheap_output_fills_a_slot() -> None:
    got, expensive = read(Terminal(1, 80, 24), Source(CHEAP))
    assert len(got) > 60_000
    assert got == CHEAP[: len(got)]
    assert not expensive


def test_nothing_there_is_nothing_now() -> None:
    zone = LandingZone.without_file()
    meter = ReadMeter(Terminal(1))
    meter._reads = Source(b"")
    assert zone.read(-1, 1, 0, reads=meter) is NoBytes.NOT_NOW
    assert not meter.expensive
    zone.close()


def test_on_a_large_screen_one_read_at_a_time_is_enough() -> None:
    used: list[int] = []

    def many(_descriptor: int, room: memoryview) -> int:
        used.append(len(room))
        return 1

    for columns, expected in ((CELLS_MAX // 50, 1), (CELLS_MAX // 50 + 1, 0)):
        used.clear()
        meter = ReadMeter(Terminal(1, columns, 50))
        meter.use(many)
        if expected:
            meter(-1, memoryview(bytearray(10)))
        else:
            with pytest.raises(OSError, match="Bad file descriptor"):
                meter(-1, memoryview(bytearray(10)))
        assert len(used) == expected
