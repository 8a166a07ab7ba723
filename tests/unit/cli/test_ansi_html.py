"""Converting styled lines to HTML."""

import pytest

from fuguemux.cli.ansi_html import indexed, line_html, page


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a<b&c", "a&lt;b&amp;c"),
        ("\x1b[31mred\x1b[0m plain", '<span style="color:#cd0000">red</span> plain'),
        ("\x1b[38;5;1mred\x1b[39mx", '<span style="color:#cd0000">red</span>x'),
        ("\x1b[48;2;1;2;3mx", '<span style="background:#010203">x</span>'),
        (
            "\x1b[1;3;4mx\x1b[22;24my",
            '<span style="font-weight:bold;font-style:italic;text-decoration:underline">x</span>'
            '<span style="font-style:italic">y</span>',
        ),
        ("\x1b[7mx", '<span style="color:#000000;background:#e5e5e5">x</span>'),
        ("\x1b[97;101mx", '<span style="color:#ffffff;background:#ff0000">x</span>'),
        (
            "\x1b]8;;https://a.b/?c&d\x1b\\link\x1b]8;;\x1b\\.",
            '<a href="https://a.b/?c&amp;d">link</a>.',
        ),
        ("\x1b]8;;javascript:alert(1)\x07x", "x"),
        ("\x1b[38;5mx\x1b[2Ky", "xy"),
    ],
)
def test_a_line(line: str, expected: str) -> None:
    assert line_html(line) == expected


def test_a_page_holds_the_lines_and_escapes_its_title() -> None:
    text = page(["one", "two"], "<t>")
    assert "<pre>one\ntwo\n</pre>" in text
    assert "<title>&lt;t&gt;</title>" in text


def test_the_palette_is_xterms() -> None:
    assert [indexed(n) for n in (0, 15, 16, 196, 231, 232, 255)] == [
        "#000000", "#ffffff", "#000000", "#ff0000", "#ffffff", "#080808", "#eeeeee",
    ]  # fmt: skip
