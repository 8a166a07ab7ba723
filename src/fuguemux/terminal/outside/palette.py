"""Colours for terminals with fewer of them: the nearest of 256, and the one of sixteen that tmux takes for each of these."""

import functools
from typing import Final

from fuguemux.terminal.emulator import Rgb

CUBE_LEVELS: Final = (0, 95, 135, 175, 215, 255)
"""The intensities of the 216 colours from 16 on."""
CUBE_FIRST: Final = 16
GREY_FIRST: Final = 232
GREYS: Final = 24
_GREY_OF_SIXTEEN: Final = (0, 8, 7, 15)
"""What six greys in turn become."""
_GREY_BY_LEVEL: Final = (0, 8, 8, 7, 7, 15)
_BRIGHT_LEVEL: Final = 4


def rgb_of(index: int) -> Rgb:
    """The colour with an index of 16 or more, as xterm has it."""
    if index >= GREY_FIRST:
        level = 8 + 10 * (index - GREY_FIRST)
        return level, level, level
    place = index - CUBE_FIRST
    return CUBE_LEVELS[place // 36], CUBE_LEVELS[place // 6 % 6], CUBE_LEVELS[place % 6]


def distance(one: Rgb, other: Rgb) -> int:
    """How different two colours are: the square of their distance."""
    return sum((first - second) ** 2 for first, second in zip(one, other, strict=True))


@functools.lru_cache(maxsize=4_096)
def nearest_of_256(red: int, green: int, blue: int) -> int:
    """The index of the colour from 16 on that is nearest. If a grey is as near as a colour of the cube, it is the latter."""
    wanted = (red, green, blue)
    steps = [_step(value) for value in wanted]
    cube = CUBE_FIRST + 36 * steps[0] + 6 * steps[1] + steps[2]
    mean = sum(wanted) // 3
    grey = GREY_FIRST + min(max(mean - 3, 0) // 10, GREYS - 1)
    return grey if distance(rgb_of(grey), wanted) < distance(rgb_of(cube), wanted) else cube


def _step(value: int) -> int:
    """The nearest level of the cube; of two that are as near, the brighter one."""
    return min(range(6), key=lambda step: (abs(CUBE_LEVELS[step] - value), -step))


@functools.cache
def of_sixteen(index: int) -> int:
    """The colour from 0 to 15 for one of 256.

    Each of red, green and blue is on if it is the strongest of the three, so hues are kept rather than brightness. Colours
    from the fifth level on are bright.
    """
    if index < CUBE_FIRST:
        return index
    if index >= GREY_FIRST:
        return _GREY_OF_SIXTEEN[(index - GREY_FIRST) // 6]
    place = index - CUBE_FIRST
    levels = (place // 36, place // 6 % 6, place % 6)
    strongest = max(levels)
    on = sum(1 << bit for bit, level in enumerate(levels) if level == strongest)
    if on == 7:
        return _GREY_BY_LEVEL[strongest]
    return on + (8 if strongest >= _BRIGHT_LEVEL else 0)
