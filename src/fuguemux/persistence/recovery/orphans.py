"""Panes that recovery met and the state does not have: most were closed; of some only the event is lost that made them."""

import msgspec

from fuguemux.model.ids import PaneId
from fuguemux.model.state import ServerState
from fuguemux.persistence.recovery.pane_replay import RecoveredPane
from fuguemux.persistence.report.report import RecoveryReport, counted
from fuguemux.persistence.scrollback.scrollback import ScrollbackStore


def taken_out(
    panes: dict[PaneId, RecoveredPane],
    state: ServerState,
    store: ScrollbackStore,
    report: RecoveryReport,
) -> tuple[ServerState, dict[PaneId, RecoveredPane]]:
    """Take from `panes` what `state` does not have, and tell what there is that belongs nowhere.

    Returns that, and the state with numbers for new panes that the log has no output of yet: a second beginning under
    the same number would be taken for what is there already.
    """
    orphans: dict[PaneId, RecoveredPane] = {}
    for gone in [pane for pane in panes if pane not in state.panes]:
        recovered = panes.pop(gone)
        if recovered.known:
            store.drop(gone)
            continue
        orphans[gone] = recovered
        size = counted(recovered.output_bytes, "byte")
        report.notes.append(f"%{gone}: {size} of output, and nothing says where it belongs")
    if orphans:
        unused = max(state.next_pane, *(pane + 1 for pane in orphans))
        state = msgspec.structs.replace(state, next_pane=unused)
    return state, orphans
