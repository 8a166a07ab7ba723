"""Colours for terminals with fewer of them, against their definition."""

from hypothesis import given
from hypothesis import strategies as st

from fuguemux.terminal.outside.palette import (
    CUBE_FIRST,
    distance,
    nearest_of_256,
    of_sixteen,
    rgb_of,
)

INTENSITIES = st.integers(0, 255)


@given(INTENSITIES, INTENSITIES, INTENSITIES)
def test_no_other_colour_is_nearer(red: int, green: int, blue: int) -> None:
    wanted = (red, green, blue)
    found = distance(rgb_of(nearest_of_256(*wanted)), wanted)
    assert found == min(distance(rgb_of(index), wanted) for index in range(CUBE_FIRST, 256))


@given(st.integers(CUBE_FIRST, 255))
def test_a_colour_that_is_there_is_itself(index: int) -> None:
    assert rgb_of(nearest_of_256(*rgb_of(index))) == rgb_of(index)


def test_the_sixteen_are_themselves() -> None:
    assert [of_sixteen(index) for index in range(16)] == [*range(16)]


def test_hues_are_kept() -> None:
    # What tmux 3.3a sends to a terminal of sixteen colours.
    known = {
        16: 0,
        17: 4,
        20: 12,
        22: 2,
        23: 6,
        46: 10,
        51: 14,
        52: 1,
        59: 8,
        88: 1,
        145: 7,
        160: 9,
        196: 9,
    }
    known |= {200: 9, 201: 13, 226: 11, 231: 15, 232: 0, 238: 8, 244: 7, 255: 15}
    assert {index: of_sixteen(index) for index in known} == known
