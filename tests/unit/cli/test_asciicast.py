"""Recordings: the header of both versions, times, sizes, and characters that are split between two pieces."""

import json

from fuguemux.cli.asciicast import CastEvent, lines

EVENTS = [
    CastEvent(1000, b"a\xc3"),
    CastEvent(1500, b"\xa9\x1b[1m"),
    CastEvent(1400, size=(100, 30)),
    CastEvent(3500, b"\xe2\x82"),
]


def test_version_3_counts_from_the_event_before() -> None:
    head, *events = map(json.loads, lines(EVENTS, 80, 24, 1000, title="t"))
    assert head == {
        "version": 3,
        "term": {"cols": 80, "rows": 24, "type": "xterm-256color"},
        "timestamp": 1,
        "title": "t",
    }
    assert events == [
        [0.0, "o", "a"],
        [0.5, "o", "é\x1b[1m"],
        [0.0, "r", "100x30"],
        [0.0, "o", "�"],
    ]


def test_version_2_counts_from_the_beginning() -> None:
    head, *events = map(json.loads, lines(EVENTS, 80, 24, 1000, version=2))
    assert head == {"version": 2, "width": 80, "height": 24, "timestamp": 1}
    assert events == [
        [0.0, "o", "a"],
        [0.5, "o", "é\x1b[1m"],
        [0.5, "r", "100x30"],
        [0.5, "o", "�"],
    ]
