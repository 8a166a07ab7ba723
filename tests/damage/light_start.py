"""A start of the real server in a separate process without a keeper, which is quick enough for thousands of rounds.

It uses the parts of server/main.py: the state directory is locked and read, the output in the landing zone is logged,
all screens are rebuilt, and checkpoints are taken with their retention. It leaves out what needs a keeper, so no
pane's process is started. The process is forked from this one, so it imports nothing again. It gives up root's
rights, so that file permissions apply to it.
"""

import asyncio
import contextlib
import ctypes
import os
import pickle
import resource
import select
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fuguemux.model.state import ServerState
from fuguemux.observe.clock import SystemClock, clock_of
from fuguemux.persistence.checkpoint.manifest import Manifest
from fuguemux.persistence.recovery.point_in_time import NotReachable, TargetMoment
from fuguemux.persistence.recovery.recovery import RECOVERIES
from fuguemux.persistence.report.files import save_report
from fuguemux.server.main import Server
from fuguemux.server.panes.pane_terminal import PaneTerminal
from fuguemux.server.ports import CannotStart
from fuguemux.server.recovery.boot import Booted, boot
from fuguemux.server.recovery.history_reader import points, rebuilt_panes, recovered_at
from fuguemux.server.restart import standby as _standby  # noqa: F401  # imported before the fork
from fuguemux.server.state.deliberate_stop import forget_deliberate_stop
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator
from tests.damage.facts import Facts, PaneFacts, SaveFacts, structure_of

SECONDS_MAX = 180.0
"""Then it hangs. A start takes a second or two, and a minute where the machine has much else to do."""
FRAMES_MAX = 5
CAPABILITY_VERSION_3 = 0x20080522


@dataclass
class Outcome:
    """What a start came to."""

    facts: Facts = field(default_factory=Facts)
    refused: str = ""
    """The one line of a start that was refused."""
    failed: str = ""
    """It raised something, hung, or left the state alone."""
    checkpoint_failed: str = ""
    summary: str = ""
    complete: bool = True
    told: list[str] = field(default_factory=list)
    """Losses, damages and what is missing, as the report has them, and its notes."""
    notes: list[str] = field(default_factory=list)
    lost: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of log records."""
    replay_from_lsn: int = 0
    replay_to_lsn: int = 0


@dataclass(frozen=True)
class Plan:
    """What to do after the start."""

    environment: Mapping[str, str]
    checkpoints: int = 2
    look_first: bool = True
    """Whether everything is read before the checkpoints are taken."""


def start(plan: Plan) -> Outcome:
    """Start, look, take checkpoints, and end like a server that is killed. Blocks."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _child(plan, writer)
    os.close(writer)
    return _answer(child, reader)


def _answer(child: int, reader: int) -> Outcome:
    parts: list[bytes] = []
    deadline = time.monotonic() + SECONDS_MAX
    try:
        while True:
            ready, _, _ = select.select([reader], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                return Outcome(failed=f"no answer within {SECONDS_MAX:.0f} s")
            data = os.read(reader, 1 << 20)
            if not data:
                break
            parts.append(data)
    finally:
        os.close(reader)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    if not parts:
        return Outcome(failed=f"it ended with status {status} and no word")
    outcome: Outcome = pickle.loads(b"".join(parts))  # our own child's
    return outcome


def _child(plan: Plan, writer: int) -> None:
    outcome = Outcome()
    try:
        os.umask(0o077)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what threads say of a loop that has ended
        drop_rights()
        os.environ.clear()
        os.environ.update(plan.environment)
        _run(plan, outcome, writer)
    except CannotStart as refused:
        outcome.refused = str(refused)
    except BaseException as failure:  # noqa: BLE001  # whatever it is, it is what this start came to
        outcome.failed = causes(failure)
    finally:
        _end(outcome, writer)


def causes(failure: BaseException) -> str:
    """What was raised, in one line for each cause, with the places that it came through."""
    if isinstance(failure, BaseExceptionGroup):
        return "\n".join(causes(each) for each in failure.exceptions)
    frames = traceback.extract_tb(failure.__traceback__)[-FRAMES_MAX:]
    places = " → ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames)
    return f"{type(failure).__name__}: {failure} ({places})"


def _end(outcome: Outcome, writer: int) -> None:
    """Say what it came to, and be gone at once, as by SIGKILL."""
    with contextlib.suppress(OSError), os.fdopen(writer, "wb") as file:
        pickle.dump(outcome, file)
    os._exit(0)


def drop_rights() -> None:
    """Root passes over owners and permissions; from here on this process does not."""
    if os.geteuid() == 0 and sys.platform == "linux":
        header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
        none = (ctypes.c_uint32 * 6)()
        if ctypes.CDLL(None, use_errno=True).capset(header, none) != 0:
            raise OSError(ctypes.get_errno(), "capset")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _run(plan: Plan, outcome: Outcome, writer: int) -> None:
    clock = clock_of(os.environ)
    booted = boot([], clock)
    if booted.safe is not None:
        outcome.failed = f"safe mode: {booted.safe.reason}"
        return
    asyncio.run(_serve(plan, booted, clock, outcome, writer))


async def _serve(
    plan: Plan, booted: Booted, clock: SystemClock, outcome: Outcome, writer: int
) -> None:
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as tasks:
        server = Server(booted, clock, loop, tasks)
        await server.recovered_panes.open()
        server.recovered_panes.modes_again()
        forget_deliberate_stop(booted.storage, booted.state_directory)
        await server.panes.rebuilding.run()
        if booted.starts is not None:
            booted.starts.over()
        if plan.look_first:
            outcome.facts = look(server)
        server.log.flusher.start_chores()
        for _ in range(plan.checkpoints):
            try:
                await server.saved.checkpointer.take("damage run")
            except Exception as failure:  # noqa: BLE001  # a checkpoint goes on whatever is damaged
                outcome.checkpoint_failed = causes(failure)
        await server.log.flusher.wait_chores()
        if not plan.look_first:
            outcome.facts = look(server)
        outcome.facts.saves = saves(booted, clock)
        tell(server, outcome)
        with contextlib.suppress(OSError):
            save_report(
                booted.storage, f"{booted.state_directory}/{RECOVERIES}", server.base.report
            )
        _end(outcome, writer)


def tell(server: Server, outcome: Outcome) -> None:
    """What the report says."""
    report = server.base.report
    outcome.summary, outcome.complete = report.summary, report.complete
    outcome.notes = list(report.notes)
    outcome.lost = [(lost.first_lsn, lost.last_lsn) for lost in report.lost]
    outcome.replay_from_lsn, outcome.replay_to_lsn = report.replay_from_lsn, report.replay_to_lsn
    outcome.told = [f"lost {lost.first_lsn}-{lost.last_lsn}" for lost in report.lost]
    outcome.told += [f"damaged {each.what}: {each.detail}" for each in report.damages]
    outcome.told += report.missing
    outcome.told += [f"%{lost.pane}: {lost.lines} lines" for lost in report.scrollback_lost]
    outcome.told += [f"{report.events_skipped} events skipped"] if report.events_skipped else []
    for pane in report.panes:
        if pane.lost_bytes or pane.reason:
            outcome.told.append(f"%{pane.pane}: {pane.reason or f'{pane.lost_bytes} bytes lost'}")


def look(server: Server) -> Facts:
    """Everything that the server has."""
    facts = Facts(structure=structure_of(server.state.engine.state))
    for terminal in server.state.panes:
        facts.panes[terminal.id] = pane_facts(terminal)
    return facts


def pane_facts(terminal: PaneTerminal) -> PaneFacts:
    """History and screen of one pane."""
    terminal.take_archive(everything=True)
    scrollback = terminal.scrollback
    lines = [line.data for line in scrollback.read(scrollback.base, scrollback.next_line)]
    screen = [row.decode("utf-8", "replace") for row in terminal.emulator.screen_ansi(join=False)]
    return PaneFacts(scrollback.base, lines, screen)


def saves(booted: Booted, clock: SystemClock) -> dict[str, SaveFacts]:
    """What every save holds."""
    found: dict[str, SaveFacts] = {}
    for manifest in points(booted.storage, booted.state_directory).saves:
        found[manifest.name] = save_facts(booted, clock, manifest)
    return found


def save_facts(booted: Booted, clock: SystemClock, manifest: Manifest) -> SaveFacts:
    """What one save holds."""
    facts = SaveFacts()
    try:
        past = recovered_at(
            booted.storage, booted.state_directory, clock, TargetMoment(name=manifest.name)
        )
        state: ServerState = past.state
        facts.structure = structure_of(state)
        for number, terminal in rebuilt_panes(past, GhosttyEmulator, state.panes).items():
            facts.panes[number] = pane_facts(terminal)
            terminal.close()
    except (NotReachable, OSError) as refused:
        facts.refused = f"{type(refused).__name__}: {refused}"
        return facts
    except Exception as failure:  # noqa: BLE001  # told as what it is
        facts.refused = f"it raises {type(failure).__name__}: {failure}"
        return facts
    facts.told = [f"{damage.what}: {damage.detail}" for damage in past.report.damages]
    facts.told += [*past.report.missing, *past.store.damages]
    facts.told += [f"%{pane.pane}: {pane.reason}" for pane in past.report.panes if pane.reason]
    return facts
