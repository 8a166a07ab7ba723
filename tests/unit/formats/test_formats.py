"""Formats expand as in tmux 3.3a. The expected texts come from it."""

import pytest

from fuguemux.formats.formats import FormatContext, expand
from fuguemux.model.ids import PaneId, SessionId
from fuguemux.model.live import ForegroundFacts, PaneFacts
from tests.support.builders import session, state, window
from tests.support.fake_live import FakeLive

STATE = state(
    session(
        "a",
        window("win", panes=2, direction="column", options={"@w": "from window"}),
        window("w2"),
        options={"@s": "from session"},
    ),
    session("b", window("bb")),
)


def of(text: str, *, time: bool = False, context: FormatContext | None = None) -> str:
    live = FakeLive()
    live.panes[PaneId(0)] = PaneFacts(foreground=lambda: ForegroundFacts("vim", b"/var/log"))
    return expand(text, context or FormatContext(STATE, live, session=SessionId(0)), time=time)


CASES = [
    ("plain", "plain"),
    ("a#{?x,b}c", "a"),
    ("a#{c", "a"),
    ("#{b:socket_path}", "default"),
    ("#{d:socket_path}", "/run/fugue"),
    ("#{b:#{socket_path}}", "/run/fugue/default"),
    ("#{b;d:socket_path}", "."),
    ("##", "#"),
    ("###S", "#a"),
    ("#[fg=#S]", "#[fg=a]"),
    ("##[x]", "##[x]"),
    ("#,#}", ",}"),
    ("#{l:a#,b}", "a#,b"),
    ("#{l:#{x}}", "#{x}"),
    ("#{l:#[x]}", "#[x]"),
    ("#{=2:session_id}", "$0"),
    ("#{=-2:window_name}", "in"),
    ("#{=/2/..:window_name}", "wi.."),
    ("#{=|-2|..:window_name}", "..in"),
    ("#{=a:window_name}", "win"),
    ("#{p6:window_name}|", "win   |"),
    ("#{p-6:window_name}|", "   win|"),
    ("#{n:window_name}#{w:window_name}", "33"),
    ("#{s/i/xx/:window_name}", "wxxn"),
    ("#{s/(i)(.)/\\2\\1/:window_name}", "wni"),
    ("#{s/I/xx/i:window_name}", "wxxn"),
    ("#{s/w/a/;s/i/b/:window_name}", "abn"),
    ("#{s/a:window_name}", "win"),
    ("#{e|+|:1,2}", "3"),
    ("#{e|/|:7,2}", "3"),
    ("#{e|/|f:7,2}", "3.50"),
    ("#{e|/|f|4:7,2}", "3.5000"),
    ("#{e|m|:7,3}", "1"),
    ("#{e|%|:7,3}", "1"),
    ("#{e|/|:7,0}", "-9223372036854775808"),
    ("#{e|*|:-7,3.9}", "-21"),
    ("#{e|-|:x,3}", ""),
    ("#{e|<|:1,3}", "1"),
    ("#{e|==|:1,1.0}", "1"),
    ("#{N:win}", "1"),
    ("#{N/w:w3}", "0"),
    ("#{N/s:a}", "1"),
    ("#{W:#I#{window_end_flag},[#I]}", "[0]11"),
    ("#{P:#P ,*#P}", "*01 "),
    ("#{S:#S}", "ab"),
    ("#{m:w*,win}", "1"),
    ("#{m/r:^w.n$,win}", "1"),
    ("#{m/i:W*,win}", "1"),
    ("#{m/ri:^W.N$,win}", "1"),
    ("#{<:a,b}", "1"),
    ("#{<:10,9}", "1"),
    ("#{&&:1,0}", "0"),
    ("#{||:,1}", "1"),
    ("#{==:#{l:a#,b},a}", "0"),
    ("#{!=:a,b,c}", "1"),
    ("#{==:a}", ""),
    ("#{?1,a,b}", "b"),
    ("#{?,a,b}", "b"),
    ("#{?#{x},a,b}", "b"),
    ("#{?window_name,#{?pane_active,A,B},C}", "A"),
    ("#{?#{==:#S,a},yes#,,no}", "yes,"),
    ("#{a:65}", "A"),
    ("#{c:red}", "800000"),
    ("#{window_flags}#F", "**"),
    ("#Z#z#", "#Z#z#"),
    ("#{}", ""),
    ("#{:x}", ""),
    ("#{=5:}", ""),
    ("#{x-y}", ""),
    ("#(echo hi)x", "x"),
    ("#{q/e:status-left}", "[##{session_name}] "),
    ("#{E:status-left}", "[a] "),
    ("#{window_layout}", "c195,80x24,0,0[80x12,0,0,0,80x11,0,13,1]"),
    ("#{@w}|#{@s}|#{@none}", "from window|from session|"),
    ("#{history-limit} #{mouse} #{prefix}", "10000 0 C-b"),
    ("#{update-environment[1]}", "KRB5CCNAME"),
    ("#{pane_left},#{pane_top},#{pane_right},#{pane_bottom}", "0,0,79,11"),
    ("#{pane_at_top}#{pane_at_left}#{pane_at_right}#{pane_at_bottom}", "1110"),
    ("#{pane_tabs}", "8,16,24,32,40,48,56,64,72"),
    ("#{t/f/%Y:session_created}", "2023"),
    ("#{t:session_created}", "Tue Nov 14 22:13:20 2023"),
    ("#{t/p:session_created}", "22:13"),
    ("#{pane_current_command} #{pane_current_path}", "vim /var/log"),
    ("#H #h", "box.example box"),
    ("#{session_windows}#{window_panes}", "22"),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_expands_as_tmux_does(text: str, expected: str) -> None:
    assert of(text) == expected
