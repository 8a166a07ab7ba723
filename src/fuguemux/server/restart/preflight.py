"""The preflight: before a handoff a process of the new code proves that it can take over. Only then does the old
server hand off.

This is the old server's side. The process that it starts runs `fuguemux.server.preflight` and prints one line of
JSON. Whatever goes wrong there, the old server stays and reports it.
"""

import asyncio
import contextlib
import sys
from collections.abc import Collection
from typing import Final

import msgspec

from fuguemux.keeper.protocol import PROTOCOL_VERSION, explained, module_argv
from fuguemux.model.ids import PaneId
from fuguemux.server.ports import EffectFailed

PROOF_SECONDS_MAX: Final = 60.0
MODULE: Final = "fuguemux.server.preflight"
"""The module that the new process runs. Servers of earlier versions use this name, so it must not change."""


class Proof(msgspec.Struct, frozen=True):
    """What the new code found in the state."""

    version: str
    keeper_protocol: int
    panes: tuple[int, ...]
    problems: tuple[str, ...] = ()


async def prove(
    state_directory: str, panes: Collection[PaneId], python: str = sys.executable
) -> str:
    """Let the installed code read the state. Returns a line about it. Raises EffectFailed with the reason."""
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
