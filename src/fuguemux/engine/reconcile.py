"""Decides what to do at a start: compares the recovered state with the processes that the keeper still holds. Pure."""

from collections.abc import Sequence

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.model.state import Life, Pane, ServerState


class HeldProcess(msgspec.Struct, frozen=True):
    """A process that the keeper holds. For one that has exited, the keeper holds the status until it is taken."""

    key: str
    pid: int
    process_start: int
    ended: bool = False
    code: int | None = None
    signal: int | None = None


class Adopt(msgspec.Struct, frozen=True):
    """The pane's process is still running: carry on with it."""

    pane: PaneId
    key: str


class TakeExit(msgspec.Struct, frozen=True):
    """The pane's process exited while no server was running: drain its PTY, then treat it as an exit."""

    pane: PaneId
    key: str


class Restart(msgspec.Struct, frozen=True):
    """The pane's process is gone with its PTY: start again by the pane's restore policy."""

    pane: PaneId


class LeaveDead(msgspec.Struct, frozen=True):
    """The pane was already dead and shown as such."""

    pane: PaneId


class Rescue(msgspec.Struct, frozen=True):
    """The keeper holds a process without a pane in the state: a pane in the session `rescued` shows it."""

    key: str


Step = Adopt | TakeExit | Restart | LeaveDead | Rescue


def pane_key(store: str, pane: PaneId, generation: int) -> str:
    """The keeper's key for the `generation`-th process of `pane` in the store `store`."""
    return f"{store}/{pane}/{generation}"


def key_parts(key: str) -> tuple[str, PaneId, int] | None:
    """The store, pane and generation in a key. None if it is not a key of this form."""
    store, _, rest = key.partition("/")
    pane, _, generation = rest.partition("/")
    if pane.isdigit() and generation.isdigit():
        return store, PaneId(int(pane)), int(generation)
    return None


def reconcile(
    state: ServerState, store: str, held: Sequence[HeldProcess], *, whole: bool = True
) -> tuple[Step, ...]:
    """One step for every pane of `state` and every held process that belongs to none, panes in order.

    `whole`: nothing of the log was lost. Then a pane that is not in the state any more was closed on purpose: its process
    gets no step and is to be hung up. With losses it is rescued like any other process without a pane. The start of a
    process is logged after it started, so the keeper may hold one generation more than the state knows. That one is the
    pane's, too, and the newest counts.
    """
    newest: dict[PaneId, tuple[int, HeldProcess]] = {}
    steps: list[Step] = []
    strangers: list[HeldProcess] = []
    by_process = {
        (pane.pid, pane.process_start): pane
        for pane in state.panes.values()
        if pane.life is Life.RUNNING and pane.process_start
    }
    for process in held:
        rescued = by_process.get((process.pid, process.process_start))
        if rescued is not None and key_parts(process.key) != (
            store,
            rescued.id,
            rescued.generation,
        ):
            newest[rescued.id] = (rescued.generation, process)  # shown under another key before
            continue
        parts = key_parts(process.key)
        pane = None if parts is None or parts[0] != store else state.panes.get(parts[1])
        if parts is None or pane is None or parts[2] < pane.generation:
            closed = whole and parts is not None and parts[1] not in state.panes
            if not ((process.ended or closed) and _told(state, store, parts)):
                strangers.append(process)
            continue
        known = newest.get(pane.id)
        if known is not None and known[0] >= parts[2]:
            strangers.append(process)
            continue
        if known is not None:
            strangers.append(known[1])
        newest[pane.id] = (parts[2], process)
    for pane_id, pane in sorted(state.panes.items()):
        steps.append(_step(pane, newest.get(pane_id)))
    steps.extend(Rescue(process.key) for process in strangers)
    return tuple(steps)


def _told(state: ServerState, store: str, parts: tuple[str, PaneId, int] | None) -> bool:
    """Whether the state has recorded the exit of this process: its pane is gone, or has a newer process."""
    return parts is not None and parts[0] == store and parts[1] < state.next_pane


def _step(pane: Pane, found: tuple[int, HeldProcess] | None) -> Step:
    if found is not None:
        process = found[1]
        if process.ended:
            if pane.life is Life.DEAD:
                return LeaveDead(pane.id)
            if pane.life is Life.SUSPENDED:  # the exit was logged, and the keeper has not been told
                return Restart(pane.id)
            return TakeExit(pane.id, process.key)
        return Adopt(pane.id, process.key)
    if pane.life is Life.DEAD:
        return LeaveDead(pane.id)
    return Restart(pane.id)
