"""What the keeper does after each way in which a server can exit."""

import pytest

from fuguemux.keeper.diagnostics import KeeperDiagnostics
from fuguemux.keeper.protocol import EXIT_CANNOT_START, EXIT_DELIBERATE, EXIT_RESTART, ExitStatus
from fuguemux.keeper.restart import CRASHES_MAX
from fuguemux.keeper.supervisor import Supervisor


def supervisor() -> Supervisor:
    return Supervisor(["server"], KeeperDiagnostics())


def test_giving_way_starts_the_next_one_at_once_and_is_never_a_crash() -> None:
    keeper = supervisor()
    for number in range(3 * CRASHES_MAX):
        assert not keeper.ended(ExitStatus(code=EXIT_RESTART), float(number))
        assert keeper.due == float(number)
    assert keeper.gave_up == ""


@pytest.mark.parametrize(
    ("code", "meant", "next_one"),
    [(EXIT_DELIBERATE, True, False), (EXIT_CANNOT_START, False, False), (1, False, True)],
)
def test_what_other_exits_mean(code: int, meant: bool, next_one: bool) -> None:
    keeper = supervisor()
    assert keeper.ended(ExitStatus(code=code), 5.0) is meant
    assert (keeper.due is not None) is next_one
