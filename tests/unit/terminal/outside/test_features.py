"""Features and overrides, as tmux 3.3a reads them."""

from fuguemux.terminal.outside import features


def test_a_list_counts_up_to_the_first_unknown_word() -> None:
    assert features.named("rgb,256,nonsense,title", ",") == ["RGB", "256"]
    assert features.named("", ",") == []


def test_they_are_listed_in_a_fixed_order() -> None:
    assert features.listed(["title", "RGB", "bpaste", "256", "RGB"]) == "256,bpaste,RGB,title"


def test_an_entry_counts_for_terminals_that_its_pattern_matches() -> None:
    entries = ["xterm*:clipboard:title", "screen*:RGB", "*:mouse"]
    assert features.of_option("xterm-256color", entries) == ["clipboard", "title", "mouse"]


def test_overrides_set_and_remove() -> None:
    changed = features.overridden(
        "xterm",
        {"smcup": b"x", "Ms": b"y"},
        ["x*:smcup@:Tc:Ss=\\E[%p1%d q:kmous=a\\:b", "linux:Ms@"],
    )
    assert changed == {"Ms": b"y", "Tc": b"1", "Ss": b"\x1b[%p1%d q", "kmous": b"a\\:b"[:1] + b":b"}


def test_values_are_written_as_terminfo_does() -> None:
    assert features.unescaped("\\E]0;\\007^G\\\\x^?") == b"\x1b]0;\x07\x07\\x\x7f"


def test_terminals_are_known_by_what_they_report() -> None:
    assert "usstyle" in features.known_by_name("tmux 3.3a")
    assert features.known_by_name("mystery 1") == []
    assert features.known_by_letter(41) == ["margins", "rectfill"]
    assert features.known_by_letter(84) == features.known_by_name("tmux")
    assert features.known_by_letter(0) == []


def test_a_terminal_that_names_its_colours_is_a_modern_one() -> None:
    assert "RGB" in features.basic({}, "truecolor")
    assert features.basic({"clear": b"\x1b[H\x1b[J"}, "") == ["bpaste", "focus", "title"]
    assert features.basic({"Tc": b"1"}, "") == ["RGB"]
