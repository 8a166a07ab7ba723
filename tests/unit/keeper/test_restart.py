"""When the keeper starts the server again."""

from fuguemux.keeper.restart import (
    BACK_OFF_SECONDS,
    CRASHES_MAX,
    KILLS_MAX,
    WINDOW_SECONDS,
    RestartPolicy,
)


def test_crashes_are_answered_ever_more_slowly_and_then_no_more() -> None:
    policy = RestartPolicy()
    waits = [policy.seconds_to_wait(float(second), killed=False) for second in range(CRASHES_MAX)]
    assert waits == [*BACK_OFF_SECONDS[: CRASHES_MAX - 1], None]


def test_old_crashes_are_forgotten() -> None:
    policy = RestartPolicy()
    step = WINDOW_SECONDS / (CRASHES_MAX - 1)
    assert all(
        policy.seconds_to_wait(number * step, killed=False) is not None for number in range(50)
    )


def test_being_killed_while_serving_is_no_crash_but_has_a_bound() -> None:
    policy = RestartPolicy()
    waits = [policy.seconds_to_wait(number / 100, killed=True) for number in range(KILLS_MAX)]
    assert waits == [0.0] * (KILLS_MAX - 1) + [None]


def test_a_person_may_ask_again() -> None:
    policy = RestartPolicy()
    for second in range(CRASHES_MAX):
        policy.seconds_to_wait(float(second), killed=False)
    policy.forgive()
    assert policy.seconds_to_wait(float(CRASHES_MAX), killed=False) == 0.0
