"""The preflight process, in which new code proves that it can take over from a running server: `python -m
fuguemux.server.preflight STATE`.

It imports the whole server, reads the state directory without changing anything, builds every pane's terminal, and
prints one line of JSON: a `Proof`. Servers of earlier versions start it by this name.
"""

import importlib
import sys

import msgspec

from fuguemux import __version__
from fuguemux.keeper.protocol import PROTOCOL_VERSION
from fuguemux.observe.clock import SystemClock
from fuguemux.persistence.recovery.recovery import recover
from fuguemux.persistence.storage.files import RealStorage
from fuguemux.server.panes.rebuild import rebuild
from fuguemux.server.restart.preflight import Proof
from fuguemux.terminal.ghostty.adapter import GhosttyEmulator


def check(state_directory: str) -> Proof:
    """Read the state as a server would at its start, without changing anything."""
    importlib.import_module("fuguemux.server.main")  # this imports the whole server
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
