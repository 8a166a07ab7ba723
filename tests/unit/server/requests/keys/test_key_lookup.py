"""In which key table a key is looked up, and what follows for the next key. As in tmux 3.3a."""

from fuguemux.language.default_keys import Binding
from fuguemux.server.requests.keys.key_lookup import Found, Tables, find_key

BOUND = {
    ("root", "F1"): Binding("root", "F1", "one"),
    ("prefix", "c"): Binding("prefix", "c", "new-window"),
    ("prefix", "Up"): Binding("prefix", "Up", "select-pane -U", repeat=True),
    ("copy-mode", "q"): Binding("copy-mode", "q", "send-keys -X cancel"),
    ("mine", "Any"): Binding("mine", "Any", "any"),
}


def find(key: str, tables: Tables) -> Found:
    return find_key(lambda table, name: BOUND.get((table, name)), key, ("C-b", "None"), tables)


PLAIN = Tables("root")


def test_a_key_that_is_not_bound_is_passed_on() -> None:
    assert find("x", PLAIN) == Found(passed_on=True)
    assert find("F1", PLAIN) == Found(BOUND["root", "F1"])


def test_the_prefix_chooses_its_table_for_one_key() -> None:
    assert find("C-b", PLAIN) == Found(chosen="prefix")
    after = Tables("root", "prefix")
    assert find("c", after) == Found(BOUND["prefix", "c"])
    assert find("C-b", after) == Found(chosen="prefix"), "looked up in the default table"
    assert find("x", after) == Found()
    assert find("F1", after) == Found(BOUND["root", "F1"]), "as in the default table"


def test_keys_that_repeat() -> None:
    again = Found(BOUND["prefix", "Up"], "prefix", repeating=True)
    assert find("Up", Tables("root", "prefix")) == again
    repeating = Tables("root", "prefix", repeating=True)
    assert find("Up", repeating) == again
    assert find("c", repeating) == Found(passed_on=True), "it does not repeat"
    assert find("x", repeating) == Found(passed_on=True)
    assert find("C-b", repeating) == Found(chosen="prefix")


def test_a_mode_has_keys_before_the_default_table() -> None:
    mode = Tables("root", mode="copy-mode")
    assert find("q", mode) == Found(BOUND["copy-mode", "q"])
    assert find("F1", mode) == Found(BOUND["root", "F1"])
    assert find("x", mode) == Found()
    assert find("C-b", mode) == Found(chosen="prefix")


def test_a_table_of_the_user_takes_any_key() -> None:
    assert find("x", Tables("root", "mine")) == Found(BOUND["mine", "Any"])
    assert find("x", Tables("mine")) == Found(BOUND["mine", "Any"])
