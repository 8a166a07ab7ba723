"""Names of keys and their order in lists, as in tmux 3.3a; and bindings that replace the defaults."""

import pytest

from fuguemux.language.default_keys import Binding
from fuguemux.language.key_names import key_name
from fuguemux.model.apply import apply
from fuguemux.model.decision import Refused
from fuguemux.options import key_bindings
from tests.support.builders import session, state

STATE = state(session("work"))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("C-a", "C-a"), ("^a", "C-a"), ("c-A", "C-a"), ("M-A", "M-A"), ("S-a", "S-a")),
        *(("C-M-x", "M-C-x"), ("C-S-M-Up", "C-M-S-Up"), ("S-M-Up", "M-S-Up"), ("C-/", "C-/")),
        *(("PageUp", "PPage"), ("pgdn", "NPage"), ("Insert", "IC"), ("delete", "DC")),
        *(("C-i", "Tab"), ("C-m", "Enter"), ("C-[", "Escape"), ("C-@", "C-Space")),
        *(("0x41", "A"), ("0x1b", "Escape"), ("none", "None"), ("KPEnter", "KPEnter")),
        *(("ö", "ö"), ("\\", "\\"), (";", ";"), ("User5", "User5"), ("-", "-"), ("C--", "C--")),
        *(("MouseDown1Pane", "MouseDown1Pane"), ("C-WheelUpStatus", "C-WheelUpStatus")),
        *(("ab", None), ("", None), ("C-", None), ("F13", None), ("User1000", None)),
        *(("M-^a", None), ("FocusIn", None), ("0xzz", None), ("\x01", None)),
    ],
)
def test_names(text: str, name: str | None) -> None:
    assert key_name(text) == name


def test_order() -> None:
    keys = ["C-b", "C-z", "Space", "!", "0", "C", "[", "a", "~", "DC", "PPage", "Up", "Left"]
    keys += ["M-C-b", "M-1", "M-n", "M-Up", "M-Down", "C-Up", "S-Up"]
    assert sorted(set(keys), key=key_bindings.key_order) == keys


def test_what_is_bound_lies_over_the_defaults() -> None:
    assert key_bindings.lookup(STATE, "prefix", "c") == Binding(
        "prefix", "c", "new-window", note="Create a new window"
    )
    binding = Binding("prefix", "c", 'display-message "a b"', repeat=True, note="n")
    now = apply(STATE, key_bindings.bound(STATE, binding))
    assert key_bindings.lookup(now, "prefix", "c") == binding
    for event in key_bindings.unbound(now, "prefix", "c"):
        now = apply(now, event)
    assert key_bindings.lookup(now, "prefix", "c") is None
    assert key_bindings.unbound(now, "prefix", "c") == ()
    assert all(found.key != "c" for found in key_bindings.bindings(now) if found.table == "prefix")


def test_keys_and_tables_with_colons() -> None:
    binding = Binding("mine", ":", "kill-pane")
    now = apply(STATE, key_bindings.bound(STATE, binding))
    assert key_bindings.lookup(now, "mine", ":") == binding
    assert binding in key_bindings.bindings(now)
    with pytest.raises(Refused, match="invalid key table"):
        key_bindings.bound(STATE, binding._replace(table="a:b"))
