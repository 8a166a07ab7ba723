"""When the end of a process is final: by its exit status, by typed input, by signs of a shutdown, and by other ends."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from fuguemux.keeper.protocol import ExitStatus
from fuguemux.model.ids import PaneId
from fuguemux.server.processes.exit_grace import BURST_GRACE_SECONDS, GRACE_SECONDS, ExitGrace
from fuguemux.server.processes.shutdown_signs import UTMP_RECORD, UTMP_RECORD_BYTES, ShutdownSigns

HANGUP, KILLED, LEFT = ExitStatus(signal=1), ExitStatus(signal=9), ExitStatus(code=1)
NEVER = -1e9
NOW_MS = 1_700_000_000_000


class Timer:
    def __init__(self, due: float, work: Any, *arguments: Any) -> None:
        self.due, self.work, self.arguments = due, work, arguments

    def cancel(self) -> None:
        self.due = float("inf")


class Loop:
    """The part of a loop that the grace needs, with a clock of our own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, work: Any, *arguments: Any) -> Timer:
        self.timers.append(Timer(self.now + seconds, work, *arguments))
        return self.timers[-1]

    def go(self, seconds: float) -> None:
        self.now += seconds
        for timer in [timer for timer in self.timers if timer.due <= self.now]:
            if timer.due <= self.now:
                timer.cancel()
                timer.work(*timer.arguments)


class World:
    def __init__(self, run: Path) -> None:
        self.loop = Loop()
        self.signs = ShutdownSigns(lambda: NOW_MS, str(run))
        self.decided: dict[int, bool] = {}
        self.running = 10
        loop: asyncio.AbstractEventLoop = self.loop  # type: ignore[assignment]  # a fake of two methods
        self.grace = ExitGrace(loop, self.signs, self._decided, lambda: self.running)

    def _decided(self, pane: PaneId, key: str, status: ExitStatus, near: bool) -> None:
        self.decided[pane] = near

    def end(self, pane: int, status: ExitStatus = HANGUP, typed_at: float = NEVER) -> None:
        self.grace.ended(PaneId(pane), f"s/{pane}/1", status, typed_at=typed_at)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize("code", [0, 2, 127, 130])
def test_an_end_that_no_shutdown_causes_is_final_at_once(world: World, code: int) -> None:
    world.end(1, ExitStatus(code=code))
    assert world.decided == {1: False}


@pytest.mark.parametrize("status", [HANGUP, KILLED, LEFT, ExitStatus(code=129), ExitStatus()])
def test_a_suspicious_end_waits_and_is_final_then(world: World, status: ExitStatus) -> None:
    world.end(1, status)
    assert world.decided == {}
    world.loop.go(GRACE_SECONDS)
    assert world.decided == {1: False}


@pytest.mark.parametrize("milliseconds", range(0, 1000, 20))
def test_sigterm_up_to_the_grace_later_suspends(world: World, milliseconds: int) -> None:
    """The reboot race, fifty times."""
    for pane in range(2):
        world.end(pane)
    world.loop.go(milliseconds / 1000)
    world.grace.shutdown()
    world.end(2, ExitStatus(code=0))
    assert world.decided == {0: True, 1: True, 2: True}


def test_a_person_who_leaves_a_shell_does_not_wait(world: World) -> None:
    world.end(1, LEFT, typed_at=world.loop.now - 0.1)
    assert world.decided == {1: False}
    world.end(2, HANGUP, typed_at=world.loop.now - 0.1)
    assert 2 not in world.decided


def test_a_burst_waits_longer_and_is_final_if_others_live(world: World) -> None:
    for pane in range(3):
        world.end(pane)
    world.loop.go(GRACE_SECONDS)
    assert world.decided == {}
    world.loop.go(BURST_GRACE_SECONDS)
    assert world.decided == {0: False, 1: False, 2: False}


def test_all_at_once_are_suspended(world: World) -> None:
    for pane in range(3):
        world.end(pane, KILLED)
    world.running = 0
    world.loop.go(BURST_GRACE_SECONDS)
    assert world.decided == {0: True, 1: True, 2: True}


@pytest.mark.parametrize("age_s", [-5, 59, 61])
def test_a_scheduled_shutdown_is_near_within_a_minute(
    world: World, tmp_path: Path, age_s: int
) -> None:
    place = tmp_path / "systemd" / "shutdown" / "scheduled"
    place.parent.mkdir(parents=True)
    place.write_text(f"USEC={(NOW_MS + age_s * 1000) * 1000}\nWARN_WALL=1\nMODE=reboot\n")
    assert world.signs.near() is (age_s < 60)
    world.end(1)
    assert world.decided == ({1: True} if age_s < 60 else {})


@pytest.mark.parametrize(("age_s", "near"), [(5, True), (3600, False)])
def test_nologin_counts_while_it_is_young(
    world: World, tmp_path: Path, age_s: int, near: bool
) -> None:
    (tmp_path / "nologin").touch()
    os.utime(tmp_path / "nologin", (NOW_MS / 1000 - age_s,) * 2)
    assert world.signs.near() is near


@pytest.mark.parametrize(("level", "near"), [(b"6", True), (b"0", True), (b"5", False)])
def test_the_run_level(world: World, tmp_path: Path, level: bytes, near: bool) -> None:
    record = UTMP_RECORD.pack(1, level[0] + (ord("N") << 8), b"~").ljust(UTMP_RECORD_BYTES, b"\0")
    (tmp_path / "utmp").write_bytes(bytes(UTMP_RECORD_BYTES) + record)
    assert world.signs.near() is near


def test_files_that_make_no_sense_are_no_sign(world: World, tmp_path: Path) -> None:
    (tmp_path / "utmp").write_bytes(b"\x01\x00\x06" * 50)
    (tmp_path / "systemd" / "shutdown").mkdir(parents=True)
    (tmp_path / "systemd" / "shutdown" / "scheduled").write_bytes(b"\xff\xfeUSEC=")
    assert not world.signs.near()
