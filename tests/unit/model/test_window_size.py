"""The size of a window for its viewers."""

import pytest

from fuguemux.model.limits import WINDOW_COLUMNS_MAX, WINDOW_ROWS_MAX
from fuguemux.model.window_size import SizedViewer, WindowSize, bounded, parsed_size, window_size
from fuguemux.terminal.ghostty.resizing import clamp

VIEWERS = [
    SizedViewer(WindowSize(100, 20), 5),
    SizedViewer(WindowSize(80, 40), 9),
    SizedViewer(WindowSize(90, 30), 9),
]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("latest", WindowSize(90, 30)),
        ("largest", WindowSize(100, 40)),
        ("smallest", WindowSize(80, 20)),
        ("manual", None),
    ],
)
def test_policies(policy: str, expected: WindowSize | None) -> None:
    assert window_size(policy, VIEWERS) == expected
    assert window_size(policy, []) is None


def test_the_latest_is_the_one_used_last_wherever_it_stands() -> None:
    assert window_size(
        "latest", [SizedViewer(WindowSize(1, 2), 9), SizedViewer(WindowSize(3, 4), 5)]
    ) == WindowSize(1, 2)


@pytest.mark.parametrize("policy", ["latest", "largest", "smallest"])
def test_no_viewer_makes_a_window_too_large(policy: str) -> None:
    size = window_size(policy, [SizedViewer(WindowSize(60_000, 50_000), 1)])
    assert size == WindowSize(WINDOW_COLUMNS_MAX, WINDOW_ROWS_MAX)


def test_no_window_is_larger_than_a_screen_of_the_engine() -> None:
    assert tuple(clamp(10**6, 10**6)) == tuple(bounded(10**6, 10**6))


def test_sizes_are_bounded() -> None:
    assert bounded(0, -3) == WindowSize(1, 1)
    assert bounded(10**6, 10**6) == WindowSize(WINDOW_COLUMNS_MAX, WINDOW_ROWS_MAX)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("80x24", WindowSize(80, 24)), ("x", None), ("80x", None), ("-1x5", None)],
)
def test_sizes_as_text(text: str, expected: WindowSize | None) -> None:
    assert parsed_size(text) == expected
