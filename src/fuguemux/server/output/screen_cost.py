"""Estimates how long it takes to show output on a screen. The numbers were measured for every sequence of the
terminal engine.
"""

from typing import Final

HASHED_BYTES: Final = 32
BYTE_NS: Final = 30.0
BYTE_NS_PER_COLUMN: Final = 0.2
CONTROL_NS: Final = 650.0
CONTROL_NS_PER_COLUMN: Final = 2.5
ESCAPE_NS: Final = 1_000.0
ESCAPE_NS_PER_CELL: Final = 0.8
PRIVATE_NS: Final = 25_000.0
"""Private modes are parsed in Python, and some of them switch or clear the screen."""
REPEAT_NS: Final = 30_000.0
"""The cost of REP with a count of three digits or more, of wide characters. Such a count is limited to 999."""
REPEAT: Final = b"000b"
RESET_NS: Final = 14_000.0
RESET: Final = b"\x1bc"
SCROLL_NS: Final = 4_000.0
SCROLL_NS_PER_CELL: Final = 1.6
SCROLL: Final = b"0S"
DIGITS_ALIKE: Final = bytes(ord("0") if byte in b"123456789" else byte for byte in range(256))
REPEAT_WINDOWS: Final = 4
REPEAT_WINDOW_BYTES: Final = 128
STEPS: Final = (53, 59, 61, 67, 71)
STEPS_LARGE: Final = (5, 7, 11)
LARGE_CELLS_MIN: Final = 50_000
SAMPLED_BYTES_MIN: Final = 1024


def cost_seconds(data: bytes, start: int, stop: int, columns: int, rows: int) -> float:
    """Estimate nearly the worst time that feeding these bytes to a screen takes, in seconds.

    Samples one byte in `step`, from a start that no program can predict, because counting in all bytes takes a third
    of the time of feeding them.
    """
    # Python's hash has a secret key for each process
    chance = hash(data[start : start + HASHED_BYTES])
    steps = STEPS_LARGE if columns * rows > LARGE_CELLS_MIN else STEPS
    step = steps[chance % len(steps)]
    if stop - start < SAMPLED_BYTES_MIN:
        step = 1
    looked_at = (
        data[start + chance // len(steps) % step : stop : step] if step > 1 else data[start:stop]
    )
    plain = BYTE_NS + BYTE_NS_PER_COLUMN * columns
    control = CONTROL_NS + CONTROL_NS_PER_COLUMN * columns
    controls = looked_at.count(b"\n") + looked_at.count(b"\a")
    cost = (stop - start) * plain + step * controls * control
    if escapes := looked_at.count(b"\x1b"):
        cost += step * escapes * (ESCAPE_NS + ESCAPE_NS_PER_CELL * columns * rows)
        cost += step * min(escapes, looked_at.count(b"?")) * PRIVATE_NS
        cost += _most_expensive(data, start, stop, chance, columns * rows)
    return cost / 1e9


def _most_expensive(data: bytes, start: int, stop: int, chance: int, cells: int) -> float:
    """Estimate the cost in ns of the most expensive sequences in these bytes: REP with a large count, RIS and SU.

    Looks into some windows, each at a place that no program can predict.
    """
    part = (stop - start) // REPEAT_WINDOWS
    if part <= REPEAT_WINDOW_BYTES:
        return _cost_of_window(data[start:stop], cells)
    found = 0.0
    for number in range(REPEAT_WINDOWS):
        at = start + number * part + (chance >> 8 * number) % (part - REPEAT_WINDOW_BYTES)
        found += _cost_of_window(data[at : at + REPEAT_WINDOW_BYTES], cells)
    return found * part / REPEAT_WINDOW_BYTES


def _cost_of_window(window: bytes, cells: int) -> float:
    window = window.translate(DIGITS_ALIKE)
    cost = window.count(REPEAT) * REPEAT_NS + window.count(RESET) * RESET_NS
    return cost + window.count(SCROLL) * (SCROLL_NS + SCROLL_NS_PER_CELL * cells)
