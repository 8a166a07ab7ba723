"""Before a server gives way: a process of the new code proves that it can take over. The old one goes only then.

It is given the state directory, imports all of the server, reads the state without changing anything, builds every pane's
terminal, and prints one line of JSON. Whatever goes wrong there, the old server stays and says so.
"""

import asyncio
import contextlib
import importlib
import sys
from collections.abc import Collection
from typing import Final

import msgspec

from fuguemux import __version__
from fuguemux.keeper.protocol import PROTOCOL_VERSION, explained, module_argv
from fuguemux.model.ids import PaneId
from fuguemux.observe.clock import SystemClock
from fuguemux.persistence.recovery.recovery import recover
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.requests.executor import EffectFailed

PROOF_SECONDS_MAX: Final = 60.0
MODULE: Final = "fuguemux.server.preflight"


class Proof(msgspec.Struct, frozen=True):
    """What the new code made of the state."""

    version: str
    keeper_protocol: int
    panes: tuple[int, ...]
    problems: tuple[str, ...] = ()


async def prove(
    state_directory: str, panes: Collection[PaneId], python: str = sys.executable
) -> str:
    """Have the code that is installed now read the state; a line about it. Raises EffectFailed with the reason."""
    try:
        process = await asyncio.create_subprocess_exec(
            *module_argv(MODULE, python),
            state_directory,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        reason = explained(error.errno or 0)
        raise EffectFailed(
            f"restart-server: cannot start another server: {reason}; this one stays"
        ) from error
    try:
        async with asyncio.timeout(PROOF_SECONDS_MAX):
            output, errors = await process.communicate()
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise EffectFailed(
            f"restart-server: the new server did not read the state within {PROOF_SECONDS_MAX:.0f} s; this one stays"
        ) from None
    words = errors.decode("utf-8", "replace").strip().rpartition("\n")[2]
    try:
        proof = msgspec.json.decode(output, type=Proof)
    except msgspec.DecodeError:
        reason = words or f"it ended with code {process.returncode} and said nothing"
        raise EffectFailed(
            f"restart-server: the new server cannot start: {reason}; this one stays"
        ) from None
    missing = sorted(set(panes) - set(proof.panes))
    if proof.keeper_protocol != PROTOCOL_VERSION:
        raise EffectFailed(
            f"restart-server: the new server speaks protocol {proof.keeper_protocol} to the keeper, which speaks "
            f"{PROTOCOL_VERSION}; this one stays"
        )
    if missing or proof.problems:
        lost = ", ".join(f"%{pane}" for pane in missing)
        reason = "; ".join((*([f"{lost} not found"] if lost else []), *proof.problems))
        raise EffectFailed(
            f"restart-server: the new server would lose panes: {reason}; this one stays"
        )
    return f"fugue {proof.version} takes over {len(panes)} panes"


def check(state_directory: str) -> Proof:
    """Read the state as a server would at its start, without changing anything."""
    from fuguemux.server.panes.rebuild import rebuild
    from fuguemux.terminal.ghostty.adapter import GhosttyEmulator

    importlib.import_module("fuguemux.server.main")  # and with it all of the server
    clock = SystemClock()
    recovered = recover(
        RealStorage(),
        state_directory,
        now_ms=clock.wall_ms,
        monotonic=lambda: clock.monotonic_ns() / 1e9,
        new_store_id=bytes(16),
        read_only=True,
    )
    found, problems = [], []
    for pane, each in recovered.panes.items():
        if each.problem:
            problems.append(f"%{pane}: {each.problem}")
        store = recovered.store.pane(pane)
        built = rebuild(each, store, GhosttyEmulator)
        built.emulator.close()
        found.append(pane)
    return Proof(__version__, PROTOCOL_VERSION, tuple(found), tuple(problems))


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(check(sys.argv[1])))
