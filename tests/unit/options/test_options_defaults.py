"""The defaults of options: those of the table, and those that the configuration sets instead."""

import pytest

from fuguemux.commands.table import TABLE
from fuguemux.config.schema import Configuration
from fuguemux.model.decision import Refused
from fuguemux.model.events import OptionSet
from fuguemux.options import options
from fuguemux.options.options import NO_DEFAULTS, OptionPlace, configured
from fuguemux.options.table import BY_NAME
from tests.support.builders import session, state

STATE = state(session("a"), session("b", options={"history-limit": "5"}))
GLOBAL = OptionPlace("global-session")


def test_a_default_of_the_configuration_replaces_that_of_the_table() -> None:
    defaults = configured(TABLE, {"history-limit": "77"})
    assert options.get(STATE, NO_DEFAULTS, "history-limit") == BY_NAME["history-limit"].default
    assert options.get(STATE, defaults, "history-limit") == "77"
    assert options.value_in(STATE, defaults, GLOBAL, BY_NAME["history-limit"]) == "77"
    assert options.get_number(STATE, defaults, "repeat-time") == 500


def test_what_somebody_set_comes_before_any_default() -> None:
    defaults = configured(TABLE, {"history-limit": "77"})
    first, second = STATE.sessions.values()
    assert options.get(STATE, defaults, "history-limit", session=first) == "77"
    assert options.get(STATE, defaults, "history-limit", session=second) == "5"


def test_a_default_is_kept_in_its_canonical_text_and_checked() -> None:
    assert configured(TABLE, {"mouse": "yes"}) == {"mouse": "on"}
    with pytest.raises(Refused, match="value is invalid: many"):
        configured(TABLE, {"history-limit": "many"})


def test_defaults_do_not_change() -> None:
    given = {"history-limit": "77"}
    defaults = configured(TABLE, given)
    given["history-limit"] = "5"
    assert defaults["history-limit"] == "77"
    with pytest.raises(TypeError):
        defaults["history-limit"] = "6"  # type: ignore[index]  # that is what must not work


def test_the_table_takes_its_defaults_from_the_configuration() -> None:
    plain = Configuration()
    assert BY_NAME["history-limit"].default == str(plain.server.history_limit)
    assert BY_NAME["prefix"].default == plain.keys.prefix
    assert BY_NAME["restore-policy"].default == plain.persistence.restore_policy


def test_setting_and_unsetting_are_events() -> None:
    assert options.set_value(GLOBAL, "mouse", "on") == (
        OptionSet("global-session", 0, "mouse", "on"),
    )
    assert options.set_value(GLOBAL, "mouse", None) == (
        OptionSet("global-session", 0, "mouse", None),
    )
