"""Alerts and notices: everything that was added is shown, and nothing replaces anything else."""

from fuguemux.server.clients.notices import Notices


def test_whoever_attaches_is_told_everything_in_the_order_in_which_it_was_added() -> None:
    notices, disk = Notices(), ["durability lost"]
    notices.tell_while(lambda: disk[0])
    notices.tell("safe mode")
    notices.tell_once(lambda: "a loss")
    notices.tell("start.conf:1: unknown command")
    everything = ["durability lost", "safe mode", "a loss", "start.conf:1: unknown command"]
    assert notices.greeting() == everything
    disk[0] = ""
    assert notices.greeting() == ["safe mode", "start.conf:1: unknown command"]


def test_what_is_told_once_is_asked_for_when_somebody_attaches() -> None:
    notices, asked = Notices(), []

    def loss() -> str:
        asked.append(1)
        return "a loss"

    notices.tell_once(loss)
    assert asked == []
    assert [notices.greeting(), notices.greeting()] == [["a loss"], []]
    assert asked == [1]


def test_a_notice_that_is_withdrawn_leaves_the_others() -> None:
    notices = Notices()
    withdraw = notices.tell("a new server was refused")
    notices.tell("a new server was refused")
    withdraw()
    withdraw()
    assert notices.greeting() == ["a new server was refused"]


def test_the_status_line_says_everything_that_holds() -> None:
    notices, words = Notices(), {"disk": "", "file": "configuration has errors"}
    notices.alert_while(lambda: words["disk"])
    notices.alert_while(lambda: words["file"])
    assert notices.alert() == "configuration has errors"
    words["disk"] = "durability lost"
    assert notices.alert() == "durability lost, configuration has errors"
    assert notices.greeting() == []
