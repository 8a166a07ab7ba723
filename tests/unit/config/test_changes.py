"""The differences of two configurations, and their announcement."""

from fuguemux.config.changes import announcement, applied, changes
from fuguemux.config.options import with_values
from fuguemux.config.schema import Configuration

OLD = Configuration()


def test_nothing_changed() -> None:
    assert changes(OLD, Configuration()) == ()
    assert announcement(()) == "nothing changed"


def test_live_and_restart_are_told_apart() -> None:
    new = with_values(
        {"persistence.checkpoint_interval_secs": 10, "persistence.state_dir": "/data"}
    )
    assert (
        announcement(changes(OLD, new))
        == "checkpoint_interval_secs 30 → 10; state_dir needs a restart"
    )


def test_values_are_shown_as_written() -> None:
    new = with_values(
        {
            "persistence.sync": "os",
            "persistence.scrollback_persistence": False,
            "persistence.environment_deny": (),
            "server.default_command": "sh",
        }
    )
    assert announcement(changes(with_values({"persistence.environment_deny": ("A",)}), new)) == (
        'sync interval → os; scrollback_persistence true → false; environment_deny ["A"] → []; default_command "" → sh'
    )


def test_what_needs_a_restart_keeps_its_running_value() -> None:
    new = with_values(
        {"persistence.checkpoint_interval_secs": 10, "persistence.state_dir": "/data"}
    )
    running = applied(OLD, new)
    assert running == with_values({"persistence.checkpoint_interval_secs": 10})
    assert announcement(changes(running, new)) == "state_dir needs a restart"
