"""Targets that a row declares: what a flag names, of which kind, and the words of a refusal."""

from typing import Any

import msgspec
import pytest

from fuguemux.language.invocation import Flags
from fuguemux.language.target import Resolved, Target
from fuguemux.model.decision import Refused
from fuguemux.model.ids import ClientId, PaneId, SessionId, WindowId
from fuguemux.model.live import ClientFacts
from fuguemux.model.pointing import Pointing
from fuguemux.model.state import ServerState
from fuguemux.targets.declaration import CURRENT, Absence, TargetFlag, TargetKind
from fuguemux.targets.resolver import resolved
from tests.support.builders import request, session, state, window
from tests.support.fake_live import FakeLive

STATE = state(
    session("work", window("edit", panes=3, active=1, last=(0,)), window("logs"), window(at=7)),
    session("play", window("game", panes=2)),
    session("7", window("seven")),
)
"""Panes: %0 to %2 in @0, %3 in @1, %4 in @2, %5 and %6 in @3, %7 in @4."""


def viewer(number: int, at: int, used: int = 0) -> ClientFacts:
    name = f"/dev/pts/{number}"
    return ClientFacts(ClientId(number), name, 9, name, 80, 24, SessionId(at), 1, 1, used=used)


LIVE = FakeLive(attached=(viewer(4, 0, used=8), viewer(5, 1, used=3)))
REQUESTER: dict[str, Any] = {"session": 0, "pane": 1, "client": 99}


def pointing(at: int, over: int | None = None, pane: int | None = None) -> Pointing:
    """A mouse event in a session, over a window and a pane."""
    return Pointing(
        "MouseDown1Pane",
        1,
        1,
        1,
        1,
        SessionId(at),
        None if over is None else WindowId(over),
        None if pane is None else PaneId(pane),
    )


def found(
    *,
    on: ServerState = STATE,
    live: FakeLive = LIVE,
    given: dict[str, str | None] | None = None,
    requester: dict[str, Any] | None = None,
    mouse: Pointing | None = None,
    client: TargetFlag | None = None,
    source: TargetFlag | None = None,
    target: TargetFlag | None = None,
) -> Resolved:
    asked = request("any", **(REQUESTER if requester is None else requester))
    if mouse is not None:
        asked = msgspec.structs.replace(asked, mouse=mouse)
    flags = Flags(tuple((given or {}).items()))
    return resolved(on, live, asked, flags, client=client, source=source, target=target)


def numbers(target: Target | None) -> tuple[int, int, int, int] | None:
    """Session, index, window and pane."""
    if target is None:
        return None
    return target.session.id, target.link.index, target.window.id, target.pane.id


def named(kind: TargetKind, text: str | None, **more: Any) -> tuple[int, int, int, int] | None:
    given: dict[str, str | None] = {} if text is None else {"t": text}
    return numbers(found(given=given, target=TargetFlag("t", kind), **more).target)


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (TargetKind.PANE, None, (0, 0, 0, 1)),
        (TargetKind.PANE, "", (0, 0, 0, 1)),
        (TargetKind.PANE, "2", (0, 0, 0, 2)),
        (TargetKind.PANE, "7", (0, 7, 2, 4)),
        (TargetKind.PANE, "logs", (0, 1, 1, 3)),
        (TargetKind.PANE, "play", (1, 0, 3, 5)),
        (TargetKind.PANE, "play:", (1, 0, 3, 5)),
        (TargetKind.PANE, "play:0.1", (1, 0, 3, 6)),
        (TargetKind.PANE, "edit.0", (0, 0, 0, 0)),
        (TargetKind.PANE, ".{last}", (0, 0, 0, 0)),
        (TargetKind.PANE, "%6", (1, 0, 3, 6)),
        (TargetKind.PANE, "@1", (0, 1, 1, 3)),
        (TargetKind.PANE, "$2", (2, 0, 4, 7)),
        (TargetKind.PANE, "{next}", (0, 0, 0, 2)),
        (TargetKind.PANE, "-", (0, 0, 0, 0)),
        (TargetKind.PANE, "{left-of}", (0, 0, 0, 0)),
        (TargetKind.PANE, "{right}", (0, 0, 0, 2)),
        (TargetKind.WINDOW, None, (0, 0, 0, 1)),
        (TargetKind.WINDOW, "1", (0, 1, 1, 3)),
        (TargetKind.WINDOW, "2", None),
        (TargetKind.WINDOW, "lo", (0, 1, 1, 3)),
        (TargetKind.WINDOW, "l*s", (0, 1, 1, 3)),
        (TargetKind.WINDOW, "play", (1, 0, 3, 5)),
        (TargetKind.WINDOW, "{end}", (0, 7, 2, 4)),
        (TargetKind.WINDOW, "+", (0, 1, 1, 3)),
        (TargetKind.WINDOW, "work:=logs", (0, 1, 1, 3)),
        (TargetKind.SESSION, None, (0, 0, 0, 1)),
        (TargetKind.SESSION, "pl", (1, 0, 3, 5)),
        (TargetKind.SESSION, "7", (2, 0, 4, 7)),
        (TargetKind.SESSION, "/dev/pts/5", (1, 0, 3, 5)),
        (TargetKind.SESSION, "work:7", (0, 0, 0, 1)),
        (TargetKind.NONE, "nobody", None),
    ],
)
def test_what_a_text_names(
    kind: TargetKind, text: str | None, expected: tuple[int, int, int, int] | None
) -> None:
    if expected is None and kind is not TargetKind.NONE:
        with pytest.raises(Refused):
            named(kind, text)
    else:
        assert named(kind, text) == expected


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        (TargetKind.PANE, "%9", "can't find pane: %9"),
        (TargetKind.PANE, "nobody", "can't find pane: nobody"),
        (TargetKind.PANE, "play:0.9", "can't find pane: 9"),
        (TargetKind.PANE, "play:5.0", "can't find window: 5"),
        (TargetKind.PANE, "{up-of}", "can't find pane: {up-of}"),
        (TargetKind.WINDOW, "nobody", "can't find window: nobody"),
        (TargetKind.WINDOW, "@99", "can't find window: @99"),
        (TargetKind.WINDOW, ":=lo", "can't find window: lo"),
        (TargetKind.WINDOW, "nobody:1", "can't find session: nobody"),
        (TargetKind.SESSION, "nobody", "can't find session: nobody"),
        (TargetKind.SESSION, "=wor", "can't find session: wor"),
        (TargetKind.SESSION, "$9", "can't find session: $9"),
        (TargetKind.WINDOW_INDEX, "nobody:", "can't find session: nobody"),
        (TargetKind.WINDOW_INDEX, "nobody", "can't find window: nobody"),
        (TargetKind.WINDOW_INDEX, "-1", "can't find window: -1"),
        (TargetKind.PANE, "=", "no mouse target"),
        (TargetKind.WINDOW_INDEX, "{mouse}", "no mouse target"),
        (TargetKind.PANE, "~", "no marked target"),
        (TargetKind.SESSION, "{marked}", "no marked target"),
    ],
)
def test_the_words_of_a_refusal(kind: TargetKind, text: str, message: str) -> None:
    with pytest.raises(Refused) as refused:
        named(kind, text)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    "kind", [TargetKind.PANE, TargetKind.WINDOW, TargetKind.SESSION, TargetKind.WINDOW_INDEX]
)
@pytest.mark.parametrize("text", [None, "work"])
def test_without_a_session_there_is_no_current_target(kind: TargetKind, text: str | None) -> None:
    with pytest.raises(Refused, match=r"^no current target$"):
        named(kind, text, on=ServerState(), live=FakeLive())


def test_the_mouse_names_the_pane_it_is_over() -> None:
    assert named(TargetKind.PANE, "=", mouse=pointing(1, 3, 6)) == (1, 0, 3, 6)
    assert named(TargetKind.WINDOW, "{mouse}", mouse=pointing(0, 1, 3)) == (0, 1, 1, 3)
    assert named(TargetKind.SESSION, "=", mouse=pointing(1)) == named(
        TargetKind.SESSION, "=", mouse=pointing(1, 3)
    )


def test_the_current_target_is_that_of_the_requester_else_the_session_used_last() -> None:
    assert named(TargetKind.PANE, None, requester={"pane": 6}) == (1, 0, 3, 6)
    assert named(TargetKind.PANE, None, requester={"session": 1}) == (1, 0, 3, 5)
    used = FakeLive(attached_s={SessionId(0): 1_800_000_000})
    assert named(TargetKind.PANE, None, requester={}, live=used) == (0, 0, 0, 1)
    assert named(TargetKind.PANE, None, requester={}, live=FakeLive()) == (2, 0, 4, 7)


@pytest.mark.parametrize(
    ("text", "target", "index"),
    [
        (None, (0, 0, 0, 1), None),
        ("play:", (1, 0, 3, 5), None),
        ("play", (1, 0, 3, 5), None),
        ("7", (0, 7, 2, 4), 7),
        ("play:7", (1, 0, 3, 5), 7),
        ("+2", (0, 0, 0, 1), 2),
        ("logs", (0, 1, 1, 3), 1),
        ("@3", (1, 0, 3, 5), 0),
    ],
)
def test_a_window_index_may_be_free(
    text: str | None, target: tuple[int, ...], index: int | None
) -> None:
    flag = TargetFlag("t", TargetKind.WINDOW_INDEX)
    at = found(given={} if text is None else {"t": text}, target=flag)
    assert numbers(at.target) == target
    assert at.window_index == index


def test_a_client_is_the_one_named_the_one_that_asks_or_the_one_used_last() -> None:
    flag = TargetFlag("c", TargetKind.CLIENT)

    def chosen(given: dict[str, str | None], asks: int = 99) -> int | None:
        at = found(client=flag, given=given, requester={"client": asks}).client
        return None if at is None else at.id

    assert [chosen({"c": text}) for text in ("/dev/pts/5", "pts/5", "pts/5:")] == [5, 5, 5]
    assert chosen({}, asks=5) == 5
    assert chosen({}) == 4
    assert found(client=TargetFlag("", TargetKind.CLIENT), given={"c": "x"}).client == viewer(
        4, 0, 8
    )
    with pytest.raises(Refused, match=r"^can't find client: pts/6$"):
        chosen({"c": "pts/6:"})
    with pytest.raises(Refused, match=r"^no current client$"):
        found(client=flag, live=FakeLive())
    assert found(client=TargetFlag("t", TargetKind.NONE), given={"t": "x"}) == Resolved()


@pytest.mark.parametrize(
    ("absence", "missing", "without"),
    [
        (Absence.REFUSED, "refused", "refused"),
        (Absence.NO_CURRENT, "refused", None),
        (Absence.NOTHING, None, None),
        (Absence.NEAREST, None, None),
    ],
)
def test_what_happens_if_there_is_nothing(
    absence: Absence, missing: str | None, without: str | None
) -> None:
    flag = TargetFlag("t", TargetKind.PANE, absence)

    def result(given: dict[str, str | None], on: ServerState) -> str | Target | None:
        try:
            return found(target=flag, given=given, on=on, live=FakeLive()).target
        except Refused:
            return "refused"

    assert result({"t": "nobody"}, STATE) == missing
    assert result({}, ServerState()) == without
    assert result({"t": ""}, ServerState()) == missing
    assert isinstance(result({}, STATE), Target)
    assert isinstance(result({"t": "work"}, STATE), Target)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("play:0.9", (1, 0, 3, 5)),
        ("play:9.9", (1, 0, 3, 5)),
        ("logs.9", (0, 1, 1, 3)),
        (":9", (0, 0, 0, 1)),
        ("nobody:0", None),
        ("%99", None),
        ("", (0, 0, 0, 1)),
    ],
)
def test_the_nearest_is_what_the_parts_name_as_far_as_they_exist(
    text: str, expected: tuple[int, int, int, int] | None
) -> None:
    flag = TargetFlag("t", TargetKind.PANE, Absence.NEAREST)
    assert numbers(found(target=flag, given={"t": text}).target) == expected


def test_a_flag_may_count_only_when_given_and_other_flags_may_change_its_kind() -> None:
    given_only = TargetFlag("t", TargetKind.SESSION, only_given=True)
    assert found(target=given_only).target is None
    assert numbers(found(target=given_only, given={"t": ""}).target) == (0, 0, 0, 1)
    kinds = (("a", TargetKind.NONE), ("s", TargetKind.SESSION))
    by_flag = TargetFlag("t", TargetKind.WINDOW, other_kinds=kinds)
    assert numbers(found(target=by_flag, given={"t": "7"}).target) == (0, 7, 2, 4)
    assert numbers(found(target=by_flag, given={"t": "7", "s": None}).target) == (2, 0, 4, 7)
    both: dict[str, str | None] = {"t": "nobody", "s": None, "a": None}
    assert found(target=by_flag, given=both).target is None


def test_a_target_without_a_flag_is_always_the_current_one() -> None:
    assert numbers(found(target=CURRENT, given={"t": "nobody"}).target) == (0, 0, 0, 1)
    assert found(target=CURRENT, on=ServerState(), live=FakeLive()).target is None


def test_the_first_refusal_is_the_clients_then_the_sources_then_the_targets() -> None:
    given: dict[str, str | None] = {"t": "third", "s": "second", "c": "first"}

    def all_three() -> Resolved:
        return found(
            given=given,
            client=TargetFlag("c", TargetKind.CLIENT),
            source=TargetFlag("s", TargetKind.PANE),
            target=TargetFlag("t", TargetKind.WINDOW),
        )

    for letter, words in (("c", "client: first"), ("s", "pane: second"), ("t", "window: third")):
        with pytest.raises(Refused, match=f"^can't find {words}$"):
            all_three()
        del given[letter]
    assert numbers(all_three().source) == (0, 0, 0, 1)
