"""Prepares the start of a pane's process. Its directory and shell are looked up on a thread, because their disk may never
answer.
"""

import errno
import os
from typing import NamedTuple

import msgspec

from fuguemux.model.state import Pane, ServerState
from fuguemux.observe.failpoints import reach
from fuguemux.options.environment import SpawnEnvironment, process_argv, process_environment
from fuguemux.options.options import Defaults
from fuguemux.server.processes.keeper_client import KeeperClient
from fuguemux.server.processes.keeper_values import RequestFailed, Spawned
from fuguemux.server.processes.spawn_environment import usable_directory
from fuguemux.server.work.file_threads import beside
from fuguemux.terminal.emulator import ScreenSize


class Prepared(NamedTuple):
    """Where and how the process starts."""

    directory: bytes
    program: bytes
    words: tuple[bytes, ...]
    variables: dict[bytes, bytes]

    async def spawned(self, keeper: KeeperClient, key: str, size: ScreenSize) -> Spawned:
        """Make the keeper start the process. Raises as `KeeperClient.spawn`."""
        return await keeper.spawn(
            key, self.words, self.directory, self.variables, *size, program=self.program
        )


class Preparing:
    """Prepares one start per call. Belongs to the loop."""

    def __init__(self, surroundings: SpawnEnvironment) -> None:
        self._surroundings = surroundings
        self._looking = 0

    @property
    def waits(self) -> str:
        """What is waited for at the moment. Empty if nothing is."""
        return "the disk with the directory or the shell of a pane" if self._looking else ""

    async def prepared(
        self, state: ServerState, defaults: Defaults, pane: Pane, argv: tuple[bytes, ...] | None
    ) -> Prepared:
        """Prepare the start of the pane's own command, or of `argv` in its place. Raises RequestFailed."""
        self._looking += 1
        try:
            return await beside(
                "process", _prepared, state, defaults, pane, argv, self._surroundings
            )
        except OSError as error:
            reason = error.strerror or os.strerror(errno.EBUSY)
            raise RequestFailed(reason, "look at its directory", errno.EBUSY) from error
        finally:
            self._looking -= 1


def _prepared(
    state: ServerState,
    defaults: Defaults,
    pane: Pane,
    argv: tuple[bytes, ...] | None,
    surroundings: SpawnEnvironment,
) -> Prepared:
    reach("pane.looking")
    directory = usable_directory(pane.cwd, surroundings)
    shown = pane if argv is None else msgspec.structs.replace(pane, argv=argv)
    program, words = process_argv(state, defaults, shown, surroundings)
    variables = process_environment(state, defaults, pane, surroundings, directory)
    return Prepared(directory, program, words, variables)
