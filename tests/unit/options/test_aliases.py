"""The option command-alias: names for one command or for several."""

import pytest
from msgspec.structs import replace

from fuguemux.commands.table import TABLE
from fuguemux.model.decision import Refused
from fuguemux.options.aliases import check_known, resolved
from tests.support.builders import session, state

STATE = replace(
    state(session("a")),
    server_options={
        "command-alias": "",
        "command-alias[0]": "two=list-sessions ; kill-pane",
        "command-alias[1]": "wrong=no-such-command",
        "command-alias[2]": "odd=kill-pane '",
    },
)


def test_an_alias_stands_for_its_commands() -> None:
    assert resolved(STATE, ("two", "-a")) == [("list-sessions",), ("kill-pane", "-a")]
    assert resolved(STATE, ("kill-pane", "-a")) == [("kill-pane", "-a")]
    with pytest.raises(Refused, match="is not closed"):
        resolved(STATE, ("odd",))


def test_what_an_alias_stands_for_must_exist() -> None:
    check_known(TABLE, STATE, ("two", "-a"))
    check_known(TABLE, STATE, ("kill-pane", "-t", "x"))
    with pytest.raises(Refused, match="unknown command: no-such-command"):
        check_known(TABLE, STATE, ("wrong",))
    with pytest.raises(Refused, match="command kill-pane: unknown flag -Q"):
        check_known(TABLE, STATE, ("two", "-Q"))
    with pytest.raises(Refused, match="too many arguments"):
        check_known(TABLE, STATE, ("kill-pane", "a"))
