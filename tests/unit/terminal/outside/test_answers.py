"""What terminals answer."""

import pytest

from fuguemux.terminal.outside.answers import Reported, reported


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"\x1bP>|XTerm(370)\x1b\\", Reported(name="XTerm(370)")),
        (b"\x1bP>|tmux 3.3a\x07", Reported(name="tmux 3.3a")),
        (b"\x1b[>41;370;0c", Reported(kind=41)),
        (b"\x1b[?62;22c", Reported(last=True)),
        (b"\x1b]11;rgb:ffff/8080/0000\x1b\\", Reported(colour=(11, (255, 128, 0)))),
        (b"\x1b]10;rgb:f/8/0\x07", Reported(colour=(10, (255, 136, 0)))),
        (b"\x1b]12;#0a0b0c\x07", Reported(colour=(12, (10, 11, 12)))),
        (b"\x1b]11;rgba:ff/ff/ff/ff\x07", Reported(colour=(11, (255, 255, 255)))),
        (b"\x1b]11;white\x07", None),
        (b"\x1b[12;40R", None),
        (b"\x1b]52;c;eA==\x07", None),
    ],
)
def test_an_answer_is_understood(answer: bytes, said: Reported | None) -> None:
    assert reported(answer) == said
