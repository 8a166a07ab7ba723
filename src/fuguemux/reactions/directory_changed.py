"""The program in a pane is in another directory."""

from fuguemux.model.decision import Decision
from fuguemux.model.events import PaneDirectoryChanged
from fuguemux.model.ids import PaneId
from fuguemux.model.limits import PATH_BYTES_MAX
from fuguemux.model.live import LiveView
from fuguemux.model.state import ServerState


def decide(state: ServerState, live: LiveView, pane: PaneId, directory: bytes) -> Decision:
    """Nothing if it is the same as before, or no absolute path (a deleted directory is shown by the kernel with a mark
    behind it, which makes it no directory: the last good one is kept)."""
    known = state.panes.get(pane)
    if known is None or known.cwd == directory or not is_directory_name(directory):
        return Decision()
    if directory.endswith(b" (deleted)") and not live.directory_exists(directory):
        return Decision()
    return Decision((PaneDirectoryChanged(pane, directory),))


def is_directory_name(directory: bytes) -> bool:
    """Whether a process could be started there, by the look of it."""
    return (
        directory.startswith(b"/") and b"\0" not in directory and len(directory) <= PATH_BYTES_MAX
    )
