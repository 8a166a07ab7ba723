"""Checks of the running server: whether its state is saved."""

import subprocess
import sys
from collections.abc import Callable
from typing import Final

import msgspec

from fuguemux.cli.finding import DoctorFinding, Host
from fuguemux.config import paths

ANSWER_SECONDS_MAX: Final = 5.0


class _Status(msgspec.Struct):
    """The fields of `fugue status --json` that are needed here."""

    durability: str
    durability_reason: str


class _Answer(msgspec.Struct):
    """The document that contains them."""

    status: _Status


def durability(host: Host) -> DoctorFinding:
    """Check that the running server saves everything; if not, say why. Waits some seconds for a server that does not
    answer.
    """
    socket = host.socket or paths.places(host.environment, host.uid, host.name).socket
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-m", "fuguemux", "-N", "-S", socket, "status", "--json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWER_SECONDS_MAX,
            env=dict(host.environment),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return DoctorFinding("durability", "note", "the server does not answer: see fugue status")
    if done.returncode:
        return DoctorFinding("durability", "good", "no server is running")
    try:
        status = msgspec.json.decode(done.stdout, type=_Answer).status
    except msgspec.DecodeError:
        return DoctorFinding("durability", "note", "the server gives no reason: see fugue status")
    if status.durability == "ok":
        return DoctorFinding("durability", "good", "the running server saves everything")
    return DoctorFinding(
        "durability",
        "wrong",
        f"{status.durability}: {status.durability_reason or 'no reason is known'}",
        "fix what the reason names (space, permissions, the disk); the server tries again by itself: see fugue status",
    )


CHECKS: Final[tuple[Callable[[Host], DoctorFinding], ...]] = (durability,)
