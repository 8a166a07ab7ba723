"""Expanding a format always ends, soon, and in bounded memory, whatever the text."""

from hypothesis import given, settings
from hypothesis import strategies as st

from fuguemux.formats.formats import FormatContext, TooExpensive, expand
from fuguemux.formats.work import RESULT_CHARS_MAX
from fuguemux.model.ids import SessionId
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive

PIECES = (
    *("#{", "}", "#", ",", ":", ";", "?", "#[", "]", "#(", ")", "##", "#,", "#}", "%", "%H", "%%"),
    *("S:", "W:", "P:", "E:", "T:", "l:", "b:", "d:", "q:", "t:", "t/p:", "t/f/%Y/:", "n:", "w:"),
    *("=2:", "=-2:", "=/3/..:", "p9:", "p-999999999999:", "p9999:", "s/a/b/:", "s/(/b/i:"),
    *("s/a*/aaaa/:", "m:", "m/r:", "m/ri:", "==:", "!=:", "<:", "||:", "&&:", "e|+|:", "e|/|f|9:"),
    *("e|*|f|99999:", "a:", "c:", "N:", "N/s:", "C:", "!:", "x:", "1", "0", "-1", "9e999", "a"),
    *("session_name", "window_index", "pane_id", "status-left", "@loop", "status-format[0]"),
    *("pane_tabs", "session_created", "window_layout", "é", "漢", "\t", "\x00", "\udc80"),
)
TEXT = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)

STATE = state(
    session("one", window("a", panes=3), window("b"), options={"@loop": "#{E:@loop}x#{E:@loop}"}),
    session("two", window("c", panes=2)),
)
CONTEXT = FormatContext(STATE, FakeLive(), session=SessionId(0))


def expanded(text: str, *, time: bool = False) -> str:
    try:
        return expand(text, CONTEXT, time=time)
    except TooExpensive as stopped:
        return str(stopped)


@given(TEXT | st.text(max_size=60))
@settings(max_examples=400, deadline=None)
def test_any_text_expands(text: str) -> None:
    for time in (False, True):
        assert len(expanded(text, time=time)) <= RESULT_CHARS_MAX
    expanded("#{" + text + "}")


@given(st.sampled_from(("#{S:%}", "#{W:%}", "#{P:%}", "#{E:@loop}%", "#{p9999:%}", "%%")), TEXT)
@settings(max_examples=40, deadline=None)
def test_nesting_that_multiplies_is_cut(shape: str, text: str) -> None:
    for _ in range(6):
        text = shape.replace("%", text)[:100_000]
    assert len(expanded(text)) <= RESULT_CHARS_MAX


def test_an_option_that_expands_to_itself_twice_ends() -> None:
    assert expanded("#{E:@loop}").startswith("format stopped: ")


def test_deep_nesting_ends() -> None:
    expanded("#{?1," * 5000 + "x" + ",y}" * 5000)
    expanded("#{s/a/b/:" * 3000 + "x" + "}" * 3000)
    expanded("#{" * 50_000)
