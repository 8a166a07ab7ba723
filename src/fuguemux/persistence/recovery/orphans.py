"""Panes that recovery found and the state does not have. Most were closed; of some the event that created them is lost."""

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.report.parts import counted
from fuguemux.persistence.report.report import RecoveryReport
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore


def taken_out(
    panes: dict[PaneId, RecoveredPane],
    state: ServerState,
    store: ScrollbackStore,
    report: RecoveryReport,
) -> tuple[ServerState, dict[PaneId, RecoveredPane]]:
    """Take the panes from `panes` that `state` does not have, and report those that belong nowhere.

    Returns these panes, and the state with pane numbers for which the log has no output yet: a new pane under a used
    number would be mixed up with the old output.
    """
    orphans: dict[PaneId, RecoveredPane] = {}
    for gone in [pane for pane in panes if pane not in state.panes]:
        recovered = panes.pop(gone)
        if recovered.known:
            store.drop(gone)
            continue
        orphans[gone] = recovered
        size = counted(recovered.output_bytes, "byte")
        report.remark(f"%{gone}: {size} of output, and nothing says where it belongs")
    if orphans:
        unused = max(state.next_pane, *(pane + 1 for pane in orphans))
        state = msgspec.structs.replace(state, next_pane=unused)
    return state, orphans
