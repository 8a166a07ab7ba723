"""The limit on the work of one format: a format beyond it is stopped and says so. The tests count calls and measure
no time."""

import sys
from types import FrameType
from typing import Any

import msgspec
import pytest

from fuguemux.commands import table
from fuguemux.commands.parts.listing import AT_ONCE_UNITS, ListedLines
from fuguemux.formats.formats import FormatContext, TooExpensive, Work, expand, shown
from fuguemux.formats.work import UNITS_MAX
from fuguemux.model.decision import Decision
from fuguemux.model.effects import PrintLines
from fuguemux.model.ids import SessionId
from tests.support.builders import request, session, state, window
from tests.support.fake_live import FakeLive

LONG = 60_000
OPTIONS = {
    "@twice": "#{E:@again}#{E:@again}",
    "@again": "#{E:@twice}#{E:@twice}",
    "@many": "#{E:@x}" * 8_000,
    "@x": "x",
    "@long": "a" * LONG,
    "@wide": "é" * LONG,
    "@marks": "|" * LONG,
    "@time": "%c" * (LONG // 2),
}
SMALL = state(session("a", *(window(f"w{n}", panes=2) for n in range(30))))
STATE = msgspec.structs.replace(SMALL, server_options=SMALL.server_options | OPTIONS)
CONTEXT = FormatContext(STATE, FakeLive(), session=SessionId(0))
CALLS_MAX = UNITS_MAX

HOSTILE = {
    "padded and cut": "#{=10000:#{p10000:x}}" * 3_000,
    "options that contain each other": "#{E:@twice}",
    "many formats": "#{E:@many}" * 10,
    "loops in loops": "#{S:#{W:#{P:#{S:#{W:#{P:#{pane_id}}}}}}}" * 10,
    "empty loops": "#{W:#{W:#{W:#{W:}}}}",
    "layouts": "#{W:#{W:#{W:#{window_layout}}}}",
    "columns": "#{w:@long}" * 3_000,
    "columns of wide ones": "#{w:@wide}" * 3_000,
    "cut": "#{=1:@long}" * 3_000,
    "cut from the end": "#{=-1:@wide}" * 3_000,
    "quoted": "#{q:@marks}" * 3_000,
    "replaced": "#{s/a/bb/:@long}" * 3_000,
    "replaced again and again": "#{" + "s/a/b/;" * 100_000 + "s/a/b/:@long}",
    "replaced by much": "#{s/a/#{@long}/:@long}",
    "matched": "#{m/r:(a|b)*c,#{@long}}" * 3_000,
    "modifiers": "#{" + "b;" * 400_000 + "b:x}",
    "brackets": "#(" * 500_000,
    "times": "#{t:session_created}" * 10_000,
    "a time": "#{T:@time}",
    "screens": "#{C:x}" * 10_000,
    "names": "#{N:x}" * 10_000,
    "more than 1 MiB": "#{@long}" * 20,
}

PAID = {
    "a text is read": ("#(" + "x" * 100_000 + ")", 4_000),
    "levels": ("#{?window_id," * 60 + "x" + ",}" * 60, 37_000),
    "parts": ("#," * 10_000, 200_000),
    "brackets": ("#(" + "(" * 20_000 + ")" * 20_001, 160_000),
    "variables": ("#{window_layout}" * 1_000, 160_000),
    "history": ("#{history_size}" * 500, 175_000),
    "options": ("#{@x}" * 2_000, 200_000),
    "long values": ("#{n:@long}" * 60, 280_000),
    "columns": ("#{w:@long}" * 60, 280_000),
    "moments": ("#{t:session_created}" * 400, 200_000),
    "moments by a format": ("#{t/f/" + "%H" * 1_000 + ":session_created}", 46_000),
    "substitutions": ("#{s/q/y/:@x}" * 300, 255_000),
    "turns of a loop": ("#{S:#{W:}}" * 80, 205_000),
    "screens": ("#{C:x}" * 100, 124_000),
    "names": ("#{N/w:x}" * 2_000, 325_000),
}
"""Texts in which one kind of work is a good part, and the units that they cost at least with it."""


def decided(*argv: str) -> Decision:
    return table.decide(STATE, FakeLive(), request(*argv))


def calls_of(text: str) -> int:
    """How many calls expanding `text` takes, of Python and of C."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        with pytest.raises(TooExpensive, match=r"^format stopped: "):
            expand(text, CONTEXT)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_format_is_stopped_after_bounded_work(text: str) -> None:
    assert calls_of(text) < CALLS_MAX


@pytest.mark.parametrize(("text", "units"), PAID.values(), ids=PAID.keys())
def test_every_kind_of_work_is_paid_for(text: str, units: int) -> None:
    work = Work(1 << 40)
    expand(text, CONTEXT, work=work)
    assert work.spent >= units


def test_the_same_format_always_takes_the_same_work() -> None:
    spent = []
    for _ in range(3):
        work = Work()
        expand("#{W:#I:#W#F #{m/r:^w[0-9]+$,#W}#{s/w/x/:#W} }", CONTEXT, work=work)
        spent.append(work.spent)
    assert spent[0] > 0
    assert len(set(spent)) == 1


def test_texts_may_share_what_they_cost() -> None:
    work = Work()
    for _ in range(10):
        expand("#S", CONTEXT, work=work)
    left = Work(work.spent - 1)
    for _ in range(9):
        expand("#S", CONTEXT, work=left)
    with pytest.raises(TooExpensive):
        expand("#S", CONTEXT, work=left)


def test_a_usual_format_over_hundreds_of_panes_is_far_from_the_limit() -> None:
    many = state(session("a", *(window(f"w{n}", panes=4) for n in range(100))))
    text = "#{W:#{P:#S:#I.#P #{pane_id} #{pane_pid} #{?pane_active,*,} #{window_name}\n}}"
    work = Work()
    expand(text, FormatContext(many, FakeLive(), session=SessionId(0)), work=work)
    assert work.spent < UNITS_MAX


def test_who_must_not_fail_is_given_the_words() -> None:
    words = "format stopped: it takes too much work, make it shorter"
    assert shown("#{E:@twice}", CONTEXT) == words


def test_a_refused_format_changes_nothing() -> None:
    with pytest.raises(TooExpensive):
        decided("set-option", "-gF", "@new", "#{E:@twice}")


def test_a_short_list_is_made_at_once() -> None:
    decision = decided("list-windows", "-F", "#{window_name}")
    assert decision.effects == ()
    assert decision.reply.lines == tuple(f"w{n}" for n in range(30))


def test_a_long_list_goes_on_where_the_first_turn_ended() -> None:
    decision = decided("list-windows", "-f", "#{!=:#I,29}", "-F", "#I#{?#{W:#{window_layout}},6,}")
    (effect,) = decision.effects
    assert isinstance(effect, PrintLines)
    assert isinstance(effect.lines, ListedLines)
    first = decision.reply.lines
    assert 0 < len(first) < 29
    assert effect.lines.spent < AT_ONCE_UNITS + UNITS_MAX
    rest = list(effect.lines)
    assert rest[-1] is None
    assert [*first, *rest[:-1]] == [f"{n}6" for n in range(29)]
